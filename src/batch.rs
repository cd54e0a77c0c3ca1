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
use crate::text::{SHORT, Text, Writer, copy_loosely};
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
    /// The reports that items bring, and the questions that they ask.
    pub(crate) entries: Vec<Entry>,
    pub(crate) asks: Vec<Ask>,
    /// What they ask: each is mostly as the one before.
    pub(crate) questions: Vec<Question>,
    /// Copies of those reports for neighbours, if there are any.
    pub(crate) flood: Flood,
    /// Which reports of an item were not new, and copies of those that were.
    pub(crate) known: Vec<usize>,
    pub(crate) flood_again: Flood,
    /// What the last usual IAMAT looked like, and the last usual AT line.
    pub(crate) shape: Shape,
    pub(crate) at_shape: Shape,
    /// The first thing that was refused: everything ends with it.
    pub(crate) refused: Option<Refusal>,
    /// Where in `replies` the line is that the session refused; none where the node did.
    refused_line: Option<Range<usize>>,
}

/// One line that was understood, or several of one kind that came one behind the other.
#[derive(Debug)]
pub(crate) struct Item {
    /// The lines as they were received, in `text`, with an LF between them.
    pub(crate) lines: Range<usize>,
    /// How long `replies` was before it.
    pub(crate) reply_at: usize,
    pub(crate) request: Request,
}

#[derive(Debug)]
pub(crate) enum Request {
    /// Reports: a client's own, or what a neighbour passes on. These entries of the batch's, one for each line.
    Reports { entries: Range<usize>, from: Option<ServerId> },
    /// A report that a neighbour found missing here. Its line is in `text`.
    Kept { entry: Entry, from: ServerId },
    /// A neighbour says that it is there.
    Hello { from: ServerId, incarnation: u64 },
    /// A neighbour compares; the node's answer is in `answers`, and goes where the item's reply is due.
    Repair { from: ServerId, step: Step, answer: Range<usize> },
    /// A client asks: these asks of the batch's, one for each line. Their tickets are numbered from `ticket` on, and
    /// their AT lines are in `answers`.
    Whatsats { asks: Range<usize>, ticket: u64, at_lines: Range<usize> },
}

/// A report, as short as can be: a pass has many. Places in a text are below 2 to the power of 32, since a
/// session reads no more at once than [`MOST_INPUT`](Buffers::MOST_INPUT).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    /// Where its client belongs in the store.
    pub(crate) place: Place,
    /// Where its line begins, behind `"AT "`: in `replies` if a client said it, else in `text`.
    start: u32,
    /// How long that is.
    len: u32,
    /// The next entry of its shard, or [`NONE`](Self::NONE).
    pub(crate) next: u32,
}

/// A WHATSAT, as short as can be, and what the node has found.
#[derive(Debug)]
pub(crate) struct Ask {
    /// Where its client belongs in the store.
    pub(crate) place: Place,
    /// The places of the report's head.
    places: u64,
    /// How long the AT line is, LF included.
    pub(crate) at_line_len: u32,
    /// Where in `text` the client's ID is, and how long it is with the byte behind it.
    client: u32,
    client_len: u32,
    /// Which of the batch's questions it is, and in the last byte the bound of that.
    question: u32,
}

/// What a WHATSAT asks of the client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) radius: Radius,
    pub(crate) bound: u8,
}

/// What an AT line begins with.
const AT: [u8; 3] = *b"AT ";

impl Entry {
    /// No entry.
    pub(crate) const NONE: u32 = u32::MAX;

    /// An entry for a report whose client belongs at `place`, and whose line begins at `start` and has `len` bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn new(head: Head, place: Place, start: usize, len: usize) -> Self {
        Self { head, place, start: start as u32, len: len as u32, next: Self::NONE }
    }

    /// The report, from the text that its line is in.
    #[inline]
    pub(crate) fn report<'a>(&self, text: &'a [u8]) -> Report<'a> {
        Report { line: &text[self.start as usize..][..self.len as usize], head: self.head }
    }

    /// The AT line that others are told, up to the name of who tells it.
    pub(crate) fn at_line<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start as usize - AT.len()..][..AT.len() + self.len as usize]
    }
}

impl Ask {
    /// A WHATSAT that the node has not seen.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn new(place: Place, client: usize, client_len: usize, question: Numbered) -> Self {
        let (client, client_len) = (client as u32, client_len as u32 + 1);
        Self { place, places: 0, at_line_len: 0, client, client_len, question: question.0 }
    }

    /// What is asked, of the batch's questions.
    pub(crate) fn question(&self, questions: &[Question]) -> Question {
        questions[(self.question >> u8::BITS) as usize]
    }

    /// The bound of that.
    #[inline]
    pub(crate) const fn bound(&self) -> u8 {
        self.question.to_le_bytes()[0]
    }

    /// The client's ID, from `text`.
    pub(crate) fn client<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.client as usize..][..self.client_len as usize - 1]
    }

    /// The same and the byte behind it.
    #[inline]
    pub(crate) fn client_and_space<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        text.get(self.client as usize..)?.get(..self.client_len as usize)
    }

    /// Appends the AT line of its client's report to `answers`.
    #[expect(clippy::cast_possible_truncation, reason = "a line is not that long")]
    pub(crate) fn answer(&mut self, report: &Report<'_>, answers: &mut Text) {
        let start = answers.len();
        for part in [&AT, report.line, b"\n"] {
            answers.push(part);
        }
        (self.at_line_len, self.places) = ((answers.len() - start) as u32, report.head.places);
    }

    /// How much room an answer that is short may need.
    pub(crate) const ROOM: usize = AT.len() + SHORT + 1;

    /// The same of a report with those places, whose line begins `line`; there is [`ROOM`](Self::ROOM) for it.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it is short")]
    pub(crate) fn answer_short(&mut self, places: u64, line: &[u8; SHORT], answers: &mut Writer<'_>) {
        // As long as nearly every line is.
        const USUAL: usize = 96;
        let len = Head { at: 0, places }.len().min(SHORT);
        let room = answers.room::<{ Self::ROOM }>().expect("there is room for each");
        let (at, rest) = room.split_first_chunk_mut().expect("there is room for it");
        *at = AT;
        if let Some(rest) = rest.first_chunk_mut::<SHORT>() {
            copy_loosely::<USUAL, _, _>(line, rest, len);
        }
        room[AT.len() + len] = b'\n';
        let len = AT.len() + len + 1;
        answers.extend(len);
        (self.at_line_len, self.places) = (len as u32, places);
    }

    /// The client's position, from its AT line.
    pub(crate) fn position<'a>(&self, at_line: &'a [u8]) -> &'a [u8] {
        let head = Head { at: 0, places: self.places };
        Report { line: &at_line[AT.len()..at_line.len() - b"\n".len()], head }.position()
    }
}

/// One of the batch's questions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered(u32);

impl Item {
    /// Whether its reply is not in `replies`, since the node writes it.
    pub(crate) const fn is_answered_by_node(&self) -> bool {
        matches!(self.request, Request::Whatsats { .. } | Request::Repair { .. })
    }
}

impl Buffers {
    /// As many WHATSATs as a session reads at once.
    pub(crate) const MOST_ASKS: usize = 1 << 24;

    /// As many bytes as a session reads at once. What it writes of them is shorter than 4 GiB.
    pub(crate) const MOST_INPUT: usize = 1 << 28;

    /// Adds a question that the next asks have.
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn add_question(&mut self, question: Question) -> Numbered {
        let number = self.questions.len() as u32;
        self.questions.push(question);
        Numbered(number << u8::BITS | u32::from(question.bound))
    }

    /// The entries from `first` on came with these lines.
    pub(crate) fn add_reports(&mut self, first: usize, from: Option<ServerId>, lines: Range<usize>) {
        let end = self.entries.len();
        match self.items.last_mut() {
            _ if first == end => {}
            Some(Item { lines: before, request: Request::Reports { entries, from: of }, .. })
                if *of == from && is_next(before, &lines) =>
            {
                (before.end, entries.end) = (lines.end, end);
            }
            _ => self.add(lines, Request::Reports { entries: first..end, from }),
        }
    }

    /// The asks from `first` on came with these lines; the first of them has that ticket.
    pub(crate) fn add_asks(&mut self, first: usize, ticket: u64, lines: Range<usize>) {
        let end = self.asks.len();
        match self.items.last_mut() {
            _ if first == end => {}
            Some(Item { lines: before, request: Request::Whatsats { asks, .. }, .. }) if is_next(before, &lines) => {
                (before.end, asks.end) = (lines.end, end);
            }
            _ => self.add(lines, Request::Whatsats { asks: first..end, ticket, at_lines: 0..0 }),
        }
    }

    /// Something came with these lines.
    pub(crate) fn add(&mut self, lines: Range<usize>, request: Request) {
        self.items.push(Item { lines, reply_at: self.replies.len(), request });
    }

    /// Appends `? ` and the line to what is owed; nothing may follow.
    pub(crate) fn refuse(&mut self, why: Refusal, line: &[u8]) {
        let start = self.replies.len() + b"? ".len();
        self.refused_line = Some(start..start + line.len());
        echo(&mut self.replies, line);
        self.refused = Some(why);
    }

    /// Refuses a line of the item at `index` after all, the one that `before` others come before in the item: it and
    /// what came after it are as if they had not come.
    pub(crate) fn refuse_after_all(&mut self, index: usize, before: usize, why: Refusal) {
        let Item { lines, reply_at, request } = &mut self.items[index];
        let mut reply_at = *reply_at;
        match request {
            Request::Reports { entries, from } => {
                entries.end = entries.start + before;
                if from.is_none() {
                    reply_at = self.entries[entries.end].start as usize - AT.len();
                }
            }
            Request::Whatsats { asks, .. } => asks.end = asks.start + before,
            _ => {}
        }
        self.replies.truncate(reply_at);
        let line = split(&self.text, lines).nth(before).expect("an item has a line for each thing in it");
        echo(&mut self.replies, line);
        self.items.truncate(index + usize::from(before > 0));
        self.refused = Some(why);
    }

    fn clear(&mut self) {
        self.replies.truncate(0);
        self.text.truncate(0);
        self.answers.truncate(0);
        self.items.clear();
        self.entries.clear();
        self.asks.clear();
        self.questions.clear();
        self.flood.clear();
        self.refused = None;
        self.refused_line = None;
    }
}

/// Whether some lines came right behind others: with nothing but an LF between.
const fn is_next(before: &Range<usize>, lines: &Range<usize>) -> bool {
    before.end + 1 == lines.start
}

/// Lines one by one.
fn split<'a>(text: &'a Text, lines: &Range<usize>) -> impl Iterator<Item = &'a [u8]> {
    text.as_slice()[lines.clone()].split(|&byte| byte == b'\n')
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
        !self.0.asks.is_empty()
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
        self.0.items.iter().flat_map(|item| split(&self.0.text, &item.lines)).chain(refused)
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
