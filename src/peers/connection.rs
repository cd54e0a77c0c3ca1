//! What a link is told of its connection.

use super::cx::Cx;
use super::health::Clocks;
use super::life::Life;
use super::link::{FIRST_PAUSE, Link, State};
use super::make::Met;
use super::proving::Proving;
use super::step::Parting;
use crate::pass::Wrong;
use crate::values::{ServerName, Skew};
use crate::wire::{HelloFields, Stranger};

impl Link {
    /// The connection is there; it `is_certified` if the other end has shown a certificate of the neighbour's name.
    pub(crate) fn connected(&mut self, is_certified: bool, cx: &mut Cx<'_>) {
        self.proving = Proving::on(is_certified);
        if self.make.greets(cx.now) || self.proves_first(cx) {
            self.state = State::Greeting { until: cx.now + self.patience(cx), sent: false };
            self.tell(cx);
        } else if self.is_believed(None, cx) {
            self.rise(cx);
        }
    }

    /// The connection is over, or was never made.
    pub(crate) fn lost(&mut self, why: &str, cx: &mut Cx<'_>) {
        let told_off = matches!(self.state, State::Greeting { sent: true, .. });
        let took_a_line = self.sending.is_some();
        self.forget_connection();
        self.repair.lost();
        let goes_on = match self.state {
            State::Greeting { .. } => told_off && self.may_be_plain(cx) && self.make.closed(cx.now, cx.limits),
            // Only one that took its line: else a port that accepts and closes would be tried for ever.
            State::Up { .. } => self.make.takes_one_line_each() && took_a_line,
            _ => false,
        };
        let was_up = self.is_up();
        if goes_on { self.connect_if_needed(cx) } else { self.give_up(why, !was_up, cx) }
    }

    /// Whether what the neighbour says on this connection is listened to.
    pub(crate) fn listens(&self) -> bool {
        matches!(self.state, State::Greeting { .. } | State::Up { .. })
    }

    /// The neighbour said something on this connection.
    pub(crate) fn heard_back(&mut self) {
        self.life = Life::Shown;
    }

    /// The neighbour answered a greeting in kind: how far its clock is ahead, if that answer says so.
    pub(crate) fn greeted_back(
        &mut self,
        incarnation: u64,
        fields: Option<HelloFields>,
        cx: &mut Cx<'_>,
    ) -> Option<Skew> {
        if !self.is_believed(Some((incarnation, fields)), cx) {
            return None;
        }
        self.met(incarnation, fields, cx);
        self.health.answered = Some(incarnation);
        let clocks = self.health.greeted_back(fields.and_then(|fields| fields.clock), cx.turn.now);
        match clocks {
            Clocks::Differ(ahead) => cx.wrong(self.peer, Wrong::Clock(ahead)),
            Clocks::Agree => cx.over(self.peer, &Wrong::Clock(Skew::default())),
            Clocks::Unknown => {}
        }
        self.greet_later(cx);
        match self.state {
            State::Greeting { .. } => self.rise(cx),
            _ => self.repair.came_up(cx.now),
        }
        self.health.clock.filter(|_| clocks != Clocks::Unknown)
    }

    /// The neighbour answered with something that is no word between servers: it does not speak all of
    /// our words, and is left in peace with those.
    pub(crate) fn not_understood(&mut self, answer: &[u8], cx: &mut Cx<'_>) {
        if let State::Greeting { .. } = self.state {
            // A greeting without fields asks for no proof, and gives none.
            if self.waits_for_proof(cx) && !self.may_be_plain(cx) {
                return self.cannot_prove(cx);
            }
            self.make.did_not_understand(cx.now, cx.limits);
            if self.make.takes_one_line_each() && !self.may_be_plain(cx) {
                return self.cannot_prove(cx);
            }
            self.disconnect(Parting::NotUnderstood, cx);
            self.pause = FIRST_PAUSE;
            if self.make.takes_one_line_each() { self.connect_if_needed(cx) } else { self.connect(cx) }
        } else if answer.starts_with(b"? REPAIR") || answer.starts_with(b"? KEPT") {
            self.repair.not_able();
            self.outbox.talk.clear();
        }
    }

    /// The neighbour does not take this server for one of its own: it is left alone for a while.
    pub(crate) fn refused(&mut self, why: Stranger, cx: &mut Cx<'_>) {
        cx.wrong(self.peer, Wrong::Refused(why));
        self.leave_alone(Parting::Refused, cx);
    }

    /// Another server answers at the neighbour's address: nothing is for that one.
    pub(crate) fn answered_elsewhere(&mut self, who: ServerName, cx: &mut Cx<'_>) {
        cx.wrong(self.peer, Wrong::Elsewhere { who });
        self.leave_alone(Parting::Elsewhere, cx);
    }

    pub(super) fn leave_alone(&mut self, why: Parting, cx: &mut Cx<'_>) {
        self.repair.lost();
        self.disconnect(why, cx);
        self.pause = cx.limits.link_retry;
        self.give_up(&why.to_string(), true, cx);
    }

    /// All that was taken has been sent.
    pub(crate) fn sent(&mut self, cx: &mut Cx<'_>) {
        self.sending = None;
        let State::Up { idle_since } = &mut self.state else {
            // A long greeting may have been on its way when the server was told to stop.
            if self.stops {
                self.want_poll(cx);
            }
            return;
        };
        *idle_since = cx.now;
        if self.make.takes_one_line_each() {
            self.disconnect(Parting::OneLineEach, cx);
            return self.connect_if_needed(cx);
        }
        self.life.sent(cx.now);
        if self.stops {
            self.want_poll(cx);
        } else if !self.outbox.is_empty() || self.life == Life::Doubted || self.repair.can_go_on() {
            self.tell(cx);
        } else if cx.limits.link_idle.is_zero() && self.may_rest() {
            self.rest(cx);
        }
    }

    /// The connection that was given up is over by itself: there is nothing to close.
    pub(crate) fn ended(&mut self) {
        self.parting = None;
    }

    /// The neighbour named its incarnation; whether that is the one that is known.
    pub(super) fn met(&mut self, incarnation: u64, fields: Option<HelloFields>, cx: &mut Cx<'_>) -> Met {
        let met = self.make.met(incarnation, fields);
        if met != Met::Known {
            self.repair.restarted();
        }
        if met == Met::Former {
            cx.wrong_again(self.peer, Wrong::Name);
        }
        let has_our_key = fields.and_then(|fields| fields.hash) == cx.identity.hash_key.fingerprint();
        self.repair.met(has_our_key);
        if has_our_key {
            cx.over(self.peer, &Wrong::HashKey);
        } else {
            cx.wrong(self.peer, Wrong::HashKey);
        }
        cx.over(self.peer, &Wrong::Elsewhere { who: cx.identity.names.name(self.peer).clone() });
        if !self.may_be_refused() {
            cx.over(self.peer, &Wrong::Refused(Stranger::Other));
        }
        match fields.and_then(|fields| fields.same) {
            // The hash key counts in it: with another one it says nothing of the lists.
            Some(same) if same != cx.identity.same && has_our_key => cx.wrong(self.peer, Wrong::Differs),
            _ => cx.over(self.peer, &Wrong::Differs),
        }
        met
    }
}
