//! The one feed: what became of each report, in the order in which the store changed.
//!
//! The store writes it while it holds what it changes, so of one client nothing older comes behind something newer,
//! however many threads there are. Whoever holds the node's links takes it from there to its sinks.

use core::mem;

use super::entry::{Became, Entry};
use super::interest::Bits;
use crate::bytes::{Frame, Text, Writer, copy_loosely};
use crate::report::{Head, Record};
use crate::values::ServerId;
use crate::wire::RecordKind;

/// Who brought a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroughtBy {
    /// A client said it to this server.
    Client,
    /// That neighbour passed it on.
    Neighbour(ServerId),
    /// A comparison with that neighbour found it missing here.
    Repair(ServerId),
    /// It is news of [another region](crate::Node::hear).
    Region,
}

impl BroughtBy {
    /// The neighbour who did.
    pub(crate) const fn neighbour(self) -> Option<ServerId> {
        match self {
            Self::Client | Self::Region => None,
            Self::Neighbour(peer) | Self::Repair(peer) => Some(peer),
        }
    }
}

/// Who listens to a feed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listeners<'a> {
    /// What this server's lines end with, for neighbours.
    pub(crate) closing: &'a Frame,
    /// Whether somebody wants to know of each report that is kept.
    pub(crate) changes: bool,
    /// Whether somebody wants to know who has come to be at home here, or was forgotten.
    pub(crate) arrivals: bool,
    /// Which clients somebody watches, if anybody watches any.
    pub(crate) watched: Option<&'a Bits>,
}

/// Reports that were not handled before, each as a whole AT line of this server's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    lines: Text,
    runs: Vec<Part>,
    /// Those that are kept, if somebody wants to know.
    kept: Vec<KeptLine>,
    /// What was kept of clients that somebody may watch, and what is kept now.
    shifts: Vec<(Option<Copied>, Option<Copied>)>,
    /// Who has come to be at home here, or was forgotten.
    arrivals: Vec<(Copied, BroughtBy)>,
    /// The lines of these.
    copies: Vec<u8>,
}

/// What is kept of a client was one record and is another one now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift<'a> {
    /// None, where the client was not known.
    pub(crate) before: Option<Record<'a>>,
    /// None, where what was kept is over.
    pub(crate) now: Option<Record<'a>>,
}

/// A record whose line was copied.
#[derive(Clone, Copy, Debug)]
struct Copied {
    head: Head,
    start: usize,
    len: usize,
}

/// Whom lines of a feed are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// All neighbours.
    All,
    /// Who brought a report that they cover.
    Back,
}

/// Lines, one behind the other, that came from the same and are of clients of the same server.
#[derive(Clone, Copy, Debug)]
struct Part {
    to: Audience,
    kind: RecordKind,
    from: BroughtBy,
    origin: ServerId,
    count: u64,
    /// Where the last ends.
    end: usize,
}

/// A report that is kept.
#[derive(Clone, Copy, Debug)]
struct KeptLine {
    head: Head,
    from: BroughtBy,
    /// Where its line begins, behind `AT `, and how long it is.
    start: usize,
    len: usize,
}

/// Some of a feed: lines of one kind that came from the same and are of clients of the same server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) to: Audience,
    pub(crate) kind: RecordKind,
    pub(crate) from: BroughtBy,
    pub(crate) origin: ServerId,
    pub(crate) count: u64,
    /// Whole lines.
    pub(crate) lines: &'a [u8],
}

impl Feed {
    /// Adds reports that came from one, but for those that were handled before; their lines are in `text`.
    // Not inlined: it has many things to keep at hand, and who calls it as many others.
    #[inline(never)]
    pub(crate) fn add<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry> + Clone,
        text: &[u8],
        from: BroughtBy,
        to: Listeners<'_>,
    ) {
        let mut entries = entries.filter(|entry| matches!(entry.became, Became::Kept | Became::Passed));
        if to.changes {
            self.add_kept(entries.clone(), text, from, to.closing.text().len());
        }
        let Self { lines, runs, .. } = self;
        let short = to.closing.short();
        let mut next = entries.next();
        while let Some(Entry { head, .. }) = next {
            let (origin, mut count) = (head.origin(), 0);
            let mut cursor = lines.writer(ROOM);
            while let Some(entry) = next.filter(|entry| entry.head.origin() == origin) {
                if push_short(&mut cursor, entry, text, short).is_none() {
                    drop(cursor);
                    push_any(lines, entry.at_line(text), to.closing.text());
                    cursor = lines.writer(ROOM);
                }
                count += 1;
                next = entries.next();
            }
            let end = cursor.len();
            add_to(runs, Part { to: Audience::All, kind: RecordKind::Report, from, origin, count, end });
        }
    }

    /// Adds that a client has departed, which was not handled before, and notes whether it `is_kept`.
    pub(crate) fn add_departed(&mut self, departed: &Record<'_>, is_kept: bool, from: BroughtBy, to: Listeners<'_>) {
        if to.changes && is_kept {
            let start = self.lines.len() + departed.word().len();
            self.kept.push(KeptLine { head: departed.head, from, start, len: departed.line.len() });
        }
        self.tell(Audience::All, departed, from, to);
    }

    /// Adds that a client has departed, for the neighbour who has brought a report from before that.
    pub(crate) fn tell_back(&mut self, departed: &Record<'_>, from: BroughtBy, to: Listeners<'_>) {
        self.tell(Audience::Back, departed, from, to);
    }

    fn tell(&mut self, to: Audience, departed: &Record<'_>, from: BroughtBy, listeners: Listeners<'_>) {
        for part in [departed.word(), departed.line, listeners.closing.text()] {
            self.lines.push(part);
        }
        // A server of another region that bears a neighbour's name is not that neighbour.
        let origin = if from == BroughtBy::Region { ServerId::NONE } else { departed.head.origin() };
        let part = Part { to, kind: departed.kind(), from, origin, count: 1, end: self.lines.len() };
        add_to(&mut self.runs, part);
    }

    /// Notes which of the reports that are added now are kept. Each line has an end of so many bytes.
    fn add_kept<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>, text: &[u8], from: BroughtBy, closing: usize) {
        let mut end = self.lines.len();
        for entry in entries {
            let (start, len) = (end + b"AT ".len(), entry.record(text).line.len());
            end = start + len + closing;
            if entry.became == Became::Kept {
                self.kept.push(KeptLine { head: entry.head, from, start, len });
            }
        }
    }

    /// All of it, in runs as long as can be.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut start = 0;
        self.runs.iter().map(move |&Part { to, kind, from, origin, count, end }| {
            let lines = &self.lines.as_slice()[mem::replace(&mut start, end)..end];
            Run { to, kind, from, origin, count, lines }
        })
    }

    /// Each report that is kept, and who brought it.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (Record<'_>, BroughtBy)> {
        let lines = self.lines.as_slice();
        let report = |kept: &KeptLine| Record { line: &lines[kept.start..][..kept.len], head: kept.head };
        self.kept.iter().map(move |kept| (report(kept), kept.from))
    }

    /// What is kept of a client that somebody may watch is another record now, or none.
    pub(crate) fn shift(&mut self, shift: Shift<'_>) {
        let Self { shifts, copies, .. } = self;
        let before = shift.before.map(|record| copy(&record, copies));
        shifts.push((before, shift.now.map(|record| copy(&record, copies))));
    }

    /// A client has come to be at home here, or was forgotten.
    pub(crate) fn arrive(&mut self, record: &Record<'_>, from: BroughtBy) {
        self.arrivals.push((copy(record, &mut self.copies), from));
    }

    /// Each of those, and who brought it.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = (Record<'_>, BroughtBy)> {
        self.arrivals.iter().map(|&(copied, from)| (self.copied(copied), from))
    }

    fn copied(&self, Copied { head, start, len }: Copied) -> Record<'_> {
        Record { line: &self.copies[start..][..len], head }
    }

    /// Whether there are any of those.
    pub(crate) const fn has_shifts(&self) -> bool {
        !self.shifts.is_empty()
    }

    /// Each of those.
    pub(crate) fn shifts(&self) -> impl Iterator<Item = Shift<'_>> {
        let record = |copied: Copied| self.copied(copied);
        self.shifts.iter().map(move |&(before, now)| Shift { before: before.map(record), now: now.map(record) })
    }

    pub(crate) fn clear(&mut self) {
        self.shifts.clear();
        self.arrivals.clear();
        self.copies.clear();
        self.lines.truncate(0);
        self.runs.clear();
        self.kept.clear();
    }
}

impl Part {
    /// All but how many lines it has.
    const fn about(&self) -> (Audience, RecordKind, BroughtBy, ServerId) {
        (self.to, self.kind, self.from, self.origin)
    }
}

/// Adds lines to those before them, where they are alike.
fn add_to(runs: &mut Vec<Part>, part: Part) {
    match runs.last_mut() {
        Some(last) if last.about() == part.about() => (last.count, last.end) = (last.count + part.count, part.end),
        _ => runs.push(part),
    }
}

/// Copies the line of a record.
fn copy(record: &Record<'_>, out: &mut Vec<u8>) -> Copied {
    let start = out.len();
    out.extend_from_slice(record.line);
    Copied { head: record.head, start, len: record.line.len() }
}

/// As long a line as is copied in one go, as long as nearly every one is, and room for it and its end.
const SHORT: usize = 128;
const USUAL: usize = 96;
const ROOM: usize = SHORT + Frame::SHORT;

/// Appends the AT line of a report that is short, and the end of it, if there is room for that.
#[inline]
fn push_short(
    lines: &mut Writer<'_>,
    entry: &Entry,
    text: &[u8],
    closing: Option<(&[u8; Frame::SHORT], usize)>,
) -> Option<()> {
    let (closing, closing_len) = closing?;
    let (window, len) = entry.window::<SHORT>(text)?;
    let room = lines.room::<ROOM>()?;
    copy_loosely::<USUAL, _, _>(window, room, len);
    *room.get_mut(len..)?.first_chunk_mut()? = *closing;
    lines.extend(len + closing_len);
    Some(())
}

/// Appends any AT line, and the end of it.
#[cold]
fn push_any(lines: &mut Text, line: &[u8], closing: &[u8]) {
    lines.push(line);
    lines.push(closing);
}
