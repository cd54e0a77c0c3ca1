//! From bytes, in chunks of any size, to replies.

use std::collections::VecDeque;
use std::io::{self, Write};

/// A server's reply to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// An AT line, or the one line of JSON that answers STATUS; LF not included.
    Line(Vec<u8>),
    /// A WHATSAT's: the AT line, and the JSON without the two LF behind it.
    Places {
        /// The AT line, LF not included.
        at: Vec<u8>,
        /// Google's JSON.
        json: Vec<u8>,
    },
    /// The request was refused: the copy of it, `? ` and LF not included.
    Refused(Vec<u8>),
}

impl Reply {
    /// Writes it as it came.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Line(line) => out.write_all(&[line, &b"\n"[..]].concat()),
            Self::Places { at, json } => out.write_all(&[at, &b"\n"[..], json, b"\n\n"].concat()),
            Self::Refused(line) => out.write_all(&[b"? ", &line[..], b"\n"].concat()),
        }
    }
}

/// What a request is answered with, if it is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// One line.
    Line,
    /// A line, and JSON up to an empty line.
    Places,
}

impl Expected {
    /// What to expect of a request; `None` for a line of white space, which has no reply.
    pub(crate) fn of(request: &[u8]) -> Option<Self> {
        let is_space = |byte: &u8| herd::wire::is_white_space(*byte);
        let command = request.split(is_space).find(|field| !field.is_empty())?;
        Some(if command == b"WHATSAT" { Self::Places } else { Self::Line })
    }
}

/// Cuts what a server sends into replies. An AT line alone does not tell whether JSON follows, so it is
/// told what to [`expect`](Self::expect).
#[derive(Debug, Default)]
pub(crate) struct Replies {
    expected: VecDeque<Expected>,
    buffer: Vec<u8>,
}

impl Replies {
    /// A request was sent, after all that were sent before.
    pub(crate) fn expect(&mut self, expected: Expected) {
        self.expected.push_back(expected);
    }

    /// Whether a reply is owed.
    pub(crate) fn expects_more(&self) -> bool {
        !self.expected.is_empty()
    }

    /// Takes bytes as they came.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next reply, if it is whole.
    pub(crate) fn next(&mut self) -> Option<Reply> {
        let expected = *self.expected.front()?;
        let line_end = self.buffer.iter().position(|&byte| byte == b'\n')?;
        let line = &self.buffer[..line_end];
        let (reply, end) = match (line.strip_prefix(b"? "), expected) {
            (Some(request), _) => (Reply::Refused(request.to_vec()), line_end + 1),
            (None, Expected::Line) => (Reply::Line(line.to_vec()), line_end + 1),
            (None, Expected::Places) => {
                let rest = &self.buffer[line_end + 1..];
                let json = rest.windows(2).position(|pair| pair == b"\n\n")?;
                let reply = Reply::Places { at: line.to_vec(), json: rest[..json].to_vec() };
                (reply, line_end + 1 + json + 2)
            }
        };
        self.buffer.drain(..end);
        self.expected.pop_front();
        Some(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply() -> impl Strategy<Value = (Expected, Reply)> {
        let line = || "AT [a-z +.0-9]{0,20}".prop_map(String::into_bytes);
        prop_oneof![
            line().prop_map(|line| (Expected::Line, Reply::Line(line))),
            (line(), "\\{(\n?[a-z: ]){0,20}\\}")
                .prop_map(|(at, json)| (Expected::Places, Reply::Places { at, json: json.into_bytes() })),
            "[a-zA-Z ]{0,20}".prop_map(|line| (Expected::Places, Reply::Refused(line.into_bytes()))),
        ]
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_replies(
            replies in proptest::collection::vec(reply(), 0..8),
            chunk in 1_usize..40,
        ) {
            let mut stream = Vec::new();
            let mut reader = Replies::default();
            for (expected, reply) in &replies {
                reply.write(&mut stream).expect("a Vec takes every write");
                reader.expect(*expected);
            }
            let mut read = Vec::new();
            for chunk in stream.chunks(chunk) {
                reader.take(chunk);
                read.extend(std::iter::from_fn(|| reader.next()));
            }
            prop_assert_eq!(read, replies.into_iter().map(|(_, reply)| reply).collect::<Vec<_>>());
            prop_assert!(!reader.expects_more());
        }
    }
}
