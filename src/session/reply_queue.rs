//! What a session owes to a client and cannot send yet: replies that wait for places or take long to find, and those
//! behind them.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, BytesMut};

use crate::bytes::append;
use crate::pass::Lookup;
use crate::places::Places;

/// How much a reply with places is taken for at least.
const LEAST_WEIGHT: usize = 2 << 10;

/// The replies to some WHATSATs and to what was asked after them, in their order.
#[derive(Debug, Default)]
pub(crate) struct ReplyQueue {
    /// WHATSATs and NEARs that are not answered yet. Their tickets are consecutive.
    waiting: VecDeque<Waiting>,
    /// The ticket of the first.
    ticket: u64,
    /// Replies that came before that to the first, and how long they are together.
    early: BTreeMap<u64, Reply>,
    early_len: usize,
    /// The AT line of each that waits and the replies behind it.
    text: BytesMut,
    /// How long the longest reply with places was so far.
    longest: usize,
}

/// What a request that waits is answered.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The places of a WHATSAT, and its AT line where that was not known yet.
    Places(Box<[u8]>, Places),
    /// All that is replied to a NEAR, or a WHERE.
    Lines(Box<[u8]>),
    /// The request is refused, and everything ends with that.
    Refused(Box<[u8]>),
}

impl Reply {
    fn len(&self) -> usize {
        match self {
            Self::Places(at_line, places) => at_line.len() + places.json_len(),
            Self::Lines(lines) | Self::Refused(lines) => lines.len(),
        }
    }
}

/// A request that is not answered yet.
#[derive(Debug)]
struct Waiting {
    bound: u8,
    /// How long the AT line of a WHATSAT is.
    at_line: u32,
    /// How much there is of replies to later requests, which have theirs already.
    behind: usize,
}

impl ReplyQueue {
    /// How many WHATSATs wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How much a reply to a WHATSAT is taken for before it is known: as much as the longest so far.
    pub(crate) fn weight(&self) -> usize {
        self.longest.max(LEAST_WEIGHT)
    }

    /// How much memory it takes.
    pub(crate) fn room(&self) -> usize {
        self.text.capacity() + self.early_len
    }

    /// How many bytes wait, places not counted.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// These WHATSATs wait for their places. Their AT lines are `at_lines`, one behind the other; `ticket` is that of
    /// the first, and the next after that of the last that waits.
    pub(crate) fn ask(&mut self, ticket: u64, lookups: &[Lookup], at_lines: &[u8]) {
        let waiting =
            lookups.iter().map(|lookup| Waiting { behind: 0, at_line: lookup.at_line_len, bound: lookup.bound() });
        if self.waiting.is_empty() {
            // All at once, so that each buffer is as large as it needs to be.
            self.waiting = waiting.collect();
            self.text = BytesMut::with_capacity(at_lines.len());
            self.ticket = ticket;
        } else {
            debug_assert_eq!(ticket, self.ticket + self.waiting.len() as u64);
            self.waiting.extend(waiting);
            self.text.reserve(at_lines.len());
        }
        append(at_lines, |piece| self.text.extend_from_slice(piece));
    }

    /// A NEAR or a WHERE waits for its lines. Its ticket is the next after that of the last that waits.
    pub(crate) fn ask_lines(&mut self, ticket: u64) {
        if self.waiting.is_empty() {
            self.ticket = ticket;
        }
        debug_assert_eq!(ticket, self.ticket + self.waiting.len() as u64);
        self.waiting.push_back(Waiting { bound: 0, at_line: 0, behind: 0 });
    }

    /// Appends replies to `out`, or behind the last WHATSAT that waits.
    #[inline]
    pub(crate) fn push(&mut self, replies: &[u8], out: &mut Vec<u8>) {
        match self.waiting.back_mut() {
            Some(last) => {
                last.behind += replies.len();
                self.text.extend_from_slice(replies);
            }
            None => append(replies, |piece| out.extend_from_slice(piece)),
        }
    }

    /// Takes what a request that waits is answered, and appends what can now be sent to `out`: that in one piece, behind the
    /// AT line of a WHATSAT, and what waited behind it. Whether a request was refused: nothing comes behind that.
    pub(crate) fn answer(&mut self, ticket: u64, reply: Reply, out: &mut Vec<u8>) -> bool {
        if ticket != self.ticket {
            let is_waiting = ticket.checked_sub(self.ticket).is_some_and(|later| later < self.waiting.len() as u64);
            if is_waiting {
                self.early_len += reply.len();
                self.early.insert(ticket, reply);
            }
            return false;
        }
        let mut next = Some(reply);
        while let Some(reply) = next
            && let Some(Waiting { bound, at_line, behind }) = self.waiting.pop_front()
        {
            let (at_line, start) = (at_line as usize, out.len());
            out.extend_from_slice(&self.text[..at_line]);
            match reply {
                Reply::Places(known_now, places) => {
                    out.extend_from_slice(&known_now);
                    places.write(bound, out);
                    out.extend_from_slice(b"\n\n");
                    self.longest = self.longest.max(out.len() - start);
                }
                Reply::Lines(lines) => append(&lines, |piece| out.extend_from_slice(piece)),
                Reply::Refused(line) => {
                    for part in [b"? ", &*line, b"\n"] {
                        out.extend_from_slice(part);
                    }
                    *self = Self::default();
                    return true;
                }
            }
            out.extend_from_slice(&self.text[at_line..][..behind]);
            self.text.advance(at_line + behind);
            self.ticket += 1;
            next = self.early.remove(&self.ticket);
            self.early_len -= next.as_ref().map_or(0, Reply::len);
        }
        // A connection at rest holds no buffer.
        if self.waiting.is_empty() {
            *self = Self { longest: self.longest, ..Self::default() };
        }
        false
    }
}
