//! Copies of reports on their way to neighbours: those of one pass that go to the same neighbours
//! are queued for each of them in one piece.

use crate::batch::Entry;
use crate::herd::ServerId;
use crate::identity::Frame;
use crate::text::{SHORT, Text, copy_loosely};

/// Copies of reports that are not queued for any neighbour yet.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// Whole lines.
    lines: Text,
    /// The server that the last lines' clients talked to.
    origin: Option<ServerId>,
    /// How many these are.
    count: u64,
    /// The same of those before them, and where they end.
    before: Vec<(ServerId, u64, usize)>,
}

/// Copies, one behind the other, of reports from one server's clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) origin: ServerId,
    pub(crate) count: u64,
    /// Whole lines.
    pub(crate) lines: &'a [u8],
}

impl Flood {
    /// Adds a copy of the report that an entry brings, whose line is in `text`, with the end of this server's lines.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call is a twentieth of what an IAMAT takes")]
    pub(crate) fn add(&mut self, entry: &Entry, text: &[u8], closing: &Frame) {
        let (origin, (line, len)) = (entry.head.origin(), entry.at_line(text));
        if self.origin != Some(origin) {
            self.begin(origin);
        }
        self.count += 1;
        if let Some(window) = line.first_chunk::<SHORT>()
            && let Some((end, end_len)) = closing.short()
            && len < SHORT
        {
            let room = self.lines.room::<{ SHORT + Frame::SHORT }>();
            copy_loosely(window, room, len);
            room[len % SHORT..][..Frame::SHORT].copy_from_slice(end);
            self.lines.extend(len + end_len);
        } else {
            self.lines.push(&line[..len]);
            self.lines.push(closing.text());
        }
    }

    #[inline(never)]
    fn begin(&mut self, origin: ServerId) {
        self.before.extend(self.last());
        (self.origin, self.count) = (Some(origin), 0);
    }

    fn last(&self) -> Option<(ServerId, u64, usize)> {
        self.origin.filter(|_| self.count > 0).map(|origin| (origin, self.count, self.lines.len()))
    }

    /// All that were added, in order.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let last = self.last();
        let mut start = 0;
        self.before.iter().copied().chain(last).map(move |(origin, count, end)| {
            let lines = &self.lines.as_slice()[start..end];
            start = end;
            Run { origin, count, lines }
        })
    }

    pub(crate) fn clear(&mut self) {
        self.lines.truncate(0);
        self.count = 0;
        self.before.clear();
    }
}
