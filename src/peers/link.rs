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
//! A link is pulled: it says what is to be done next when it is [polled](Link::poll), and that it wants to be by
//! [`Action::Forward`]. So the one who drives it never has an order of its own to keep: a connection that the
//! link has given up is closed before another one is asked for, and what is still said of it is not listened to.
//!
//! The first line to a neighbour of which nothing is known is `HELLO name incarnation`. One that
//! answers in kind takes any number of lines on a connection. One that answers `? `, or closes, is a
//! plain server: from then on it gets AT lines only, each on a connection of its own, because it may
//! close after each. One that says nothing at all gets what is there after a while.

use core::mem;
use core::time::Duration;

use bytes::{Buf, BytesMut};

use super::cx::Cx;
use super::round::Probe;
use super::schedule::Schedule;
use super::step::{LinkStep, Parting};
use crate::bytes::append;
use crate::herd::{Identity, Limits};
use crate::pass::{Action, Notice};
use crate::values::{Instant, ServerId};
use crate::wire::Framer;

/// How long a greeting may go unanswered before the neighbour gets what is there.
const GREETING_TIMEOUT: Duration = Duration::from_secs(1);

/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The most bytes handed to an adapter at once, so that a slow neighbour is seen to make progress.
const PORTION: usize = 256 << 10;

/// How much room a queue has that is not empty.
const ROOM: usize = 16 << 10;

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) peer: ServerId,
    state: State,
    kind: Kind,
    /// Why the connection that there was is to be closed before anything else.
    parting: Option<Parting>,
    queue: BytesMut,
    /// What is to be said in a comparison. It goes with the connection.
    pub(crate) talk: BytesMut,
    pub(crate) repair: Schedule,
    /// It was said that the link wants to be polled, and it was not since.
    told: bool,
    /// Since when the adapter has had bytes that it has not yet sent.
    sending: Option<Instant>,
    pause: Duration,
    /// Whether people were told that it cannot be reached.
    is_down: bool,
    /// The incarnation that the neighbour last named.
    incarnation: Option<u64>,
    /// Cuts what the neighbour answers.
    pub(crate) replies: Framer,
    /// Lines that were dropped because the queue was full.
    pub(crate) dropped: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// `asked` tells whether the connection was asked for.
    Connecting {
        since: Instant,
        asked: bool,
    },
    Greeting {
        since: Instant,
        sent: bool,
    },
    Up {
        idle_since: Instant,
    },
    Pausing {
        until: Instant,
    },
}

/// What is known of the neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing yet, or nothing since it was lost.
    Unknown,
    /// It answered a greeting.
    Herd,
    /// It did not understand one.
    Plain,
    /// It closed on one: so does a plain server, and one that crashes.
    Closing,
    /// It did not answer one.
    Silent,
}

impl Link {
    pub(crate) fn new(peer: ServerId, asks_first: bool, limits: &Limits) -> Self {
        Self {
            peer,
            talk: BytesMut::new(),
            repair: Schedule::new(asks_first, limits.most_cells() > 0),
            state: State::Idle,
            kind: Kind::Unknown,
            parting: None,
            is_down: false,
            queue: BytesMut::new(),
            told: false,
            sending: None,
            pause: FIRST_PAUSE,
            incarnation: None,
            replies: Framer::new(limits.max_line),
            dropped: 0,
        }
    }

    /// What is to be done now.
    pub(crate) fn poll(&mut self, cx: &mut Cx<'_>) -> LinkStep {
        self.told = false;
        if let Some(why) = self.parting.take() {
            return LinkStep::Close(why);
        }
        if let State::Connecting { asked, .. } = &mut self.state
            && !*asked
        {
            *asked = true;
            return LinkStep::Connect;
        }
        let bytes = if self.sending.is_none() { self.take(cx.identity) } else { BytesMut::new() };
        if bytes.is_empty() {
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
            State::Idle | State::Pausing { .. } => false,
        }
    }

    /// Queues whole lines.
    pub(crate) fn push_all(&mut self, lines: &[u8], cx: &mut Cx<'_>) {
        if self.queue.len() + lines.len() <= cx.limits.link_queue {
            return self.push(lines, cx);
        }
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            self.push(line, cx);
        }
    }

    /// Queues a line, LF included, dropping others where it would be too much.
    pub(crate) fn push(&mut self, line: &[u8], cx: &mut Cx<'_>) {
        if self.queue.len() + line.len() > cx.limits.link_queue {
            self.make_room(line.len(), cx);
        }
        // All at once while it is empty, and there is nothing to move.
        self.queue.reserve(if self.queue.is_empty() { line.len().max(ROOM) } else { line.len() });
        append(line, |piece| self.queue.extend_from_slice(piece));
        match self.state {
            State::Idle => self.connect(cx),
            State::Up { .. } => self.tell(cx),
            State::Connecting { .. } | State::Greeting { .. } | State::Pausing { .. } => {}
        }
    }

    /// Drops what a comparison brings again, or the oldest lines for a neighbour that does not compare.
    fn make_room(&mut self, len: usize, cx: &Cx<'_>) {
        if self.kind == Kind::Herd && self.repair.is_able() {
            self.dropped += memchr::memchr_iter(b'\n', &self.queue).count() as u64;
            self.queue.clear();
            self.repair.dropped(cx.now);
        }
        while !self.queue.is_empty() && self.queue.len() + len > cx.limits.link_queue {
            self.queue.advance(first_line(&self.queue));
            self.dropped += 1;
        }
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

    /// The neighbour greeted. If it is not the one that it was, the connection leads nowhere.
    pub(crate) fn greeted(&mut self, incarnation: u64, cx: &mut Cx<'_>) {
        let restarted = self.met(incarnation);
        if restarted && self.listens() {
            self.disconnect(Parting::Restarted, cx);
            self.state = State::Idle;
        }
        self.repair.greeted(cx.now);
        match self.state {
            State::Idle if !self.queue.is_empty() => self.connect(cx),
            State::Greeting { .. } => self.rise(cx),
            _ => self.heard(cx),
        }
    }

    pub(crate) fn connected(&mut self, cx: &mut Cx<'_>) {
        if mem::take(&mut self.is_down) {
            cx.turn.notices.push(Notice::NeighbourUp { peer: self.peer });
        }
        match self.kind {
            Kind::Unknown => {
                self.state = State::Greeting { since: cx.now, sent: false };
                self.tell(cx);
            }
            Kind::Herd | Kind::Plain | Kind::Closing | Kind::Silent => self.rise(cx),
        }
    }

    /// The connection is over, or was never made.
    pub(crate) fn lost(&mut self, cx: &mut Cx<'_>) {
        let told_off = matches!(self.state, State::Greeting { sent: true, .. });
        let took_a_line = self.sending.is_some();
        self.forget_connection();
        self.repair.lost();
        match self.state {
            // It closed on a greeting: so does a plain server that takes one line a connection.
            State::Greeting { .. } if told_off => self.kind = Kind::Closing,
            // Only one that took its line: else a port that accepts and closes would be tried for ever.
            State::Up { .. } if self.is_plain() && took_a_line => {}
            _ => return self.give_up(cx),
        }
        if self.kind == Kind::Closing {
            self.repair.try_again(cx.now, cx.limits.repair_interval);
        }
        self.connect_if_needed(cx);
    }

    /// Whether what the neighbour says on this connection is listened to.
    pub(crate) fn listens(&self) -> bool {
        matches!(self.state, State::Greeting { .. } | State::Up { .. })
    }

    /// The neighbour answered a greeting in kind.
    pub(crate) fn greeted_back(&mut self, incarnation: u64, cx: &mut Cx<'_>) {
        self.met(incarnation);
        match self.state {
            State::Greeting { .. } => self.rise(cx),
            _ => self.repair.came_up(cx.now),
        }
    }

    /// The neighbour answered with something that is no word between servers: it does not speak all of
    /// our words, and is left in peace with those.
    pub(crate) fn not_understood(&mut self, answer: &[u8], cx: &mut Cx<'_>) {
        if let State::Greeting { .. } = self.state {
            self.kind = Kind::Plain;
            self.disconnect(Parting::OneLineEach, cx);
            self.pause = FIRST_PAUSE;
            self.connect_if_needed(cx);
        } else if answer.starts_with(b"? REPAIR") || answer.starts_with(b"? KEPT") {
            self.repair.not_able();
            self.talk.clear();
        }
    }

    /// What to send now, at most a portion of whole lines; nothing if there is nothing.
    fn take(&mut self, identity: &Identity) -> BytesMut {
        let is_plain = self.is_plain();
        match &mut self.state {
            State::Greeting { sent, .. } if !*sent => {
                *sent = true;
                BytesMut::from(&identity.greeting()[..])
            }
            State::Up { .. } if is_plain => self.queue.split_to(first_line(&self.queue)),
            State::Up { .. } => {
                let mut bytes = self.queue.split_to(portion(&self.queue, PORTION));
                if self.queue.is_empty() {
                    let room = PORTION.saturating_sub(bytes.len());
                    bytes.unsplit(self.talk.split_to(portion(&self.talk, room)));
                }
                bytes
            }
            _ => BytesMut::new(),
        }
    }

    /// All that was taken has been sent.
    pub(crate) fn sent(&mut self, cx: &mut Cx<'_>) {
        self.sending = None;
        let State::Up { idle_since } = &mut self.state else { return };
        *idle_since = cx.now;
        if self.is_plain() {
            self.disconnect(Parting::OneLineEach, cx);
            self.connect_if_needed(cx);
        } else if !self.queue.is_empty() || !self.talk.is_empty() {
            self.tell(cx);
        } else if cx.limits.link_idle.is_zero() && self.is_idle() {
            self.disconnect(Parting::AtRest, cx);
            self.state = State::Idle;
        }
    }

    /// When it wants to be called again.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let stuck = self.sending.map(|since| since + limits.link_timeout);
        let next = match self.state {
            State::Connecting { since, .. } => Some(since + limits.link_timeout),
            State::Greeting { since, .. } => Some(since + GREETING_TIMEOUT),
            State::Up { idle_since } if self.is_idle() => Some(idle_since + limits.link_idle),
            State::Pausing { until } => Some(until),
            State::Idle | State::Up { .. } => None,
        };
        let compare = self.repair.deadline(self.can_begin() || self.would_open_to_compare(), limits.link_timeout);
        stuck.into_iter().chain(next).chain(compare).min()
    }

    /// The time for which it asked has come.
    pub(crate) fn wake(&mut self, cx: &mut Cx<'_>) {
        let waits_since = match self.state {
            State::Connecting { since, .. } => Some(since),
            State::Greeting { .. } | State::Up { .. } => self.sending,
            State::Idle | State::Pausing { .. } => None,
        };
        let is_stuck = waits_since.is_some_and(|since| since + cx.limits.link_timeout <= cx.now);
        if is_stuck || self.repair.is_late(cx.now, cx.limits.link_timeout) {
            self.disconnect(Parting::TimedOut, cx);
            self.repair.lost();
            return self.give_up(cx);
        }
        match self.state {
            State::Idle if self.would_open_to_compare() && self.repair.is_due(cx.now) => {
                if self.kind != Kind::Herd {
                    self.kind = Kind::Unknown;
                }
                self.connect(cx);
            }
            State::Greeting { since, .. } if since + GREETING_TIMEOUT <= cx.now => {
                self.kind = Kind::Silent;
                self.repair.try_again(cx.now, cx.limits.repair_interval);
                self.rise(cx);
            }
            State::Up { idle_since } if self.is_idle() && idle_since + cx.limits.link_idle <= cx.now => {
                self.disconnect(Parting::AtRest, cx);
                self.state = State::Idle;
            }
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
        self.queue.len()
    }

    /// Whether nothing waits to be sent and nothing is being sent.
    fn is_idle(&self) -> bool {
        let sent = self.queue.is_empty() && self.talk.is_empty() && !self.told && self.sending.is_none();
        sent && !self.repair.is_comparing()
    }

    /// Whether the neighbour finds out by comparing what it lacks, for all that is known: one that is down
    /// and has greeted before will.
    pub(crate) fn compares(&self) -> bool {
        let speaks = self.kind == Kind::Herd || (self.kind == Kind::Unknown && self.incarnation.is_some());
        speaks && self.repair.is_able()
    }

    /// Whether it takes one line a connection.
    fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Plain | Kind::Closing)
    }

    /// Whether a comparison could begin on the connection that is there.
    fn can_begin(&self) -> bool {
        self.is_up() && self.kind == Kind::Herd && self.queue.len() < PORTION
    }

    /// Whether a comparison that is due is a reason to connect: to a neighbour that compares, or to find out
    /// whether one that did not answer a greeting, as one does that crashes, answers now.
    fn would_open_to_compare(&self) -> bool {
        self.state == State::Idle && matches!(self.kind, Kind::Herd | Kind::Closing | Kind::Silent)
    }

    /// Whether a comparison is to begin now.
    pub(crate) fn may_begin(&self, now: Instant) -> bool {
        self.can_begin() && self.repair.is_due(now)
    }

    /// The next thing to do in the comparison under way, unless much waits to be sent.
    pub(crate) fn next_probe(&mut self) -> Option<Probe> {
        if self.talk.len() < PORTION { self.repair.round()?.next() } else { None }
    }

    /// The connection that was given up is over by itself: there is nothing to close.
    pub(crate) fn ended(&mut self) {
        self.parting = None;
    }

    /// There may be something to say in a comparison.
    pub(crate) fn tell_if_waiting(&mut self, cx: &mut Cx<'_>) {
        if self.is_up() && !self.talk.is_empty() {
            self.tell(cx);
        }
    }

    /// There is no connection: another one is made if there is something to send.
    fn connect_if_needed(&mut self, cx: &mut Cx<'_>) {
        self.state = State::Idle;
        if !self.queue.is_empty() {
            self.connect(cx);
        }
    }

    fn connect(&mut self, cx: &mut Cx<'_>) {
        self.state = State::Connecting { since: cx.now, asked: false };
        self.forget_connection();
        self.replies = Framer::new(self.replies.most());
        self.want_poll(cx);
    }

    /// Gives up the connection that it has, or asked for; what it is to do next is to be set then.
    fn disconnect(&mut self, why: Parting, cx: &mut Cx<'_>) {
        self.forget_connection();
        if self.is_listening() {
            self.parting = Some(why);
            self.want_poll(cx);
        }
    }

    /// What went with a connection, and not with the link, is gone.
    fn forget_connection(&mut self) {
        self.sending = None;
        self.talk.clear();
    }

    /// The neighbour named its incarnation, so it speaks our words; whether it has begun anew.
    fn met(&mut self, incarnation: u64) -> bool {
        let restarted = self.incarnation.replace(incarnation).is_some_and(|known| known != incarnation);
        if restarted {
            self.repair.restarted();
        }
        self.kind = Kind::Herd;
        restarted
    }

    /// The neighbour cannot be reached, or was lost: it is tried again after a pause.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        if matches!(self.state, State::Connecting { .. }) && !mem::replace(&mut self.is_down, true) {
            cx.turn.notices.push(Notice::NeighbourDown { peer: self.peer });
        }
        self.kind = Kind::Unknown;
        self.pause(cx);
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

    fn rise(&mut self, cx: &mut Cx<'_>) {
        self.pause = FIRST_PAUSE;
        self.state = State::Up { idle_since: cx.now };
        if self.kind == Kind::Herd {
            self.repair.came_up(cx.now);
        }
        if !self.queue.is_empty() {
            self.tell(cx);
        }
    }

    /// There is something to send, once what is being sent is.
    fn tell(&mut self, cx: &mut Cx<'_>) {
        if self.sending.is_none() {
            self.want_poll(cx);
        }
    }

    fn want_poll(&mut self, cx: &mut Cx<'_>) {
        if !self.told {
            self.told = true;
            cx.act(Action::Forward { peer: self.peer });
        }
    }
}

/// The length of the first line, LF included.
fn first_line(queue: &[u8]) -> usize {
    memchr::memchr(b'\n', queue).map_or(queue.len(), |end| end + 1)
}

/// The length of as many whole lines as fit in `most` bytes, or of one where none does and all of it is
/// to be had.
fn portion(queue: &[u8], most: usize) -> usize {
    if queue.len() <= most {
        return queue.len();
    }
    match memchr::memrchr(b'\n', &queue[..most]) {
        Some(end) => end + 1,
        None if most == PORTION => first_line(queue),
        None => 0,
    }
}
