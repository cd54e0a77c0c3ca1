//! The one feed: what became of each report, in the order in which the store changed.
//!
//! The store writes it while it holds what it changes, so of one client nothing older comes behind something newer,
//! however many threads there are. Whoever holds the node's links takes it from there to its sinks.

use core::mem;

use super::entry::Entry;
use crate::bytes::{Frame, Text, copy_loosely};
use crate::report::{Head, Report};
use crate::values::ServerId;

/// Who brought a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroughtBy {
    /// A client said it to this server.
    Client,
    /// That neighbour passed it on.
    Neighbour(ServerId),
    /// A comparison with that neighbour found it missing here.
    Repair(ServerId),
}

impl BroughtBy {
    /// Whether clients said it, or a neighbour passed it on.
    pub(crate) const fn of(from: Option<ServerId>) -> Self {
        match from {
            None => Self::Client,
            Some(peer) => Self::Neighbour(peer),
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
}

/// Reports that were not handled before, each as a whole AT line of this server's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    lines: Text,
    runs: Vec<Part>,
    /// Those that are kept, if somebody wants to know.
    kept: Vec<KeptLine>,
}

/// Lines, one behind the other, that came from the same and are of clients of the same server.
#[derive(Clone, Copy, Debug)]
struct Part {
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

/// Some of a feed: lines that came from the same and are of clients of the same server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) from: BroughtBy,
    pub(crate) origin: ServerId,
    pub(crate) count: u64,
    /// Whole lines.
    pub(crate) lines: &'a [u8],
}

impl Feed {
    /// Adds reports that came from one.
    #[inline]
    pub(crate) fn begin<'a>(&'a mut self, from: BroughtBy, to: Listeners<'a>) -> Adding<'a> {
        Adding {
            run: Part { from, origin: ServerId::NONE, count: 0, end: 0 },
            feed: self,
            short: to.closing.short(),
            to,
        }
    }

    /// Adds a run: to the last, if it is of the same.
    fn add(&mut self, run: Part) {
        match self.runs.last_mut() {
            _ if run.count == 0 => {}
            Some(last) if last.from == run.from && last.origin == run.origin => {
                (last.count, last.end) = (last.count + run.count, run.end);
            }
            _ => self.runs.push(run),
        }
    }

    /// All of it, in runs as long as can be.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut start = 0;
        self.runs.iter().map(move |&Part { from, origin, count, end }| {
            let lines = &self.lines.as_slice()[mem::replace(&mut start, end)..end];
            Run { from, origin, count, lines }
        })
    }

    /// Each report that is kept, and who brought it.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (Report<'_>, BroughtBy)> {
        let lines = self.lines.as_slice();
        let report = |kept: &KeptLine| Report { line: &lines[kept.start..][..kept.len], head: kept.head };
        self.kept.iter().map(move |kept| (report(kept), kept.from))
    }

    pub(crate) fn clear(&mut self) {
        self.lines.truncate(0);
        self.runs.clear();
        self.kept.clear();
    }
}

/// Adds reports that came from one to a feed.
pub(crate) struct Adding<'a> {
    feed: &'a mut Feed,
    to: Listeners<'a>,
    /// The end of this server's lines, if that is short.
    short: Option<(&'a [u8; Frame::SHORT], usize)>,
    /// What is not added to the runs yet.
    run: Part,
}

impl Adding<'_> {
    /// Adds the report that an entry brings, whose line is in `text`, whether it is kept or not.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call is a fiftieth of what an IAMAT takes")]
    pub(crate) fn push(&mut self, entry: &Entry, text: &[u8], kept: bool) {
        let origin = entry.head.origin();
        if origin != self.run.origin {
            let next = Part { origin, count: 0, ..self.run };
            self.feed.add(mem::replace(&mut self.run, next));
        }
        let lines = &mut self.feed.lines;
        if kept && self.to.changes {
            let (start, len) = (lines.len() + b"AT ".len(), entry.report(text).line.len());
            self.feed.kept.push(KeptLine { head: entry.head, from: self.run.from, start, len });
        }
        if push_short(lines, entry, text, self.short).is_none() {
            lines.push(entry.at_line(text));
            lines.push(self.to.closing.text());
        }
        (self.run.count, self.run.end) = (self.run.count + 1, lines.len());
    }
}

impl Drop for Adding<'_> {
    fn drop(&mut self) {
        self.feed.add(self.run);
    }
}

/// Appends the AT line of a report that is as short as nearly every one is, and the end of it.
#[inline]
fn push_short(
    lines: &mut Text,
    entry: &Entry,
    text: &[u8],
    closing: Option<(&[u8; Frame::SHORT], usize)>,
) -> Option<()> {
    // As long as a line is that is copied in one go, and as nearly every one is.
    const SHORT: usize = 128;
    const USUAL: usize = 96;
    let (window, len) = entry.window::<SHORT>(text)?;
    let (closing, closing_len) = closing?;
    let room = lines.room::<{ SHORT + Frame::SHORT }>();
    copy_loosely::<USUAL, _, _>(window, room, len);
    *room.get_mut(len..)?.first_chunk_mut()? = *closing;
    lines.extend(len + closing_len);
    Some(())
}
