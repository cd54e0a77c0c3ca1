//! What passes between a session and its node: one buffer that goes through three hands.
//!
//! A session fills a [`Batch`] with what it parsed and gives [`Requests`]; the node decides and gives
//! [`Replies`]; the session takes those, appends what is owed to the output, and gives the empty
//! [`Batch`] back. Each step consumes the one before it, so none can be left out or done twice, and
//! in the steady state none allocates.

use core::mem;
use core::ops::Range;

use crate::herd::ServerId;
use crate::message::Refusal;
use crate::places::Radius;
use crate::repair::Step;
use crate::report::{Layout, Report};
use crate::store::{Locator, Place};

/// An empty buffer for one pass. Keep one for each thread.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is owed for this pass, in order. What the node answers will stand at the item's `reply_at`.
    pub(crate) replies: Vec<u8>,
    /// Lines as they were received, and texts that stand in no reply.
    pub(crate) text: Vec<u8>,
    pub(crate) items: Vec<Item>,
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
    /// Where what it is about belongs in the store, once that has been worked out.
    pub(crate) place: Place,
    pub(crate) request: Request,
}

#[derive(Debug)]
pub(crate) enum Request {
    /// A client's own report; its line is in `replies`, `"AT "` behind `reply_at`.
    Iamat { layout: Layout, len: usize },
    /// A neighbour's copy of a report; its line is in `text`.
    At { layout: Layout, line: Range<usize>, from: ServerId },
    /// A neighbour says that it is there.
    Hello { from: ServerId, incarnation: u64 },
    /// A report that a neighbour found missing here; its line is in `text`.
    Kept { layout: Layout, line: Range<usize>, from: ServerId },
    /// A neighbour compares; the node's answer is in `text`, and goes where the item's reply is due.
    Repair { from: ServerId, step: Step, answer: Range<usize> },
    /// A client asks; its ID is in `text`.
    Whatsat { client: Range<usize>, radius: Radius, bound: u8, ticket: u64, at_line: Option<Range<usize>> },
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

impl Batch {
    /// The report that an item brings, if it brings one.
    pub(crate) fn report(&self, item: &Item) -> Option<Report<'_>> {
        match &item.request {
            Request::Iamat { layout, len } => {
                let start = item.reply_at + b"AT ".len();
                Some(Report { line: &self.replies[start..start + len], layout: *layout })
            }
            Request::At { layout, line, .. } | Request::Kept { layout, line, .. } => {
                Some(Report { line: &self.text[line.clone()], layout: *layout })
            }
            Request::Hello { .. } | Request::Repair { .. } | Request::Whatsat { .. } => None,
        }
    }

    /// Ends the reply to an IAMAT, which begins at `reply_at`.
    #[inline]
    pub(crate) fn finish_iamat(&mut self, line: Range<usize>, reply_at: usize, layout: Layout) {
        let len = self.replies.len() - reply_at - b"AT ".len();
        self.replies.push(b'\n');
        self.items.push(Item { line, reply_at, place: Place::default(), request: Request::Iamat { layout, len } });
    }

    /// Works out the places of all items.
    pub(crate) fn locate(&mut self, locator: &Locator) {
        let mut items = mem::take(&mut self.items);
        for item in &mut items {
            item.place = match &item.request {
                Request::Whatsat { client, .. } => locator.of_client(&self.text[client.clone()]),
                _ => self.report(item).map_or_else(Place::default, |report| locator.of_report(&report)),
            };
        }
        self.items = items;
    }

    /// Appends `? ` and the line to what is owed; nothing may follow.
    pub(crate) fn refuse(&mut self, why: Refusal, line: &[u8]) {
        self.replies.extend_from_slice(b"? ");
        let start = self.replies.len();
        self.replies.extend_from_slice(line);
        self.refused_line = Some(start..self.replies.len());
        self.replies.push(b'\n');
        self.refused = Some(why);
    }

    /// Refuses the item at `index` after all: it and what came after it are as if they had not come.
    pub(crate) fn refuse_from(&mut self, index: usize, why: Refusal) {
        let Item { line, reply_at, .. } = &self.items[index];
        let (line, reply_at) = (line.clone(), *reply_at);
        self.replies.truncate(reply_at);
        self.replies.extend_from_slice(b"? ");
        self.replies.extend_from_slice(&self.text[line]);
        self.replies.push(b'\n');
        self.items.truncate(index);
        self.refused = Some(why);
    }

    fn clear(&mut self) {
        self.replies.clear();
        self.text.clear();
        self.items.clear();
        self.refused = None;
        self.refused_line = None;
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
        let refused = self.0.refused_line.clone().map(|line| &self.0.replies[line]);
        self.0.items.iter().map(|item| &self.0.text[item.line.clone()]).chain(refused)
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
