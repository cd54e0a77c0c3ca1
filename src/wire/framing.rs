//! From bytes, in chunks of any size, to lines.

use core::mem;

use crate::values::ServerName;

/// One line, without its LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// As it was received, whatever bytes it holds.
    Whole(&'a [u8]),
    /// It passed the limit: what was kept of it, which is exactly its limit, or more where that was lowered. The rest is not looked
    /// for; whoever gets this gives the connection up.
    TooLong(&'a [u8]),
}

/// Cuts a stream of bytes at LF. It keeps only the line that is not yet whole, at most the limit; a line
/// that begins as a report between servers does may be longer by [`SLACK`](Self::SLACK).
///
/// Lines that lie whole in a chunk are lent from it, not copied.
#[derive(Clone, Debug)]
pub struct Framer {
    most: usize,
    tail: Vec<u8>,
    /// Whether `tail` was lent out as a line by the last call, and is to be forgotten.
    lent: bool,
}

impl Framer {
    /// What servers add to the line of a client's: two names, a skew, and the difference of the words.
    pub const SLACK: usize = 2 * ServerName::MOST_BYTES + 64;

    /// A framer for lines of at most `most` bytes, LF not counted.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, tail: Vec::new(), lent: false }
    }

    /// Lines may be so long from now on, the one that is under way among them.
    pub const fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// The longest line that it lets through.
    #[must_use]
    pub const fn most(&self) -> usize {
        self.most
    }

    /// How much memory it takes.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.tail.capacity()
    }

    /// Whether no line is under way: the next byte is the first of one.
    #[must_use]
    pub const fn is_between_lines(&self) -> bool {
        self.lent || self.tail.is_empty()
    }

    /// The next line, and `input` moved past it; `None` when all of `input` has been taken.
    pub fn next_line<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Option<Line<'a>> {
        self.forget_lent();
        let end = memchr::memchr(b'\n', input);
        let (part, rest) = match end {
            Some(at) => (&input[..at], &input[at + 1..]),
            None => (*input, &input[input.len()..]),
        };
        *input = rest;
        let most = self.most_of(part);
        if self.tail.len() + part.len() > most {
            return Some(Line::TooLong(self.keep(&part[..most.saturating_sub(self.tail.len())])));
        }
        match end {
            Some(_) if self.tail.is_empty() => Some(Line::Whole(part)),
            Some(_) => Some(Line::Whole(self.keep(part))),
            None => {
                self.tail.extend_from_slice(part);
                None
            }
        }
    }

    /// The longest line that may begin as this one does: a report between servers is allowed what they
    /// add to the longest line of a client's.
    fn most_of(&self, part: &[u8]) -> usize {
        let begins = |word: &[u8]| {
            // A limit that cuts the word itself is no limit of a herd's, and the same for all lines.
            self.most >= word.len() && self.tail.iter().chain(part).take(word.len()).eq(word)
        };
        let is_long = self.tail.len() + part.len() > self.most;
        let is_passed_on =
            || [&b"AT "[..], b"KEPT ", b"GONE ", b"FORGOT ", b"AWAY ", b"MOVED "].into_iter().any(begins);
        if is_long && is_passed_on() { self.most + Self::SLACK } else { self.most }
    }

    /// What is left when no more bytes will come: a line without its LF, if there is one.
    pub fn last_line(&mut self) -> Option<&[u8]> {
        self.forget_lent();
        self.lent = true;
        (!self.tail.is_empty()).then_some(&self.tail[..])
    }

    /// Adds to the line under way and lends it out.
    fn keep(&mut self, part: &[u8]) -> &[u8] {
        self.tail.extend_from_slice(part);
        self.lent = true;
        &self.tail
    }

    /// A connection at rest holds no buffer, so what was lent is freed and not just cleared.
    fn forget_lent(&mut self) {
        if mem::take(&mut self.lent) {
            self.tail = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(most: usize, chunks: &[&[u8]]) -> Vec<(bool, Vec<u8>)> {
        let mut framer = Framer::new(most);
        let mut lines = Vec::new();
        for mut chunk in chunks.iter().copied() {
            while let Some(line) = framer.next_line(&mut chunk) {
                match line {
                    Line::Whole(line) => lines.push((true, line.to_vec())),
                    Line::TooLong(kept) => return [lines, vec![(false, kept.to_vec())]].concat(),
                }
            }
        }
        lines.extend(framer.last_line().map(|line| (true, line.to_vec())));
        lines
    }

    #[test]
    fn any_cutting_gives_the_same_lines() {
        let stream = b"ab\n\n\r\nlonger\nend";
        let whole = lines(8, &[stream]);
        assert_eq!(whole.len(), 5);
        for first in 0..stream.len() {
            for second in first..stream.len() {
                let cut = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(lines(8, &cut), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn the_limit_can_change_within_a_line() {
        let mut framer = Framer::new(8);
        assert_eq!(framer.next_line(&mut &b"12345"[..]), None);
        framer.limit(4);
        assert_eq!(framer.next_line(&mut &b"6\n"[..]), Some(Line::TooLong(b"12345")));
        let mut framer = Framer::new(4);
        assert_eq!(framer.next_line(&mut &b"12"[..]), None);
        framer.limit(5);
        assert_eq!(framer.next_line(&mut &b"345\n"[..]), Some(Line::Whole(b"12345")));
    }

    #[test]
    fn the_limit_counts_all_but_the_lf() {
        assert_eq!(lines(4, &[b"1234\n"]), [(true, b"1234".to_vec())]);
        for chunks in [&[&b"12345\n"[..]][..], &[b"12", b"345"], &[b"1234", b"5"], &[b"123456789"]] {
            assert_eq!(lines(4, chunks), [(false, b"1234".to_vec())], "{chunks:?}");
        }
    }
}
