//! How a link finds out that it has reached the neighbour, and goes on when it has not.

use core::mem;
use core::time::Duration;

use super::cx::Cx;
use super::link::{GREETING_TIMEOUT, Link, State};
use super::step::Parting;
use crate::access::{Basis, Proved};
use crate::pass::Wrong;
use crate::wire::{HelloFields, Stranger};

impl Link {
    /// Whether a connection that was just made begins with a greeting, since somebody has to prove something.
    pub(super) fn proves_first(&self, cx: &Cx<'_>) -> bool {
        self.make.is_ours() && self.waits_for_proof(cx)
    }

    /// Whether the neighbour is to prove something when it answers a greeting.
    pub(super) fn waits_for_proof(&self, cx: &Cx<'_>) -> bool {
        cx.identity.asks_for_proof(self.proving.is_certified) && !cx.identity.is_plain(self.peer)
    }

    /// How long an answer to a greeting is waited for. A proof comes as late as any answer may, however slow the network;
    /// no other line of the neighbour's stands for it. Neither does anything for what the answer says of the words that the
    /// neighbour knows, so one that is no plain server has as long.
    pub(super) fn patience(&self, cx: &Cx<'_>) -> Duration {
        let is_patient = self.waits_for_proof(cx) || self.make.will_answer();
        if is_patient { cx.limits.link_timeout } else { GREETING_TIMEOUT }
    }

    /// The neighbour answered a greeting, or none is needed: whether it is believed.
    pub(super) fn is_believed(&mut self, said: Option<(u64, Option<HelloFields>)>, cx: &mut Cx<'_>) -> bool {
        let (incarnation, fields) = said.unwrap_or_default();
        match self.proving.judge(self.peer, incarnation, fields, cx) {
            Ok(()) => {
                for over in [Wrong::Secret { proved: None }, Wrong::Certificate { why: None }] {
                    cx.over(self.peer, &over);
                }
                self.tell_of_too_little(cx);
                true
            }
            Err((why, proved)) => {
                cx.wrong(self.peer, lacks(why, proved));
                self.leave_alone(Parting::NotBelieved, cx);
                false
            }
        }
    }

    /// People are told as long as a neighbour is believed for less than it ought to show.
    fn tell_of_too_little(&self, cx: &mut Cx<'_>) {
        let name = cx.identity.names.name(self.peer);
        let too_little = |basis| cx.identity.herd.trust().is_too_little(name, basis);
        if self.proving.basis.is_some_and(too_little) {
            cx.wrong(self.peer, Wrong::Unproven);
        } else {
            cx.over(self.peer, &Wrong::Unproven);
        }
    }

    /// The neighbour spoke, and did not refuse what this server has proved.
    pub(crate) fn is_taken_for_proved(&mut self, cx: &mut Cx<'_>) {
        if self.is_up() && mem::take(&mut self.proving.is_unconfirmed) {
            cx.over(self.peer, &Wrong::Refused(Stranger::Other));
        }
    }

    /// Whether the neighbour may yet refuse what this server has proved.
    pub(super) const fn may_be_refused(&self) -> bool {
        self.proving.is_unconfirmed
    }

    /// Whether a neighbour that does not understand greetings is left in peace with them.
    pub(super) fn may_be_plain(&self, cx: &Cx<'_>) -> bool {
        cx.identity.takes_plain(self.peer)
    }

    /// A neighbour that has to prove something shows that it cannot.
    pub(super) fn cannot_prove(&mut self, cx: &mut Cx<'_>) {
        let judged = cx.identity.judge_answer(self.peer, self.proving.is_certified, Proved::Nothing);
        let why = judged.err().unwrap_or(Stranger::Secret);
        cx.wrong(self.peer, lacks(why, None));
        self.leave_alone(Parting::NotBelieved, cx);
    }

    /// The other end has shown a certificate that is not to be believed.
    pub(crate) fn untrusted(&mut self, why: &str, cx: &mut Cx<'_>) {
        cx.wrong(self.peer, Wrong::Certificate { why: Some(why.into()) });
        self.forget_connection();
        self.repair.lost();
        self.pause = cx.limits.link_retry;
        self.give_up(why, true, cx);
    }

    /// Others are believed from here on: whether this neighbour still is, on the connection that it has.
    pub(crate) fn judge_anew(&mut self, cx: &mut Cx<'_>) {
        let (peer, is_certified) = (self.peer, self.proving.is_certified);
        let proved = match self.proving.basis {
            Some(Basis::Secret(id)) => Proved::Secret(id),
            Some(Basis::Certificate | Basis::Address) | None => Proved::Nothing,
        };
        let is_believed = self.proving.basis.is_some() && cx.identity.judge_answer(peer, is_certified, proved).is_ok();
        self.tell_of_too_little(cx);
        let stays_plain = !self.make.takes_one_line_each() || self.may_be_plain(cx);
        if self.stops || (stays_plain && (is_believed || self.state == State::Idle)) {
            return;
        }
        self.repair.lost();
        self.disconnect(Parting::TrustChanged, cx);
        self.make.lost();
        self.connect(cx);
    }
}

/// What people are told of a neighbour that lacks this.
fn lacks(why: Stranger, proved: Option<u32>) -> Wrong {
    match why {
        Stranger::Certificate => Wrong::Certificate { why: None },
        _ => Wrong::Secret { proved },
    }
}
