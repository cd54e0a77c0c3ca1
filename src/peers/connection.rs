//! What a link is told of its connection.

use core::mem;

use super::cx::Cx;
use super::life::Life;
use super::link::{FIRST_PAUSE, Link, State};
use super::step::Parting;
use crate::pass::Notice;
use crate::wire::{HelloFields, Stranger};

impl Link {
    pub(crate) fn connected(&mut self, cx: &mut Cx<'_>) {
        if mem::take(&mut self.is_down) {
            cx.turn.notices.push(Notice::NeighbourUp { peer: self.peer });
        }
        if self.make.greets(cx.now) {
            self.state = State::Greeting { since: cx.now, sent: false };
            self.tell(cx);
        } else {
            self.rise(cx);
        }
    }

    /// The connection is over, or was never made.
    pub(crate) fn lost(&mut self, cx: &mut Cx<'_>) {
        let told_off = matches!(self.state, State::Greeting { sent: true, .. });
        let took_a_line = self.sending.is_some();
        self.forget_connection();
        self.repair.lost();
        let goes_on = match self.state {
            State::Greeting { .. } => told_off && self.make.closed(cx.now, cx.limits),
            // Only one that took its line: else a port that accepts and closes would be tried for ever.
            State::Up { .. } => self.make.takes_one_line_each() && took_a_line,
            _ => false,
        };
        if goes_on { self.connect_if_needed(cx) } else { self.give_up(cx) }
    }

    /// Whether what the neighbour says on this connection is listened to.
    pub(crate) fn listens(&self) -> bool {
        matches!(self.state, State::Greeting { .. } | State::Up { .. })
    }

    /// The neighbour said something on this connection.
    pub(crate) fn heard_back(&mut self) {
        self.life = Life::Shown;
    }

    /// The neighbour answered a greeting in kind.
    pub(crate) fn greeted_back(&mut self, incarnation: u64, fields: Option<HelloFields>, cx: &mut Cx<'_>) {
        self.met(incarnation, fields, cx);
        match self.state {
            State::Greeting { .. } => self.rise(cx),
            _ => self.repair.came_up(cx.now),
        }
    }

    /// The neighbour answered with something that is no word between servers: it does not speak all of
    /// our words, and is left in peace with those.
    pub(crate) fn not_understood(&mut self, answer: &[u8], cx: &mut Cx<'_>) {
        if let State::Greeting { .. } = self.state {
            self.make.did_not_understand(cx.now, cx.limits);
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
        if self.refuses.replace(why) != Some(why) {
            cx.turn.notices.push(Notice::Refused { peer: self.peer, why });
        }
        self.repair.lost();
        self.disconnect(Parting::Refused, cx);
        self.pause = cx.limits.link_retry;
        self.give_up(cx);
    }

    /// All that was taken has been sent.
    pub(crate) fn sent(&mut self, cx: &mut Cx<'_>) {
        self.sending = None;
        let State::Up { idle_since } = &mut self.state else { return };
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
        } else if cx.limits.link_idle.is_zero() && self.is_idle() {
            self.rest(cx);
        }
    }

    /// The connection that was given up is over by itself: there is nothing to close.
    pub(crate) fn ended(&mut self) {
        self.parting = None;
    }
}
