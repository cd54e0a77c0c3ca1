//! What a session owes to a client and cannot send yet: replies that wait for places, and those behind them.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, BytesMut};

use crate::batch::Ask;
use crate::places::Places;
use crate::text::append;

/// The replies to some WHATSATs and to what was asked after them, in their order.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    /// WHATSATs that are not answered yet. Their tickets are consecutive.
    questions: VecDeque<Question>,
    /// The ticket of the first.
    ticket: u64,
    /// Places that came before those of the first.
    early: BTreeMap<u64, Places>,
    /// The AT line of each question and the replies behind it.
    text: BytesMut,
}

/// A WHATSAT that is not answered yet.
#[derive(Debug)]
struct Question {
    bound: u8,
    /// How long its AT line is.
    at_line: u32,
    /// How much there is of replies to later requests, which have theirs already.
    behind: usize,
}

impl Owed {
    /// How many WHATSATs wait.
    pub(crate) fn questions(&self) -> usize {
        self.questions.len()
    }

    /// How many bytes wait, places not counted.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// These WHATSATs wait for their places. Their AT lines are `at_lines`, one behind the other; `ticket` is that of
    /// the first, and the next after that of the last that waits.
    pub(crate) fn ask(&mut self, ticket: u64, asks: &[Ask], at_lines: &[u8]) {
        let questions = asks.iter().map(|ask| Question { behind: 0, at_line: ask.at_line_len, bound: ask.bound() });
        if self.questions.is_empty() {
            // All at once, so that each buffer is as large as it needs to be.
            self.questions = questions.collect();
            self.text = BytesMut::with_capacity(at_lines.len());
            self.ticket = ticket;
        } else {
            debug_assert_eq!(ticket, self.ticket + self.questions.len() as u64);
            self.questions.extend(questions);
            self.text.reserve(at_lines.len());
        }
        append(at_lines, |piece| self.text.extend_from_slice(piece));
    }

    /// Appends replies to `out`, or behind the last WHATSAT that waits.
    #[inline]
    pub(crate) fn push(&mut self, replies: &[u8], out: &mut Vec<u8>) {
        match self.questions.back_mut() {
            Some(last) => {
                last.behind += replies.len();
                self.text.extend_from_slice(replies);
            }
            None => append(replies, |piece| out.extend_from_slice(piece)),
        }
    }

    /// Takes the places for a WHATSAT and appends what can now be sent to `out`: its AT line and its places
    /// in one piece, and what waited behind them.
    pub(crate) fn answer(&mut self, ticket: u64, places: Places, out: &mut Vec<u8>) {
        if ticket != self.ticket {
            let is_waiting = ticket.checked_sub(self.ticket).is_some_and(|later| later < self.questions.len() as u64);
            if is_waiting {
                self.early.insert(ticket, places);
            }
            return;
        }
        let mut next = Some(places);
        while let Some(places) = next
            && let Some(Question { bound, at_line, behind }) = self.questions.pop_front()
        {
            let at_line = at_line as usize;
            out.extend_from_slice(&self.text[..at_line]);
            places.write(bound, out);
            out.extend_from_slice(b"\n\n");
            out.extend_from_slice(&self.text[at_line..][..behind]);
            self.text.advance(at_line + behind);
            self.ticket += 1;
            next = self.early.remove(&self.ticket);
        }
        // A connection at rest holds no buffer.
        if self.questions.is_empty() {
            *self = Self::default();
        }
    }
}
