//! The way to one neighbour: when to connect, what to say first, what waits to be sent.
//!
//! ```text
//!            something to send          accepted              answered, or known
//!   idle ────────────────────> connecting ─────> greeting ────────────────> up
//!    ^                            │                  │                       │
//!    │ at rest for link-idle      │ refused, lost    │ lost                  │ lost
//!    └───────────────── up        └────────────> pausing <───────────────────┘
//!                                                    └── after a while, or as soon as the
//!                                                        neighbour speaks: connecting
//! ```
//!
//! When the server stops, a link with nothing left to send is at its end, from whichever state.
//!
//! A link is pulled: it says what is to be done next when it is [polled](Link::poll), and that it wants to be by
//! [`Action::Forward`]. So the one who drives it never has an order of its own to keep: a connection that the
//! link has given up is closed before another one is asked for, and what is still said of it is not listened to.
//!
//! The first line to a neighbour of which nothing is known is a greeting. One that answers in kind takes any number of
//! lines on a connection, and shows [that it lives](super::life) while it does. What others get, [`Make`] says.

use core::time::Duration;

use bytes::BytesMut;

use super::cx::Cx;
use super::health::{Health, Mended, Recovered};
use super::life::Life;
use super::make::{Make, Met};
use super::outbox::{Outbox, PORTION};
use super::proving::Proving;
use super::schedule::Schedule;
use super::step::{LinkStep, Parting};
use crate::herd::Limits;
use crate::pass::{Action, Hello, Notice, Wrong};
use crate::values::{Instant, ServerId, Skew};
use crate::wire::{Framer, RecordKind, Stranger};

/// How long a greeting may go unanswered, where nothing hangs on the answer: who does not answer is a plain server.
pub(super) const GREETING_TIMEOUT: Duration = Duration::from_secs(1);

/// The first pause after a failure; each further one is twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) peer: ServerId,
    pub(super) state: State,
    pub(crate) make: Make,
    pub(super) life: Life,
    /// Why the connection that there was is to be closed before anything else.
    pub(super) parting: Option<Parting>,
    pub(crate) outbox: Outbox,
    pub(crate) repair: Schedule,
    /// It was said that the link wants to be polled, and it was not since.
    told: bool,
    /// Since when the adapter has had bytes that it has not yet sent.
    pub(super) sending: Option<Instant>,
    pub(super) pause: Duration,
    pub(crate) health: Health,
    /// When to greet again, for the clocks, on the connection that there is then.
    pub(super) greets_at: Option<Instant>,
    /// Whether the server stops: the link ends when all has been sent.
    pub(super) stops: bool,
    /// What was shown on the connection that there is.
    pub(crate) proving: Proving,
    /// Cuts what the neighbour answers.
    pub(crate) replies: Framer,
    /// How many connections were asked for.
    pub(crate) connections: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    /// `asked` tells whether the connection was asked for.
    Connecting {
        since: Instant,
        asked: bool,
    },
    Greeting {
        until: Instant,
        sent: bool,
    },
    Up {
        idle_since: Instant,
    },
    Pausing {
        until: Instant,
    },
    /// The server stops, and all has been sent.
    Ended,
}

impl Link {
    pub(crate) fn new(peer: ServerId, asks_first: bool, limits: &Limits) -> Self {
        Self {
            peer,
            repair: Schedule::new(asks_first, limits.most_cells() > 0),
            state: State::Idle,
            make: Make::new(),
            life: Life::Shown,
            parting: None,
            outbox: Outbox::default(),
            told: false,
            sending: None,
            pause: FIRST_PAUSE,
            health: Health::default(),
            greets_at: None,
            stops: false,
            proving: Proving::default(),
            replies: Framer::new(limits.max_line),
            connections: 0,
        }
    }

    /// What is to be done now.
    pub(crate) fn poll(&mut self, cx: &mut Cx<'_>) -> LinkStep {
        self.told = false;
        if let Some(why) = self.parting.take() {
            return LinkStep::Close(why);
        }
        if self.state == State::Ended {
            return LinkStep::End;
        }
        if let State::Connecting { asked, .. } = &mut self.state
            && !*asked
        {
            *asked = true;
            return LinkStep::Connect;
        }
        let bytes = if self.sending.is_none() { self.take(cx) } else { BytesMut::new() };
        if bytes.is_empty() {
            if self.stops && self.is_idle() {
                return self.end();
            }
            return LinkStep::Wait(self.deadline(cx.limits));
        }
        self.sending = Some(cx.now);
        LinkStep::Send(bytes.freeze())
    }

    /// Whether what is said of a connection is said of the one that it has, or asked for.
    pub(crate) fn is_listening(&self) -> bool {
        match self.state {
            State::Connecting { asked, .. } => asked,
            State::Greeting { .. } | State::Up { .. } => true,
            State::Idle | State::Pausing { .. } | State::Ended => false,
        }
    }

    /// There is nothing more to send, nor will be.
    fn end(&mut self) -> LinkStep {
        let has_connection = self.is_listening();
        self.state = State::Ended;
        self.forget_connection();
        if has_connection { LinkStep::Close(Parting::Stopping) } else { LinkStep::End }
    }

    /// The server stops: what is queued is sent, if the neighbour is there, and no more is said.
    pub(crate) fn stop(&mut self, cx: &mut Cx<'_>) {
        self.stops = true;
        self.repair.lost();
        self.outbox.talk.clear();
        if self.outbox.queued() > 0 {
            self.greet(cx);
        }
        self.want_poll(cx);
    }

    /// The neighbour is reached at another address from now on.
    pub(crate) fn moved(&mut self, cx: &mut Cx<'_>) {
        self.reopen(Parting::Moved, cx);
    }

    /// The next connection can show more than this one.
    pub(crate) fn renew(&mut self, cx: &mut Cx<'_>) {
        self.reopen(Parting::Renewed, cx);
    }

    /// The limits are other ones: what was set by the old ones and is not yet over ends by the new ones.
    pub(crate) fn limit(&mut self, cx: &mut Cx<'_>) {
        let limits = cx.limits;
        self.replies.limit(limits.max_line);
        let possible = limits.most_cells() > 0;
        // What is still answered to a comparison that cannot go on is not to be heard.
        let breaks_off = !possible && self.repair.is_comparing();
        self.repair.limit(possible, limits.repair_interval, cx.now);
        if breaks_off {
            return self.renew(cx);
        }
        if self.is_up() {
            self.repair.came_up(cx.now);
        }
        if let State::Pausing { until } = &mut self.state {
            *until = (*until).min(cx.now + limits.link_retry);
        }
        self.greets_at = self.greets_at.map(|at| at.min(cx.now + limits.repair_interval));
        self.want_poll(cx);
    }

    fn reopen(&mut self, why: Parting, cx: &mut Cx<'_>) {
        self.repair.lost();
        self.disconnect(why, cx);
        self.make.lost();
        self.connect(cx);
    }

    /// The connection of a link that was there before this one may not have been closed yet.
    pub(crate) fn closes_first(&mut self) {
        self.parting = Some(Parting::Removed);
    }

    /// Queues whole lines.
    pub(crate) fn push_all(&mut self, lines: &[u8], cx: &mut Cx<'_>) {
        if self.outbox.queued() + lines.len() <= cx.limits.link_queue {
            return self.push(lines, cx);
        }
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            self.push(line, cx);
        }
    }

    /// Queues a line, LF included, dropping others where it would be too much.
    pub(crate) fn push(&mut self, line: &[u8], cx: &mut Cx<'_>) {
        if self.outbox.queued() + line.len() > cx.limits.link_queue {
            self.make_room(line.len(), cx);
        }
        self.outbox.push(line);
        match self.state {
            State::Idle => self.connect(cx),
            State::Up { .. } => self.tell(cx),
            State::Connecting { .. } | State::Greeting { .. } | State::Pausing { .. } | State::Ended => {}
        }
    }

    /// Drops what a comparison brings again, or the oldest lines for a neighbour that does not compare.
    fn make_room(&mut self, len: usize, cx: &Cx<'_>) {
        if self.make.is_ours() && self.repair.is_able() {
            self.outbox.drop_all();
            self.repair.dropped(cx.now);
        }
        self.outbox.drop_oldest(len, cx.limits.link_queue);
    }

    /// Opens the link although there is nothing to send: it will greet.
    pub(crate) fn greet(&mut self, cx: &mut Cx<'_>) {
        if matches!(self.state, State::Idle | State::Pausing { .. }) {
            self.connect(cx);
        }
    }

    /// The neighbour spoke on a connection of its own: it is there.
    pub(crate) fn heard(&mut self, cx: &mut Cx<'_>) {
        if let State::Pausing { .. } = self.state {
            self.pause = FIRST_PAUSE;
            self.connect(cx);
        }
    }

    /// The neighbour greeted on a connection of its own. If it is not the one that it was, this server's leads nowhere.
    ///
    /// # Errors
    /// Where two servers of that name run, and it is not the one at the neighbour's address.
    pub(crate) fn greeted(&mut self, hello: Hello, cx: &mut Cx<'_>) -> Result<(), Stranger> {
        let Hello { incarnation, fields, again, is_proved } = hello;
        cx.over(self.peer, &Wrong::Unknown { from: None });
        cx.over(self.peer, &Wrong::Address { from: None });
        if !is_proved {
            cx.wrong_again(self.peer, Wrong::Unproven);
        }
        if let Some(clock) = fields.and_then(|fields| fields.clock)
            && self.health.heard_clock(clock, cx.turn.now.wall)
        {
            cx.over(self.peer, &Wrong::Clock(Skew::default()));
        }
        // One that has spoken there already only wants to know whether this server lives.
        if again && self.make.incarnation() == Some(incarnation) {
            self.heard(cx);
            return Ok(());
        }
        let is_other = self.is_up() && self.health.answered.is_some_and(|answered| answered != incarnation);
        if is_other && cx.has(self.peer, &Wrong::Name) {
            cx.wrong_again(self.peer, Wrong::Name);
            return Err(Stranger::Name);
        }
        let met = self.met(incarnation, fields, cx);
        if met != Met::Known && self.listens() {
            self.disconnect(Parting::Restarted, cx);
            self.state = State::Idle;
        }
        self.repair.greeted(cx.now);
        match self.state {
            State::Idle if met == Met::Former && !self.stops => {
                // Of two that have its name, a greeting shows which one is at its address.
                self.make.lost();
                self.connect(cx);
            }
            State::Idle if self.outbox.queued() > 0 => self.connect(cx),
            State::Greeting { .. } if !self.proves_first(cx) => self.rise(cx),
            _ => self.heard(cx),
        }
        Ok(())
    }

    /// What to send now, at most a portion of whole lines; nothing if there is nothing.
    fn take(&mut self, cx: &mut Cx<'_>) -> BytesMut {
        if let Some(proof) = self.proving.take_line(cx) {
            return BytesMut::from(&proof[..]);
        }
        if self.is_up() && self.life.ask(cx.now) {
            return self.greeting(cx);
        }
        match &mut self.state {
            State::Greeting { sent, .. } if !*sent => {
                *sent = true;
                self.greeting(cx)
            }
            State::Up { .. } if self.make.takes_one_line_each() => self.outbox.take_line(),
            State::Up { .. } => self.outbox.take(),
            _ => BytesMut::new(),
        }
    }

    fn greeting(&mut self, cx: &mut Cx<'_>) -> BytesMut {
        let wall = cx.turn.now.wall;
        self.health.greets(cx.now);
        let nonce = self.proving.ask(cx);
        BytesMut::from(&cx.identity.greeting(wall, !self.make.is_bare(), nonce, None)[..])
    }

    /// When it wants to be called again.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let stuck = self.sending.map(|since| since + limits.link_timeout);
        let next = match self.state {
            State::Connecting { since, .. } => Some(since + limits.link_timeout),
            State::Up { idle_since } if self.may_rest() => Some(idle_since + limits.link_idle),
            State::Greeting { until, .. } | State::Pausing { until } => Some(until),
            State::Idle => self.make.greet_at(),
            State::Up { .. } | State::Ended => None,
        };
        let doubt = self.life.deadline(limits.link_timeout);
        let compare = self.repair.deadline(self.can_begin() || self.would_open_to_compare(), limits.link_timeout);
        let people = self.health.deadline().filter(|_| !self.repair.is_comparing());
        let greets = self.greets_at.filter(|_| self.is_up());
        stuck.into_iter().chain(next).chain(doubt).chain(compare).chain(people).chain(greets).min()
    }

    /// The time for which it asked has come.
    pub(crate) fn wake(&mut self, cx: &mut Cx<'_>) {
        let waits_since = match self.state {
            State::Connecting { since, .. } => Some(since),
            State::Greeting { .. } | State::Up { .. } => self.sending,
            State::Idle | State::Pausing { .. } | State::Ended => None,
        };
        let timeout = cx.limits.link_timeout;
        let is_stuck = waits_since.is_some_and(|since| since + timeout <= cx.now);
        if is_stuck || self.repair.is_late(cx.now, timeout) || self.life.is_over(cx.now, timeout) {
            self.disconnect(Parting::TimedOut, cx);
            self.repair.lost();
            return self.give_up("timed out", true, cx);
        }
        let is_comparing = self.repair.is_comparing();
        if let Some(Recovered { after, brought }) = self.health.recovered(cx.now, is_comparing) {
            let Mended { sent, received } = brought;
            cx.turn.notices.push(Notice::NeighbourUp { peer: self.peer, after, sent, received });
        }
        if self.is_up() && self.greets_at.take_if(|at| *at <= cx.now).is_some() {
            self.life.doubt();
        }
        match self.state {
            State::Idle if self.make.is_due(cx.now) => self.connect(cx),
            State::Idle if self.would_open_to_compare() && self.repair.is_due(cx.now) => self.connect(cx),
            State::Greeting { until, .. } if until <= cx.now => {
                self.disconnect(Parting::NoAnswer, cx);
                if self.may_be_plain(cx) && self.make.kept_silent(cx.now, cx.limits) {
                    self.connect_if_needed(cx);
                } else {
                    self.give_up("greeting not answered", true, cx);
                }
            }
            State::Up { .. } if self.life == Life::Doubted => self.tell(cx),
            State::Up { idle_since } if self.may_rest() && idle_since + cx.limits.link_idle <= cx.now => self.rest(cx),
            State::Pausing { until } if until <= cx.now => self.connect(cx),
            _ => {}
        }
    }

    /// Whether lines are on their way without a wait.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// Bytes that wait.
    pub(crate) fn queued(&self) -> usize {
        self.outbox.queued()
    }

    /// How many bytes wait, what is said in a comparison among them.
    pub(crate) fn buffered(&self) -> usize {
        self.outbox.queued() + self.outbox.talk.len()
    }

    /// Drops what waits, since all buffers together are full. A comparison brings it again; one under way is given up.
    pub(crate) fn give_way(&mut self, now: Instant) {
        self.outbox.drop_all();
        self.outbox.talk = BytesMut::new();
        self.repair.lost();
        if self.make.is_ours() && self.repair.is_able() {
            self.repair.dropped(now);
        }
    }

    /// Whether nothing waits to be sent and nothing is being sent.
    pub(super) fn is_idle(&self) -> bool {
        let sent = self.outbox.is_empty() && !self.told && self.sending.is_none() && !self.proving.is_due();
        sent && !self.repair.is_comparing()
    }

    /// Whether nothing is to be sent, and no greeting waits for its answer.
    pub(super) fn may_rest(&self) -> bool {
        self.is_idle() && !matches!(self.life, Life::Asked(_))
    }

    /// Whether the neighbour finds out by comparing what it lacks, for all that is known: one that is down
    /// and has greeted before will.
    pub(crate) fn compares(&self) -> bool {
        self.make.may_be_ours() && self.repair.is_able()
    }

    /// Whether a comparison could begin on the connection that is there.
    fn can_begin(&self) -> bool {
        self.is_up() && self.make.is_ours() && self.outbox.queued() < PORTION && !self.stops
    }

    /// Whether a comparison that is due is a reason to connect.
    fn would_open_to_compare(&self) -> bool {
        self.state == State::Idle && self.make.is_ours()
    }

    /// Whether a comparison is to begin now.
    pub(crate) fn may_begin(&self, now: Instant) -> bool {
        self.can_begin() && self.repair.is_due(now)
    }

    /// Whether what is said next in the comparison under way can be put together: nothing else is being sent.
    pub(crate) fn may_talk(&self) -> bool {
        self.is_up() && self.sending.is_none() && self.repair.can_go_on()
    }

    /// Whether the neighbour knows lists.
    pub(crate) fn knows_lists(&self) -> bool {
        self.make.version() >= 2
    }

    /// Whether the neighbour is known to have a tombstone that came then, or something newer, and was not lost since.
    pub(crate) fn has_tombstone(&self, came: Instant) -> bool {
        self.health.down().is_none() && self.repair.has_tombstone(came)
    }

    /// Whether the neighbour can be told of such a record, for all that is known.
    pub(crate) const fn knows(&self, kind: RecordKind) -> bool {
        kind.since() <= self.make.version()
    }

    /// There may be something to say in a comparison.
    pub(crate) fn tell_if_talking(&mut self, cx: &mut Cx<'_>) {
        if self.is_up() && (!self.outbox.talk.is_empty() || self.repair.can_go_on()) {
            self.tell(cx);
        }
    }

    /// Greets again after a while, on the connection that there is then.
    pub(super) fn greet_later(&mut self, cx: &Cx<'_>) {
        if cx.limits.compare_clocks && !self.make.is_bare() {
            self.greets_at = Some(cx.now + cx.limits.repair_interval);
        }
    }

    /// What this server says when it greets is another now: it is said on the connection that there is.
    pub(crate) fn greet_again(&mut self, cx: &mut Cx<'_>) {
        if self.is_up() && self.greets_at.is_some() {
            self.life.doubt();
            self.tell(cx);
        }
    }

    /// There is something to send, once what is being sent is.
    pub(super) fn tell(&mut self, cx: &mut Cx<'_>) {
        if self.sending.is_none() {
            self.want_poll(cx);
        }
    }

    pub(super) fn want_poll(&mut self, cx: &mut Cx<'_>) {
        if !self.told {
            self.told = true;
            cx.act(Action::Forward { peer: self.peer });
        }
    }
}
