//! Of which make a neighbour is, as far as its answers to greetings tell.
//!
//! A herd may have members that know nothing but AT lines. What they do with a greeting differs: one answers `? `, one
//! closes, one says nothing. Each of these takes one AT line a connection from then on, and nothing else on it, because
//! it may read its connection to the end before it looks at what came. It is greeted anew now and then, on a connection
//! of its own, since it may have been replaced by a server of our make.
//!
//! One that has greeted before is never taken for one of those: a proxy or a tunnel before a server that is down accepts
//! and closes, or accepts and says nothing. It counts as down until it answers.

use core::mem;
use core::time::Duration;

use crate::herd::Limits;
use crate::values::{Instant, Timestamp};
use crate::wire::{HelloFields, Message};

/// What is known of a neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Make {
    kind: Kind,
    /// The incarnation that it last named.
    incarnation: Option<u64>,
    /// The one that it named before that.
    former: Option<u64>,
    /// What its clock said when its present run first named itself, if it did say.
    began: Option<Timestamp>,
    /// Whether it is greeted without fields, as it did not understand those.
    bare: bool,
    /// Which words it knows, as it last said.
    version: u32,
    /// Whether it has asked something in a comparison since a greeting went unanswered: no plain server does.
    has_asked: bool,
    /// When to greet it anew, if it is not of our make.
    greet_at: Option<Instant>,
    /// How long after the next failed greeting that is.
    pause: Option<Duration>,
}

/// Which run of a neighbour has named itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// The one that is known, or the first.
    Known,
    /// Another one: it has begun anew.
    Anew,
    /// The one before the last. Runs end when others begin, so there are two servers of that name; unless what it said
    /// came late.
    Former,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing yet, or nothing since it was lost.
    Unknown,
    /// It answers greetings.
    Herd,
    /// It did not understand one.
    Plain,
    /// It closed on one: so does a plain server, and one that crashes.
    Closing,
    /// It did not answer one.
    Silent,
}

impl Make {
    pub(crate) const fn new() -> Self {
        Self {
            kind: Kind::Unknown,
            incarnation: None,
            former: None,
            began: None,
            bare: false,
            version: 1,
            has_asked: false,
            greet_at: None,
            pause: None,
        }
    }

    /// It named its incarnation, so it speaks our words, or those of the first make, which have no fields.
    pub(crate) fn met(&mut self, incarnation: u64, fields: Option<HelloFields>) -> Met {
        let bare = fields.is_none();
        self.version = fields.map_or(1, |fields| fields.version);
        (self.kind, self.bare, self.greet_at, self.pause) = (Kind::Herd, bare, None, None);
        let known = self.incarnation.replace(incarnation);
        if known != Some(incarnation) {
            self.began = fields.and_then(|fields| fields.clock);
        }
        if known.is_none_or(|known| known == incarnation) {
            return Met::Known;
        }
        let former = mem::replace(&mut self.former, known);
        if former == Some(incarnation) { Met::Former } else { Met::Anew }
    }

    /// Whether one of these lines, which the neighbour once wrote down and came another way, is from before its
    /// present run: then it may have forgotten what it once said. One of the first make does not say when that began.
    pub(crate) fn may_have_forgotten(&self, lines: &[u8]) -> bool {
        let Some(began) = self.began else { return self.is_ours() && self.bare };
        let is_before = |line| match Message::parse(line) {
            Ok(Some(Message::At { report, .. })) => report.origin_clock() <= began,
            Ok(Some(Message::Departed { departed, .. })) => departed.origin_clock() <= began,
            _ => false,
        };
        lines.split(|&byte| byte == b'\n').any(is_before)
    }

    /// The incarnation that it last named.
    pub(crate) const fn incarnation(&self) -> Option<u64> {
        self.incarnation
    }

    /// It asks something in a comparison.
    pub(crate) const fn asks(&mut self) {
        self.has_asked = true;
    }

    /// Whether an answer of it to a greeting will come, however late.
    pub(super) const fn will_answer(&self) -> bool {
        self.has_asked
    }

    /// It cannot be reached, or was lost: whoever answers next may be another.
    pub(crate) fn lost(&mut self) {
        (self.kind, self.bare, self.greet_at, self.pause) = (Kind::Unknown, false, None, None);
    }

    /// It closed on a greeting; whether that tells its make.
    pub(crate) fn closed(&mut self, now: Instant, limits: &Limits) -> bool {
        self.is_other(Kind::Closing, now, limits)
    }

    /// It did not answer a greeting in time; whether that tells its make.
    pub(crate) fn kept_silent(&mut self, now: Instant, limits: &Limits) -> bool {
        self.is_other(Kind::Silent, now, limits)
    }

    /// It did not understand a greeting. One with fields is said again without: a server of the first make knows none.
    pub(crate) fn did_not_understand(&mut self, now: Instant, limits: &Limits) {
        if mem::replace(&mut self.bare, true) {
            self.kind = Kind::Plain;
            self.greet_at = Some(now + limits.repair_interval);
        }
    }

    /// What closes or is silent may be a plain server, or a box before one of our make that was never met: it is asked
    /// again after `link-retry`, and after twice as long each time up to `repair-interval`.
    fn is_other(&mut self, kind: Kind, now: Instant, limits: &Limits) -> bool {
        self.has_asked = false;
        if self.incarnation.is_some() {
            return false;
        }
        let pause = self.pause.unwrap_or(limits.link_retry).min(limits.repair_interval);
        (self.kind, self.greet_at, self.pause) = (kind, Some(now + pause), Some(pause * 2));
        true
    }

    /// Whether a new connection begins with a greeting.
    pub(crate) fn greets(&mut self, now: Instant) -> bool {
        if self.is_due(now) {
            (self.kind, self.bare, self.greet_at) = (Kind::Unknown, false, None);
        }
        self.kind == Kind::Unknown
    }

    /// Which words it knows.
    pub(crate) const fn version(&self) -> u32 {
        self.version
    }

    /// Whether it is greeted without fields.
    pub(crate) const fn is_bare(&self) -> bool {
        self.bare
    }

    /// Whether it is time to greet it anew.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.greet_at.is_some_and(|at| at <= now)
    }

    /// When that is.
    pub(crate) const fn greet_at(&self) -> Option<Instant> {
        self.greet_at
    }

    /// Whether it speaks our words.
    pub(crate) fn is_ours(&self) -> bool {
        self.kind == Kind::Herd
    }

    /// Whether it speaks our words for all that is known: one that is down and has greeted before will again.
    pub(crate) fn may_be_ours(&self) -> bool {
        self.is_ours() || (self.kind == Kind::Unknown && self.incarnation.is_some())
    }

    /// Whether it takes one line a connection.
    pub(crate) fn takes_one_line_each(&self) -> bool {
        matches!(self.kind, Kind::Plain | Kind::Closing | Kind::Silent)
    }
}
