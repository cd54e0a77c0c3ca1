//! What a session owes to a client and cannot send yet: replies that wait for places, and those behind them.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};

use crate::places::Places;
use crate::text::append;

/// The replies to some WHATSATs and to what was asked after them, in their order.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    questions: VecDeque<Question>,
    /// The AT line of each question and the replies behind it.
    text: BytesMut,
}

/// A WHATSAT that is not answered yet.
#[derive(Debug)]
struct Question {
    ticket: u64,
    bound: u8,
    places: Option<Places>,
    /// How long its AT line is.
    at_line: usize,
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

    /// So many WHATSATs will wait, with AT lines of so many bytes together.
    pub(crate) fn reserve(&mut self, questions: usize, at_lines: usize) {
        self.questions.reserve(questions);
        self.text.reserve(at_lines);
    }

    /// A WHATSAT waits for its places. Its AT line is [told](Self::push_at_lines) behind it, or with those of the
    /// next.
    #[inline]
    pub(crate) fn ask(&mut self, ticket: u64, bound: u8, at_line: usize) {
        self.questions.push_back(Question { ticket, bound, places: None, at_line, behind: 0 });
    }

    /// The AT lines of the last questions.
    pub(crate) fn push_at_lines(&mut self, lines: &[u8]) {
        append(lines, |piece| self.text.extend_from_slice(piece));
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
        if let Some(question) = self.questions.iter_mut().find(|question| question.ticket == ticket) {
            question.places = Some(places);
        }
        while let Some(Question { places: Some(places), bound, at_line, behind, .. }) = self.questions.front() {
            out.extend_from_slice(&self.text[..*at_line]);
            places.write(*bound, out);
            out.extend_from_slice(b"\n\n");
            out.extend_from_slice(&self.text[*at_line..][..*behind]);
            self.text.advance(at_line + behind);
            self.questions.pop_front();
        }
        // A connection at rest holds no buffer.
        if self.questions.is_empty() {
            *self = Self::default();
        }
    }
}
