//! How a link gets from one state to the next.

use core::time::Duration;

use super::cx::Cx;
use super::life::Life;
use super::link::{FIRST_PAUSE, Link, State};
use super::proving::Proving;
use super::step::Parting;
use crate::pass::{Notice, Wrong};
use crate::values::Skew;
use crate::wire::Framer;

impl Link {
    /// There is no connection: another one is made if there is something to send.
    pub(super) fn connect_if_needed(&mut self, cx: &mut Cx<'_>) {
        self.state = State::Idle;
        if self.outbox.queued() > 0 {
            self.connect(cx);
        } else if self.stops {
            self.want_poll(cx);
        }
    }

    /// Asks for a connection.
    pub(super) fn connect(&mut self, cx: &mut Cx<'_>) {
        self.state = State::Connecting { since: cx.now, asked: false };
        self.forget_connection();
        self.replies = Framer::new(self.replies.most());
        self.connections += 1;
        self.want_poll(cx);
    }

    /// The neighbour takes lines on the connection that there is.
    pub(super) fn rise(&mut self, cx: &mut Cx<'_>) {
        self.pause = FIRST_PAUSE;
        self.state = State::Up { idle_since: cx.now };
        self.health.rose(cx.now);
        if self.make.is_ours() {
            self.repair.came_up(cx.now);
            // One that rests in between may be opened often, and is greeted on now and then.
            if self.greets_at.take_if(|at| *at <= cx.now).is_some() {
                self.life.doubt();
            } else if self.greets_at.is_none() {
                self.greet_later(cx);
            }
        }
        if self.outbox.queued() > 0 || self.proving.is_due() || self.life == Life::Doubted {
            self.tell(cx);
        }
    }

    /// Gives up the connection that it has, or asked for; what it is to do next is to be set then.
    pub(super) fn disconnect(&mut self, why: Parting, cx: &mut Cx<'_>) {
        self.forget_connection();
        if self.is_listening() {
            self.parting = Some(why);
            self.want_poll(cx);
        }
    }

    /// Closes a connection on which there is nothing to say. Whether what was sent on it has come, where nobody has shown
    /// that it lives, a comparison finds out.
    pub(super) fn rest(&mut self, cx: &mut Cx<'_>) {
        if self.life != Life::Shown {
            self.repair.doubted(cx.now + cx.limits.link_timeout / 2);
        }
        self.disconnect(Parting::AtRest, cx);
        self.state = State::Idle;
    }

    /// What went with a connection, and not with the link, is gone.
    pub(super) fn forget_connection(&mut self) {
        self.sending = None;
        self.outbox.talk.clear();
        self.life = Life::Shown;
        self.proving = Proving::default();
        self.health.forget_connection();
    }

    /// The neighbour cannot be reached, or was lost: it is tried again after a pause. It is `sure` to be down unless it
    /// was there a moment ago.
    pub(super) fn give_up(&mut self, why: &str, sure: bool, cx: &mut Cx<'_>) {
        if self.health.failed(why, sure && !self.stops, cx.now) {
            cx.turn.notices.push(Notice::NeighbourDown { peer: self.peer, why: why.into() });
            // What is wrong with one that is down, it shows again when it is back.
            for over in [Wrong::Differs, Wrong::HashKey, Wrong::Clock(Skew::default())] {
                cx.over(self.peer, &over);
            }
        }
        self.make.lost();
        self.pause(cx);
        if self.stops {
            self.state = State::Ended;
            self.want_poll(cx);
        }
    }

    /// Pauses, each time twice as long up to `link-retry`, less a random quarter so that a herd that
    /// lost a server does not come back in step.
    fn pause(&mut self, cx: &mut Cx<'_>) {
        let pause = self.pause.min(cx.limits.link_retry);
        let quarter = u64::try_from(pause.as_nanos() / 4).unwrap_or(u64::MAX);
        let less = Duration::from_nanos(if quarter == 0 { 0 } else { cx.jitter.number() % quarter });
        self.state = State::Pausing { until: cx.now + pause.saturating_sub(less) };
        self.pause = (self.pause * 2).min(cx.limits.link_retry);
    }
}
