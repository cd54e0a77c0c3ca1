//! What passes between a session and its node: one buffer that goes through three hands.
//!
//! A session fills a [`Batch`] with what it parsed and gives [`Requests`]; the node decides and gives
//! [`Replies`]; the session takes those, appends what is owed to the output, and gives the empty
//! [`Batch`] back. Each step consumes the one before it, so none can be left out or done twice, and
//! in the steady state none allocates.

use core::ops::Range;

use crate::flood::{Flood, Route};
use crate::herd::ServerId;
use crate::message::Refusal;
use crate::place::{Locator, Place};
use crate::places::Radius;
use crate::repair::Step;
use crate::report::{Head, Report};
use crate::text::Text;
use crate::usual::Shape;

/// An empty buffer for one pass. Keep one for each thread.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is owed for this pass, in order. What the node answers will stand at the item's `reply_at`.
    pub(crate) replies: Text,
    /// Lines as they were received, and texts that stand in no reply.
    pub(crate) text: Text,
    pub(crate) items: Vec<Item>,
    /// Copies for neighbours.
    pub(crate) flood: Flood,
    /// What the last usual line looked like.
    pub(crate) shape: Shape,
    /// The first thing that was refused: everything ends with it.
    pub(crate) refused: Option<Refusal>,
    /// Where in `replies` the line is that the session refused; none where the node did.
    refused_line: Option<Range<usize>>,
}

/// One line that was understood.
#[derive(Debug)]
pub(crate) struct Item {
    /// The line as it was received, in `text`.
    pub(crate) line: Range<usize>,
    /// How long `replies` was before this line.
    pub(crate) reply_at: usize,
    /// Where what it is about belongs in the store.
    pub(crate) place: Place,
    /// The next item of its shard, where it has one.
    pub(crate) next: u32,
    /// Whether it brings a report that is to be flooded.
    pub(crate) is_new: bool,
    pub(crate) request: Request,
}

#[derive(Debug)]
pub(crate) enum Request {
    /// A report. A client's own stands in `replies`, behind `"AT "` at `reply_at`.
    Report(Said),
    /// A report that a neighbour found missing here.
    Kept(Said),
    /// A neighbour says that it is there.
    Hello { from: ServerId, incarnation: u64 },
    /// A neighbour compares; the node's answer is in `text`, and goes where the item's reply is due.
    Repair { from: ServerId, step: Step, answer: Range<usize> },
    /// A client asks; its ID is in `text`, and so is the AT line once the node has found it.
    Whatsat { client: Range<usize>, radius: Radius, bound: u8, ticket: u64, at_line: Range<usize> },
}

/// What a client or a neighbour said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) head: Head,
    /// Where its line begins, behind `"AT "`: in `replies` if a client said it, else in `text`.
    pub(crate) start: usize,
    pub(crate) len: usize,
    /// The neighbour that passed it on, if a neighbour did.
    pub(crate) from: Option<ServerId>,
}

/// What a batch's `replies` and `text` hold.
pub(crate) type Texts<'a> = (&'a [u8], &'a [u8]);

impl Said {
    /// The report.
    #[inline]
    pub(crate) fn report<'a>(&self, texts: Texts<'a>) -> Report<'a> {
        Report { line: &self.buffer(texts)[self.start..][..self.len], head: self.head }
    }

    /// Where it comes from.
    #[inline]
    pub(crate) const fn route(&self) -> Route {
        Route { from: self.from, origin: self.head.origin() }
    }

    /// The AT line that others are told, up to the name of who tells it: whatever begins with it, and how long it
    /// is.
    #[inline]
    pub(crate) fn line<'a>(&self, texts: Texts<'a>) -> (&'a [u8], usize) {
        (&self.buffer(texts)[self.start - b"AT ".len()..], b"AT ".len() + self.len)
    }

    #[inline]
    const fn buffer<'a>(&self, (replies, text): Texts<'a>) -> &'a [u8] {
        if self.from.is_none() { replies } else { text }
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

    /// What it brings, if it is a report to be flooded.
    #[inline]
    pub(crate) const fn said(&self) -> Option<&Said> {
        match &self.request {
            Request::Report(said) => Some(said),
            _ => None,
        }
    }
}

impl Batch {
    /// The items from `start` on that bring reports, one behind the other.
    pub(crate) fn run_of_reports(&self, start: usize) -> Range<usize> {
        let is_other = |item: &Item| !matches!(item.request, Request::Report(_));
        let len = self.items[start..].iter().position(is_other);
        start..len.map_or(self.items.len(), |len| start + len)
    }

    /// Where what is asked for belongs in the store.
    pub(crate) fn place(&self, locator: &Locator, request: &Request) -> Place {
        match request {
            Request::Report(said) | Request::Kept(said) => locator.of_report(&said.report(self.texts())),
            Request::Whatsat { client, .. } => locator.of_client(&self.text.as_slice()[client.clone()]),
            Request::Hello { .. } | Request::Repair { .. } => Place::default(),
        }
    }

    /// What reports are read from.
    pub(crate) fn texts(&self) -> Texts<'_> {
        (self.replies.from(0), self.text.from(0))
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

    fn clear(&mut self) {
        self.replies.truncate(0);
        self.text.truncate(0);
        self.items.clear();
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
pub struct Requests(pub(crate) Batch);

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
        self.0.items.iter().map(|item| &self.0.text.as_slice()[item.line.clone()]).chain(refused)
    }
}

/// What a node decided, for [`Session::reply`](crate::Session::reply).
#[derive(Debug)]
#[must_use = "the session has not seen these replies yet"]
pub struct Replies(pub(crate) Batch);

impl Replies {
    /// Why the connection is about to be closed, if a line was refused: for logs.
    #[must_use]
    pub const fn refused(&self) -> Option<Refusal> {
        self.0.refused
    }

    pub(crate) fn into_empty(mut self) -> Batch {
        self.0.clear();
        self.0
    }
}
