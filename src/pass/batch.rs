//! What a session parsed at once, and what the node answers.

use core::ops::Range;

use super::entry::Entry;
use super::feed::BroughtBy;
use super::lookup::{Lookup, NearbyId};
use crate::bytes::Text;
use crate::fast::Shape;
use crate::herd::Untimely;
use crate::values::{Nearby, ServerId, ServerName};
use crate::wire::{HelloFields, Near, Refusal, Step, Stranger, Target};

/// The buffers of one pass. In the steady state none of them allocates.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Lines as they were received, and neighbours' reports as they are to be kept.
    pub(crate) lines: Text,
    /// What the session replies by itself. An item's reply is a part of it.
    pub(crate) replies: Text,
    /// What the node answers.
    pub(crate) answers: Text,
    /// What was understood, in order.
    pub(crate) items: Vec<Item>,
    /// The reports that items bring, and the clients that they ask for.
    pub(crate) entries: Vec<Entry>,
    pub(crate) lookups: Vec<Lookup>,
    /// What those ask of what is near: each mostly as the one before.
    pub(crate) nearby: Vec<Nearby>,
    /// What the last usual IAMAT looked like, and the last usual AT line.
    pub(crate) shape: Option<Shape>,
    pub(crate) at_shape: Option<Shape>,
    /// Whether there are reports whose origin was not known when they were read.
    pub(crate) has_strangers: bool,
    /// What was refused: everything ends with it.
    pub(crate) refused: Option<Refused>,
    /// Where among the replies that stands which the node has for what it refuses, where that is not `? ` and the line.
    pub(crate) refusal: Option<Range<usize>>,
    /// What took longer and is found now: the tickets, and what is replied, among the answers.
    pub(crate) found: Vec<(u64, Range<usize>)>,
    /// What is told of what is watched, behind all replies: a part of the answers.
    pub(crate) told: Range<usize>,
    /// Whether somebody asks how the server is.
    pub(crate) asks_for_status: bool,
    /// Who greeted, if that was refused.
    pub(crate) greeter: Option<Greeter>,
}

/// A line that was refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) why: Refusal,
    /// Where it is among the lines.
    pub(crate) line: Range<usize>,
    /// What is replied, where that is not `? ` and the line.
    pub(crate) reply: Option<Range<usize>>,
}

/// One line that was understood, or several of one kind that came one behind the other.
#[derive(Debug)]
pub(crate) struct Item {
    /// The lines as they were received, with an LF between them.
    pub(crate) lines: Range<usize>,
    /// What the session replies to them.
    pub(crate) reply: Range<usize>,
    pub(crate) request: Request,
}

#[derive(Debug)]
pub(crate) enum Request {
    /// Reports: a client's own, what a neighbour passes on, or what it found missing here. These entries, one for each
    /// line.
    Reports { entries: Range<usize>, from: BroughtBy },
    /// What a neighbour said that is too old, or from too far in the future: it is as if the neighbour had not said it.
    Untimely { from: ServerId, why: Untimely },
    /// A client is to be forgotten, or a neighbour says that it was, or is away. The entry's line is among the lines; the
    /// node's answer to a client is in `answers`, and goes where the item's reply is due.
    Bury { entry: Entry, from: BroughtBy, answer: Range<usize> },
    /// A neighbour says that it is there.
    Hello { from: ServerId, hello: Hello },
    /// The session has answered it by itself.
    Answered,
    /// A neighbour compares; the node's answer is in `answers`, and goes where the item's reply is due.
    Repair { from: ServerId, step: Step, answer: Range<usize> },
    /// A client asks who is near. Its ticket; and in `answers` what was found, if that did not take long.
    Near { near: Box<Near>, ticket: u64, answer: Option<Range<usize>> },
    /// A client asks where another one is at home. Its ticket; and the answer in `answers`, if that is here.
    Where { client: Box<[u8]>, ticket: u64, answer: Option<Range<usize>> },
    /// A client watches, or fences in.
    Watch(Box<Target>),
    /// A client watches that no more; the answer is in `answers`, and goes where the item's reply is due.
    Unwatch { target: Box<[u8]>, answer: Range<usize> },
    /// Somebody asks how the server is; the answer is in `answers`, and goes where the item's reply is due.
    Status { answer: Range<usize> },
    /// A client asks: these lookups, one for each line. Their tickets are numbered from `ticket` on, and their AT lines
    /// are in `answers`.
    Whatsats { lookups: Range<usize>, ticket: u64, at_lines: Range<usize> },
}

/// A greeting of a neighbour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hello {
    pub(crate) incarnation: u64,
    pub(crate) fields: Option<HelloFields>,
    /// Whether the neighbour has spoken on this connection before.
    pub(crate) again: bool,
    /// Whether it has shown as much as neighbours are to show, and is not just believed by its address for a while.
    pub(crate) is_proved: bool,
}

/// Somebody who greets and is not believed.
#[derive(Debug)]
pub(crate) struct Greeter {
    pub(crate) name: ServerName,
    pub(crate) why: Stranger,
    /// The id of the secret that it has tried to prove.
    pub(crate) proved: Option<u32>,
}

impl Batch {
    /// As many bytes as a session reads at once, besides the beginning of a line that came before.
    pub(crate) const MOST_INPUT: usize = 64 << 10;

    /// The next lookups ask this of what is near.
    pub(crate) fn add_nearby(&mut self, nearby: Nearby) -> NearbyId {
        self.nearby.push(nearby);
        NearbyId::new(self.nearby.len() - 1, nearby.bound)
    }

    /// The entries from `first` on came with these lines; what is replied to them begins at `reply`.
    pub(crate) fn add_reports(&mut self, first: usize, from: BroughtBy, lines: Range<usize>, reply: usize) {
        let (end, replies) = (self.entries.len(), self.replies.len());
        match self.items.last_mut() {
            _ if first == end => {}
            Some(Item { lines: before, reply, request: Request::Reports { entries, from: of } })
                if *of == from && is_next(before, &lines) =>
            {
                (before.end, reply.end, entries.end) = (lines.end, replies, end);
            }
            _ => self.add(lines, reply, Request::Reports { entries: first..end, from }),
        }
    }

    /// The lookups from `first` on came with these lines; the first of them has that ticket.
    pub(crate) fn add_lookups(&mut self, first: usize, ticket: u64, lines: Range<usize>) {
        let end = self.lookups.len();
        match self.items.last_mut() {
            _ if first == end => {}
            Some(Item { lines: before, request: Request::Whatsats { lookups, .. }, .. }) if is_next(before, &lines) => {
                (before.end, lookups.end) = (lines.end, end);
            }
            _ => {
                let request = Request::Whatsats { lookups: first..end, ticket, at_lines: 0..0 };
                self.add(lines, self.replies.len(), request);
            }
        }
    }

    /// Something came with these lines; what is replied to it begins at `reply`.
    pub(crate) fn add(&mut self, lines: Range<usize>, reply: usize, request: Request) {
        self.items.push(Item { lines, reply: reply..self.replies.len(), request });
    }

    /// Appends what is written to the answers; where it stands there.
    pub(crate) fn answer(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let (start, mut lines) = (self.answers.len(), Vec::new());
        write(&mut lines);
        self.answers.push(&lines);
        start..self.answers.len()
    }

    /// Refuses a line of the item at `index`, the one that `before` others come before in the item: what came after
    /// those is as if it had not come.
    pub(crate) fn refuse(&mut self, index: usize, before: usize, why: Refusal) {
        let Item { lines, reply, request } = &mut self.items[index];
        let mut each = self.lines.as_slice()[lines.clone()].split(|&byte| byte == b'\n');
        let start = lines.start + each.by_ref().take(before).map(|line| line.len() + 1).sum::<usize>();
        let len = each.next().map_or(0, <[u8]>::len);
        self.refused = Some(Refused { why, line: start..start + len, reply: self.refusal.take() });
        match request {
            Request::Reports { entries, from: BroughtBy::Client } => {
                reply.end = self.entries[entries.start + before].start();
            }
            Request::Whatsats { lookups, .. } => lookups.end = lookups.start + before,
            _ => reply.end = reply.start,
        }
        self.items.truncate(index + usize::from(before > 0));
    }

    /// The lines as they were received, also one that was refused, or what was kept of it: for logs.
    pub(crate) fn received(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.lines.as_slice();
        let refused = self.refused.iter().map(|refused| &lines[refused.line.clone()]);
        self.items.iter().flat_map(|item| lines[item.lines.clone()].split(|&byte| byte == b'\n')).chain(refused)
    }

    /// Whether a client brings something that is to be kept.
    pub(crate) fn brings(&self) -> bool {
        let from_client = |item: &Item| match item.request {
            Request::Reports { from, .. } | Request::Bury { from, .. } => from == BroughtBy::Client,
            _ => false,
        };
        self.items.iter().any(from_client)
    }

    /// Whether there is no request in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.refused.is_none()
    }

    /// As much memory as each of its texts keeps for the next pass. Few passes have more, and each thread has one of these.
    const ROOM: usize = 256 << 10;

    pub(crate) fn clear(&mut self) {
        for text in [&mut self.lines, &mut self.replies, &mut self.answers] {
            text.give_back(Self::ROOM);
        }
        self.items.clear();
        self.entries.clear();
        self.lookups.clear();
        self.nearby.clear();
        self.found.clear();
        self.told = 0..0;
        (self.refused, self.refusal, self.greeter) = (None, None, None);
        (self.has_strangers, self.asks_for_status) = (false, false);
    }
}

/// Whether some lines came right behind others: with nothing but an LF between.
const fn is_next(before: &Range<usize>, lines: &Range<usize>) -> bool {
    before.end + 1 == lines.start
}
