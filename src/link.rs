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
//! The first line to a neighbour of which nothing is known is `HELLO name incarnation`. One that
//! answers in kind takes any number of lines on a connection. One that answers `? `, or closes, is a
//! plain server: from then on it gets AT lines only, each on a connection of its own, because it may
//! close after each. One that says nothing at all gets what is there after a while.

use core::time::Duration;

use bytes::{Buf, BytesMut};

use crate::event::{Action, Attempt, Parting};
use crate::framing::Framer;
use crate::herd::ServerId;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::repair::{Ask, Schedule};
use crate::text::append;
use crate::time::Instant;

/// How long a greeting may go unanswered before the neighbour gets what is there.
const GREETING_TIMEOUT: Duration = Duration::from_secs(1);

/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The most bytes handed to an adapter at once, so that a slow neighbour is seen to make progress.
const PORTION: usize = 256 << 10;

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) peer: ServerId,
    state: State,
    kind: Kind,
    attempt: Attempt,
    queue: BytesMut,
    /// What is to be said in a comparison. It goes with the connection.
    pub(crate) talk: BytesMut,
    pub(crate) repair: Schedule,
    /// The adapter was told that there is something to send, and has not taken it yet.
    told: bool,
    /// Since when the adapter has had bytes that it has not yet sent.
    sending: Option<Instant>,
    pause: Duration,
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
    Connecting { since: Instant },
    Greeting { since: Instant, sent: bool },
    Up { rests_since: Instant },
    Pausing { until: Instant },
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
            attempt: Attempt::default(),
            queue: BytesMut::new(),
            told: false,
            sending: None,
            pause: FIRST_PAUSE,
            incarnation: None,
            replies: Framer::new(limits.max_line),
            dropped: 0,
        }
    }

    /// Whether `attempt` is the one under way.
    pub(crate) fn is_current(&self, attempt: Attempt) -> bool {
        self.attempt == attempt && !matches!(self.state, State::Idle | State::Pausing { .. })
    }

    /// Queues whole lines.
    pub(crate) fn push_all(&mut self, lines: &[u8], now: Instant, limits: &Limits, actions: &mut Vec<Action>) {
        if self.queue.len() + lines.len() <= limits.link_queue {
            return self.push(lines, now, limits, actions);
        }
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            self.push(line, now, limits, actions);
        }
    }

    /// Queues a line, LF included, dropping others where it would be too much.
    pub(crate) fn push(&mut self, line: &[u8], now: Instant, limits: &Limits, actions: &mut Vec<Action>) {
        if self.queue.len() + line.len() > limits.link_queue {
            self.make_room(line.len(), now, limits);
        }
        self.queue.reserve(line.len());
        append(line, |piece| self.queue.extend_from_slice(piece));
        match self.state {
            State::Idle => self.connect(now, actions),
            State::Up { .. } => self.tell(actions),
            State::Connecting { .. } | State::Greeting { .. } | State::Pausing { .. } => {}
        }
    }

    /// Drops what a comparison brings again, or the oldest lines for a neighbour that does not compare.
    fn make_room(&mut self, len: usize, now: Instant, limits: &Limits) {
        if self.kind == Kind::Herd && self.repair.is_able() {
            self.dropped += memchr::memchr_iter(b'\n', &self.queue).count() as u64;
            self.queue.clear();
            self.repair.dropped(now);
        }
        while !self.queue.is_empty() && self.queue.len() + len > limits.link_queue {
            self.queue.advance(first_line(&self.queue));
            self.dropped += 1;
        }
    }

    /// Opens the link although there is nothing to send: it will greet.
    pub(crate) fn greet(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Idle | State::Pausing { .. }) {
            self.connect(now, actions);
        }
    }

    /// The neighbour spoke on a connection of its own: it is there.
    pub(crate) fn heard(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if let State::Pausing { .. } = self.state {
            self.pause = FIRST_PAUSE;
            self.connect(now, actions);
        }
    }

    /// The neighbour greeted. If it is not the one that it was, the connection leads nowhere.
    pub(crate) fn greeted(&mut self, incarnation: u64, now: Instant, actions: &mut Vec<Action>) {
        let restarted = self.meet(incarnation);
        if restarted && self.listens() {
            self.disconnect(Parting::Restarted, actions);
            self.state = State::Idle;
        }
        self.repair.greeted(now);
        match self.state {
            State::Idle if !self.queue.is_empty() => self.connect(now, actions),
            State::Greeting { .. } => self.rise(now, actions),
            _ => self.heard(now, actions),
        }
    }

    pub(crate) fn connected(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self.kind {
            Kind::Unknown => {
                self.state = State::Greeting { since: now, sent: false };
                self.tell(actions);
            }
            Kind::Herd | Kind::Plain | Kind::Closing | Kind::Silent => self.rise(now, actions),
        }
    }

    /// The connection is over, or was never made.
    pub(crate) fn lost(&mut self, now: Instant, limits: &Limits, jitter: u64, actions: &mut Vec<Action>) {
        let told_off = matches!(self.state, State::Greeting { sent: true, .. });
        let took_a_line = self.sending.is_some();
        self.forget_connection();
        self.repair.lost();
        match self.state {
            // It closed on a greeting: so does a plain server that takes one line a connection.
            State::Greeting { .. } if told_off => self.kind = Kind::Closing,
            // Only one that took its line: else a port that accepts and closes would be tried for ever.
            State::Up { .. } if self.is_plain() && took_a_line => {}
            _ => {
                self.kind = Kind::Unknown;
                self.pause(now, limits, jitter);
                return;
            }
        }
        if self.kind == Kind::Closing {
            self.repair.try_again(now, limits.repair_interval);
        }
        self.connect_if_needed(now, actions);
    }

    /// Whether what the neighbour says on this connection is listened to.
    pub(crate) fn listens(&self) -> bool {
        matches!(self.state, State::Greeting { .. } | State::Up { .. })
    }

    /// The neighbour answered a greeting in kind.
    pub(crate) fn greeted_back(&mut self, incarnation: u64, now: Instant, actions: &mut Vec<Action>) {
        self.meet(incarnation);
        match self.state {
            State::Greeting { .. } => self.rise(now, actions),
            _ => self.repair.rose(now),
        }
    }

    /// The neighbour answered with something that is no word between servers: it does not speak all of
    /// our words, and is left in peace with those.
    pub(crate) fn not_understood(&mut self, answer: &[u8], now: Instant, actions: &mut Vec<Action>) {
        if let State::Greeting { .. } = self.state {
            self.kind = Kind::Plain;
            self.disconnect(Parting::OneLineEach, actions);
            self.pause = FIRST_PAUSE;
            self.connect_if_needed(now, actions);
        } else if answer.starts_with(b"? REPAIR") || answer.starts_with(b"? KEPT") {
            self.repair.not_able();
            self.talk.clear();
        }
    }

    /// What to send now, at most a portion of whole lines; nothing if there is nothing.
    pub(crate) fn take(&mut self, identity: &Identity, now: Instant) -> BytesMut {
        self.told = false;
        let is_plain = self.is_plain();
        let bytes = match &mut self.state {
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
        };
        if !bytes.is_empty() {
            self.sending = Some(now);
        }
        bytes
    }

    /// All that was taken has been sent.
    pub(crate) fn sent(&mut self, now: Instant, limits: &Limits, actions: &mut Vec<Action>) {
        self.sending = None;
        let State::Up { rests_since } = &mut self.state else { return };
        *rests_since = now;
        if self.is_plain() {
            self.disconnect(Parting::OneLineEach, actions);
            self.connect_if_needed(now, actions);
        } else if !self.queue.is_empty() || !self.talk.is_empty() {
            self.tell(actions);
        } else if limits.link_idle.is_zero() && self.rests() {
            self.disconnect(Parting::AtRest, actions);
            self.state = State::Idle;
        }
    }

    /// When it wants to be called again.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let stuck = self.sending.map(|since| since + limits.link_timeout);
        let next = match self.state {
            State::Connecting { since } => Some(since + limits.link_timeout),
            State::Greeting { since, .. } => Some(since + GREETING_TIMEOUT),
            State::Up { rests_since } if self.rests() => Some(rests_since + limits.link_idle),
            State::Pausing { until } => Some(until),
            State::Idle | State::Up { .. } => None,
        };
        let compare = self.repair.deadline(self.can_begin() || self.would_open_to_compare(), limits.link_timeout);
        stuck.into_iter().chain(next).chain(compare).min()
    }

    /// The time for which it asked has come.
    pub(crate) fn wake(&mut self, now: Instant, limits: &Limits, jitter: u64, actions: &mut Vec<Action>) {
        let waits_since = match self.state {
            State::Connecting { since } => Some(since),
            State::Greeting { .. } | State::Up { .. } => self.sending,
            State::Idle | State::Pausing { .. } => None,
        };
        let is_stuck = waits_since.is_some_and(|since| since + limits.link_timeout <= now);
        if is_stuck || self.repair.is_late(now, limits.link_timeout) {
            self.disconnect(Parting::TimedOut, actions);
            self.repair.lost();
            self.kind = Kind::Unknown;
            self.pause(now, limits, jitter);
            return;
        }
        match self.state {
            State::Idle if self.would_open_to_compare() && self.repair.is_due(now) => {
                if self.kind != Kind::Herd {
                    self.kind = Kind::Unknown;
                }
                self.connect(now, actions);
            }
            State::Greeting { since, .. } if since + GREETING_TIMEOUT <= now => {
                self.kind = Kind::Silent;
                self.repair.try_again(now, limits.repair_interval);
                self.sending = None;
                self.rise(now, actions);
            }
            State::Up { rests_since } if self.rests() && rests_since + limits.link_idle <= now => {
                self.disconnect(Parting::AtRest, actions);
                self.state = State::Idle;
            }
            State::Pausing { until } if until <= now => self.connect(now, actions),
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
    fn rests(&self) -> bool {
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
    pub(crate) fn next_ask(&mut self) -> Option<Ask> {
        if self.talk.len() < PORTION { self.repair.round()?.next() } else { None }
    }

    /// There may be something to say in a comparison.
    pub(crate) fn tell_if_waiting(&mut self, actions: &mut Vec<Action>) {
        if self.is_up() && !self.talk.is_empty() {
            self.tell(actions);
        }
    }

    /// There is no connection: another one is made if there is something to send.
    fn connect_if_needed(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.state = State::Idle;
        if !self.queue.is_empty() {
            self.connect(now, actions);
        }
    }

    fn connect(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.attempt = self.attempt.next();
        self.state = State::Connecting { since: now };
        self.forget_connection();
        self.replies = Framer::new(self.replies.most());
        actions.push(Action::Connect { peer: self.peer, attempt: self.attempt });
    }

    fn disconnect(&mut self, why: Parting, actions: &mut Vec<Action>) {
        self.forget_connection();
        actions.push(Action::Disconnect { peer: self.peer, attempt: self.attempt, why });
    }

    /// What went with a connection, and not with the link, is gone.
    fn forget_connection(&mut self) {
        self.told = false;
        self.sending = None;
        self.talk.clear();
    }

    /// The neighbour named its incarnation, so it speaks our words; whether it has begun anew.
    fn meet(&mut self, incarnation: u64) -> bool {
        let restarted = self.incarnation.replace(incarnation).is_some_and(|known| known != incarnation);
        if restarted {
            self.repair.restarted();
        }
        self.kind = Kind::Herd;
        restarted
    }

    /// Pauses, each time twice as long up to `link-retry`, less a random quarter so that a herd that
    /// lost a server does not come back in step.
    fn pause(&mut self, now: Instant, limits: &Limits, jitter: u64) {
        let pause = self.pause.min(limits.link_retry);
        let quarter = u64::try_from(pause.as_nanos() / 4).unwrap_or(u64::MAX);
        let less = Duration::from_nanos(if quarter == 0 { 0 } else { jitter % quarter });
        self.state = State::Pausing { until: now + pause.saturating_sub(less) };
        self.pause = (self.pause * 2).min(limits.link_retry);
    }

    fn rise(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.pause = FIRST_PAUSE;
        self.state = State::Up { rests_since: now };
        if self.kind == Kind::Herd {
            self.repair.rose(now);
        }
        if !self.queue.is_empty() {
            self.tell(actions);
        }
    }

    fn tell(&mut self, actions: &mut Vec<Action>) {
        if !self.told && self.sending.is_none() {
            self.told = true;
            actions.push(Action::Forward { peer: self.peer, attempt: self.attempt });
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
