//! When to compare with one neighbour, and the comparison under way.

use core::time::Duration;

use super::round::Round;
use crate::values::Instant;

/// How long the one of two servers that does not ask at once waits for the other to ask.
const GRACE: Duration = Duration::from_secs(2);

/// How long after something came by repair the other neighbours are asked: what comes together is
/// passed on together.
const SETTLE: Duration = Duration::from_millis(100);

/// How often the pause between comparisons is doubled, at most, while they are of no use.
const MOST_DOUBLINGS: u32 = 6;

/// When this server compares what it keeps with what a neighbour keeps.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Whether it is this server that asks at once, of the two: else both would.
    first: bool,
    ability: Ability,
    /// Whether the neighbour has another hash key: then its ranges are not this server's.
    other_key: bool,
    /// Whether something may have been lost since they last compared.
    stale: bool,
    due: Option<Instant>,
    round: Option<Round>,
    /// Since when the neighbour has every tombstone that came here before, in its present run, or something newer; or has
    /// had it, and let it go as every neighbour of its own had it.
    has_tombstones: Option<Instant>,
    /// When the last round began, if all that the neighbour lacked was sent in it. Once it answers in the next one it has
    /// read that.
    sent_tombstones: Option<Instant>,
    /// This server asks by itself from then on, however often the neighbour does.
    must_ask: Option<Instant>,
    /// What the last round moved, if anything.
    outcome: u64,
    doublings: u32,
}

/// Whether the two can compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ability {
    /// For all that is known.
    Able,
    /// The neighbour does not know how to.
    NotAble,
    /// This herd's lines are too short for it.
    Impossible,
}

impl Schedule {
    pub(crate) const fn new(first: bool, possible: bool) -> Self {
        let ability = if possible { Ability::Able } else { Ability::Impossible };
        Self {
            first,
            ability,
            other_key: false,
            stale: true,
            due: None,
            round: None,
            has_tombstones: None,
            sent_tombstones: None,
            must_ask: None,
            outcome: 0,
            doublings: 0,
        }
    }

    /// The pause between comparisons is another one now, and so may be whether lines are long enough for them.
    pub(crate) fn limit(&mut self, possible: bool, interval: Duration, now: Instant) {
        self.due = self.due.map(|due| due.min(now + interval));
        if !possible {
            self.lost();
            self.ability = Ability::Impossible;
        } else if self.ability == Ability::Impossible {
            self.ability = Ability::Able;
        }
    }

    /// The link is up, and the neighbour speaks our words.
    pub(crate) fn came_up(&mut self, now: Instant) {
        if self.stale && self.is_able() {
            let wait = if self.first { Duration::ZERO } else { GRACE };
            self.bring_forward(now + wait);
        }
    }

    /// The link was lost, and who knows what with it.
    pub(crate) fn lost(&mut self) {
        self.stale = true;
        self.due = None;
        self.round = None;
        (self.has_tombstones, self.sent_tombstones, self.must_ask) = (None, None, None);
    }

    /// Whether the neighbour is known to have a tombstone that came then, or something newer.
    pub(crate) fn has_tombstone(&self, came: Instant) -> bool {
        self.has_tombstones.is_some_and(|since| came < since)
    }

    /// The neighbour has begun anew: whatever was known of it is not so any more.
    pub(crate) fn restarted(&mut self) {
        self.lost();
        if self.ability == Ability::NotAble {
            self.ability = Ability::Able;
        }
    }

    /// The neighbour said which hash key it has.
    pub(crate) const fn met(&mut self, same_key: bool) {
        self.other_key = !same_key;
    }

    /// The neighbour has lost its link to this server, or has just started.
    pub(crate) fn greeted(&mut self, now: Instant) {
        self.stale = true;
        self.came_up(now);
    }

    /// There is something new to tell that is not flooded.
    pub(crate) fn soon(&mut self, now: Instant) {
        if self.is_able() {
            self.bring_forward(now + SETTLE);
        }
    }

    /// Tombstones wait until it is known that the neighbour has them.
    pub(crate) fn find_tombstones(&mut self, now: Instant) {
        self.soon(now);
        self.must_ask = self.due.filter(|_| self.is_able());
    }

    /// Lines to this neighbour were dropped.
    pub(crate) fn dropped(&mut self, now: Instant) {
        self.stale = true;
        if self.is_able() {
            self.bring_forward(now);
        }
    }

    /// Nobody knows whether what the neighbour was sent has come: at that time it is to be asked.
    pub(crate) fn doubted(&mut self, at: Instant) {
        if self.is_able() {
            self.bring_forward(at);
        }
    }

    /// The neighbour compares: this server need not.
    pub(crate) fn asked(&mut self, now: Instant, interval: Duration) {
        self.stale = false;
        self.due = Some(self.must_ask.unwrap_or(now + interval + interval / 2));
    }

    /// The neighbour does not know how to compare: it is left in peace.
    pub(crate) fn not_able(&mut self) {
        self.lost();
        self.ability = Ability::NotAble;
    }

    /// Whether the neighbour knows how to compare, for all that is known, and by the same hash.
    pub(crate) fn is_able(&self) -> bool {
        self.ability == Ability::Able && !self.other_key
    }

    /// Whether the neighbour has another hash key.
    pub(crate) const fn has_other_key(&self) -> bool {
        self.other_key
    }

    /// Whether it is time for a comparison.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.round.is_none() && self.due.is_some_and(|due| due <= now)
    }

    /// Begins one.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.stale = false;
        (self.due, self.must_ask) = (None, None);
        self.round = Some(Round::new(now));
    }

    /// The comparison under way.
    pub(crate) fn round(&mut self) -> Option<&mut Round> {
        self.round.as_mut()
    }

    /// Whether there is something to do now in the one that is under way.
    pub(crate) fn can_go_on(&self) -> bool {
        self.round.as_ref().is_some_and(Round::can_go_on)
    }

    /// Whether one is under way.
    pub(crate) const fn is_comparing(&self) -> bool {
        self.round.is_some()
    }

    /// Ends a comparison that is over; the next one is after an interval, and after ever more of them
    /// while each moves the same and is of no use (as where one side can keep no more clients).
    pub(crate) fn end_if_over(&mut self, now: Instant, interval: Duration) -> Option<Round> {
        let round = self.round.take_if(|round| round.is_over())?;
        let sent_before = core::mem::replace(&mut self.sent_tombstones, round.tombstones_sent());
        self.has_tombstones = round.tombstones_found().or(sent_before).or(self.has_tombstones);
        let useless = round.outcome() != 0 && round.outcome() == self.outcome;
        self.outcome = round.outcome();
        self.doublings = if useless { (self.doublings + 1).min(MOST_DOUBLINGS) } else { 0 };
        self.bring_forward(now + interval * (1 << self.doublings));
        Some(round)
    }

    /// Whether answers have stayed out for `timeout`: nobody is there any more, whatever the connection says.
    pub(crate) fn is_late(&self, now: Instant, timeout: Duration) -> bool {
        self.round.as_ref().is_some_and(|round| round.heard() + timeout <= now)
    }

    /// When it wants to be called again: for a new comparison, where one `may_begin`, or because of one that is late.
    pub(crate) fn deadline(&self, may_begin: bool, timeout: Duration) -> Option<Instant> {
        match &self.round {
            Some(round) => Some(round.heard() + timeout),
            None => self.due.filter(|_| may_begin),
        }
    }

    fn bring_forward(&mut self, to: Instant) {
        self.due = Some(self.due.map_or(to, |due| due.min(to)));
    }
}
