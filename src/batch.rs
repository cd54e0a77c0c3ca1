//! What passes between a session and its node: one buffer that goes through three hands.
//!
//! A session fills a [`Batch`] with what it parsed and gives [`Requests`]; the node decides and gives
//! [`Replies`]; the session takes those, appends what is owed to the output, and gives the empty
//! [`Batch`] back. Each step consumes the one before it, so none can be left out or done twice, and
//! in the steady state none allocates.

use core::ops::Range;

use crate::flood::Flood;
use crate::herd::ServerId;
use crate::message::Refusal;
use crate::place::Place;
use crate::places::Radius;
use crate::repair::Step;
use crate::report::{Head, Report};
use crate::text::Text;
use crate::usual::Shape;

/// An empty buffer for one pass. Keep one for each thread.
#[derive(Debug, Default)]
pub struct Batch(pub(crate) Box<Buffers>);

/// What a batch is made of.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// What is owed for this pass, in order. What the node answers will stand at the item's `reply_at`.
    pub(crate) replies: Text,
    /// Lines as they were received, and neighbours' reports as they are to be kept.
    pub(crate) text: Text,
    /// What the node answers.
    pub(crate) answers: Text,
    pub(crate) items: Vec<Item>,
    /// The reports that items bring.
    pub(crate) entries: Vec<Entry>,
    /// Copies for neighbours.
    pub(crate) flood: Flood,
    /// What the last usual IAMAT looked like, and the last usual AT line.
    pub(crate) shape: Shape,
    pub(crate) at_shape: Shape,
    /// The first thing that was refused: everything ends with it.
    pub(crate) refused: Option<Refusal>,
    /// Where in `replies` the line is that the session refused; none where the node did.
    refused_line: Option<Range<usize>>,
}

/// One line that was understood, or several that bring reports.
#[derive(Debug)]
pub(crate) struct Item {
    /// The line as it was received, in `text`. Entries have their own.
    pub(crate) line: Range<usize>,
    /// How long `replies` was before it.
    pub(crate) reply_at: usize,
    pub(crate) request: Request,
}

#[derive(Debug)]
pub(crate) enum Request {
    /// Reports: a client's own, or what a neighbour passes on. These entries of the batch's.
    Reports { entries: Range<usize>, from: Option<ServerId> },
    /// A report that a neighbour found missing here. Its line is in `text`.
    Kept { entry: Entry, from: ServerId },
    /// A neighbour says that it is there.
    Hello { from: ServerId, incarnation: u64 },
    /// A neighbour compares; the node's answer is in `answers`, and goes where the item's reply is due.
    Repair { from: ServerId, step: Step, answer: Range<usize> },
    /// A client asks about the one whose ID is in `text`; the AT line is in `answers` once the node has found it.
    Whatsat { client: Range<usize>, radius: Radius, bound: u8, ticket: u64, at_line: Range<usize> },
}

/// A report, as short as can be: a pass has many. Places in a text are below 2 to the power of 32, since a
/// session reads no more at once than [`MOST_INPUT`](Buffers::MOST_INPUT).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    /// Where it belongs in the store, once the node has worked that out.
    pub(crate) place: Place,
    /// Where its line begins, behind `"AT "`: in `replies` if a client said it, else in `text`.
    pub(crate) start: u32,
    /// How long that is.
    pub(crate) len: u32,
    /// Where the line begins in `text` that was received, and how long that is.
    pub(crate) line: (u32, u32),
    /// The next entry of its shard, or [`NONE`](Self::NONE).
    pub(crate) next: u32,
}

impl Entry {
    /// No entry.
    pub(crate) const NONE: u32 = u32::MAX;

    /// An entry for a report whose line begins at `start` and has `len` bytes; it was received with the line that
    /// begins at `line.0` and has `line.1` bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn new(head: Head, start: usize, len: usize, line: (usize, usize)) -> Self {
        let line = (line.0 as u32, line.1 as u32);
        Self { head, place: Place::default(), start: start as u32, len: len as u32, line, next: Self::NONE }
    }

    /// The report, from the text that its line is in.
    #[inline]
    pub(crate) fn report<'a>(&self, text: &'a [u8]) -> Report<'a> {
        Report { line: &text[self.start as usize..][..self.len as usize], head: self.head }
    }

    /// The AT line that others are told, up to the name of who tells it: whatever begins with it, and how long it
    /// is.
    #[inline]
    pub(crate) fn at_line<'a>(&self, text: &'a [u8]) -> (&'a [u8], usize) {
        (&text[self.start as usize - b"AT ".len()..], b"AT ".len() + self.len as usize)
    }

    /// Where the line is in `text` that was received.
    const fn received(&self) -> Range<usize> {
        self.line.0 as usize..self.line.0 as usize + self.line.1 as usize
    }
}

impl Item {
    pub(crate) const fn is_whatsat(&self) -> bool {
        matches!(self.request, Request::Whatsat { .. })
    }

    /// Whether its reply is not in `replies`, since the node writes it.
    pub(crate) const fn is_answered_by_node(&self) -> bool {
        matches!(self.request, Request::Whatsat { .. } | Request::Repair { .. })
    }
}

impl Buffers {
    /// As many bytes as a session reads at once. What it writes of them is shorter than 4 GiB.
    pub(crate) const MOST_INPUT: usize = 1 << 28;

    /// The entries from `start` on are of one item: the last, if that brings reports from the same already.
    pub(crate) fn add_reports(&mut self, start: usize, from: Option<ServerId>) {
        let end = self.entries.len();
        match self.items.last_mut() {
            Some(Item { request: Request::Reports { entries, from: of }, .. }) if *of == from => entries.end = end,
            _ if start == end => {}
            _ => {
                let request = Request::Reports { entries: start..end, from };
                self.items.push(Item { line: 0..0, reply_at: self.replies.len(), request });
            }
        }
    }

    /// How many WHATSATs there are, and how long their AT lines are together.
    pub(crate) fn questions(&self) -> (usize, usize) {
        self.items.iter().fold((0, 0), |(count, len), item| match &item.request {
            Request::Whatsat { at_line, .. } => (count + 1, len + at_line.len()),
            _ => (count, len),
        })
    }

    /// Appends `? ` and the line to what is owed; nothing may follow.
    pub(crate) fn refuse(&mut self, why: Refusal, line: &[u8]) {
        let start = self.replies.len() + b"? ".len();
        self.refused_line = Some(start..start + line.len());
        echo(&mut self.replies, line);
        self.refused = Some(why);
    }

    /// Refuses the item at `index` after all: it and what came after it are as if they had not come.
    pub(crate) fn refuse_from(&mut self, index: usize, why: Refusal) {
        let Item { line, reply_at, .. } = &self.items[index];
        self.replies.truncate(*reply_at);
        echo(&mut self.replies, &self.text.as_slice()[line.clone()]);
        self.items.truncate(index);
        self.refused = Some(why);
    }

    /// Refuses the client's own report at `entry`, which is of the item at `index`, in the same way.
    pub(crate) fn refuse_entry(&mut self, index: usize, entry: usize, why: Refusal) {
        let refused = &self.entries[entry];
        self.replies.truncate(refused.start as usize - b"AT ".len());
        echo(&mut self.replies, &self.text.as_slice()[refused.received()]);
        if let Request::Reports { entries, .. } = &mut self.items[index].request {
            entries.end = entry;
        }
        self.items.truncate(index + 1);
        self.refused = Some(why);
    }

    /// The lines that an item came with.
    fn received(&self, item: &Item) -> impl Iterator<Item = &[u8]> {
        let (entries, single) = match &item.request {
            Request::Reports { entries, .. } => (entries.clone(), None),
            _ => (0..0, Some(item.line.clone())),
        };
        let lines = self.entries[entries].iter().map(Entry::received).chain(single);
        lines.map(|line| &self.text.as_slice()[line])
    }

    fn clear(&mut self) {
        self.replies.truncate(0);
        self.text.truncate(0);
        self.answers.truncate(0);
        self.items.clear();
        self.entries.clear();
        self.refused = None;
        self.refused_line = None;
    }
}

/// Appends the reply to a line that is refused.
fn echo(replies: &mut Text, line: &[u8]) {
    for part in [b"? ", line, b"\n"] {
        replies.push(part);
    }
}

/// What a session parsed, for [`Node::serve`](crate::Node::serve).
#[derive(Debug)]
#[must_use = "the node has not seen these requests yet"]
pub struct Requests(pub(crate) Box<Buffers>);

impl Requests {
    /// Whether there is nothing in it for the node: it can go straight back to the session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.items.is_empty() && self.0.refused.is_none()
    }

    /// Whether a reply may come later, through [`Action::Reply`](crate::Action::Reply): have the way for
    /// it open before the node sees these.
    #[must_use]
    pub fn ask_for_places(&self) -> bool {
        self.0.items.iter().any(Item::is_whatsat)
    }

    /// Spares the node a call where there is nothing in it.
    ///
    /// # Errors
    /// Gives the requests back where there is something.
    pub fn skip(self) -> Result<Replies, Self> {
        if self.is_empty() { Ok(Replies(self.0)) } else { Err(self) }
    }

    /// The lines as they were received, also one that was refused, or what was kept of it: for logs.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let refused = self.0.refused_line.clone().map(|line| &self.0.replies.as_slice()[line]);
        self.0.items.iter().flat_map(|item| self.0.received(item)).chain(refused)
    }
}

/// What a node decided, for [`Session::reply`](crate::Session::reply).
#[derive(Debug)]
#[must_use = "the session has not seen these replies yet"]
pub struct Replies(pub(crate) Box<Buffers>);

impl Replies {
    /// Why the connection is about to be closed, if a line was refused: for logs.
    #[must_use]
    pub const fn refused(&self) -> Option<Refusal> {
        self.0.refused
    }

    pub(crate) fn into_empty(mut self) -> Batch {
        self.0.clear();
        Batch(self.0)
    }
}
