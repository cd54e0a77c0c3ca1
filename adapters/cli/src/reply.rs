//! From bytes, in chunks of any size, to replies.

use std::collections::VecDeque;
use std::io::{self, Write};

use herd::wire::WatchWord;
use serde_json::{Value, json};

use crate::commands::at::At;
use crate::pipeline::Request;
use crate::refusal;
use herd_command::readable_lines;

/// What a server says: its reply to one request, or a line of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A reply of one line, without its LF: an AT line, the JSON that answers STATUS, what ends the reply to a WATCH.
    Line(Vec<u8>),
    /// A WHATSAT's: the AT line, and the JSON without the two LF behind it.
    Places {
        /// The AT line, LF not included.
        at: Vec<u8>,
        /// Google's JSON.
        json: Vec<u8>,
    },
    /// A NEAR's: AT lines, without their LF and without the empty line behind them.
    Near(Vec<Vec<u8>>),
    /// A line of a watch, without its LF. Those before the end of a WATCH's reply come as they come, too.
    Told(Vec<u8>),
    /// The request was refused: the copy of it, `? ` and LF not included.
    Refused(Vec<u8>),
}

impl Reply {
    /// Writes it as it came.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Line(line) | Self::Told(line) => out.write_all(&[line, &b"\n"[..]].concat()),
            Self::Places { at, json } => out.write_all(&[at, &b"\n"[..], json, b"\n\n"].concat()),
            Self::Near(lines) => {
                lines.iter().try_for_each(|line| out.write_all(&[line, &b"\n"[..]].concat()))?;
                out.write_all(b"\n")
            }
            Self::Refused(line) => out.write_all(&[b"? ", &line[..], b"\n"].concat()),
        }
    }
}

impl Reply {
    /// As it came, fit for a terminal.
    pub(crate) fn readable(&self) -> String {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("a Vec takes every write");
        readable_lines(&bytes)
    }

    /// For programs, with the number of its request, and why that was refused.
    pub(crate) fn to_json(&self, request: Option<&Request>) -> Value {
        let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
        let mut told = match self {
            Self::Refused(line) => {
                let why = request.map(|request| refusal::why(&request.line, true));
                json!({ "refused": text(line), "why": why })
            }
            Self::Line(line) => match At::parse(line) {
                Some(at) => json!({ "at": at }),
                None => match serde_json::from_slice::<Value>(line) {
                    Ok(status) if status.is_object() => json!({ "status": status }),
                    _ => json!({ "line": text(line) }),
                },
            },
            Self::Places { at, json } => {
                // Whatever a source says that is no JSON.
                let places = serde_json::from_slice(json).unwrap_or_else(|_| Value::String(text(json)));
                json!({ "at": At::parse(at), "places": places })
            }
            Self::Near(lines) => json!({ "near": lines.iter().map(|line| At::parse(line)).collect::<Vec<_>>() }),
            Self::Told(line) => json!({ "told": text(line) }),
        };
        if let Some(request) = request {
            told["request"] = request.number.into();
        }
        told
    }
}

/// What a request is answered with, if it is not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// One line.
    Line,
    /// A line, and JSON up to an empty line.
    Places,
    /// Lines up to an empty one.
    Near,
    /// This line, behind others of watches.
    After(Vec<u8>),
}

impl Expected {
    /// What to expect of a request; `None` for a line of white space, which has no reply.
    pub(crate) fn of(request: &[u8]) -> Option<Self> {
        let is_space = |byte: &u8| herd::wire::is_white_space(*byte);
        let fields: Vec<&[u8]> = request.split(is_space).filter(|field| !field.is_empty()).collect();
        let (command, target) = fields.split_first()?;
        let after = |word: WatchWord| Self::After([&[word.as_str().as_bytes()], target].concat().join(&b' '));
        Some(match *command {
            b"WHATSAT" => Self::Places,
            b"NEAR" => Self::Near,
            b"WATCH" | b"FENCE" => after(WatchWord::Watching),
            b"UNWATCH" => after(WatchWord::Unwatched),
            _ => Self::Line,
        })
    }
}

/// Cuts what a server sends into replies and lines of watches. An AT line alone does not tell whether JSON follows, so it
/// is told what to [`expect`](Self::expect).
#[derive(Debug, Default)]
pub(crate) struct Replies {
    expected: VecDeque<Expected>,
    buffer: Vec<u8>,
    /// How much of the buffer was handed out.
    read: usize,
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
        self.buffer.drain(..std::mem::take(&mut self.read));
        self.buffer.extend_from_slice(bytes);
    }

    /// The next reply, or line of a watch, if it is whole.
    pub(crate) fn next(&mut self) -> Option<Reply> {
        let unread = &self.buffer[self.read..];
        let (line, rest) = split_at_line(unread)?;
        // No other reply begins so.
        let of_watch = WatchWord::parse(line.split(|&byte| byte == b' ').next()?).is_some();
        let (reply, rest) = match (line.strip_prefix(b"? "), self.expected.front()) {
            (None, Some(Expected::After(last))) if line == last => (Reply::Line(line.to_vec()), rest),
            (None, _) if of_watch => {
                let told = Reply::Told(line.to_vec());
                self.read += unread.len() - rest.len();
                return Some(told);
            }
            (_, None) => return None,
            (Some(request), _) => (Reply::Refused(request.to_vec()), rest),
            (None, Some(Expected::Line | Expected::After(_))) => (Reply::Line(line.to_vec()), rest),
            (None, Some(Expected::Places)) => {
                let json = rest.windows(2).position(|pair| pair == b"\n\n")?;
                (Reply::Places { at: line.to_vec(), json: rest[..json].to_vec() }, &rest[json + 2..])
            }
            (None, Some(Expected::Near)) => {
                let (mut lines, mut left) = (Vec::new(), unread);
                loop {
                    let (line, rest) = split_at_line(left)?;
                    left = rest;
                    if line.is_empty() {
                        break (Reply::Near(lines), left);
                    }
                    lines.push(line.to_vec());
                }
            }
        };
        self.read += unread.len() - rest.len();
        self.expected.pop_front();
        Some(reply)
    }
}

/// The first line without its LF, and what is behind it; `None` where it is not whole.
fn split_at_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
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
            proptest::collection::vec(line(), 0..4).prop_map(|lines| (Expected::Near, Reply::Near(lines))),
            "[a-z*]{1,9}".prop_map(|target| {
                let last = format!("WATCHING {target}").into_bytes();
                (Expected::After(last.clone()), Reply::Line(last))
            }),
        ]
    }

    fn told() -> impl Strategy<Value = Reply> {
        "(SEEN|LEFT|ENTER|AGAIN|FORGOTTEN) [a-z +.0-9]{0,20}".prop_map(|line| Reply::Told(line.into_bytes()))
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_replies_and_lines(
            replies in proptest::collection::vec((reply(), proptest::collection::vec(told(), 0..3)), 0..8),
            chunk in 1_usize..40,
        ) {
            let mut stream = Vec::new();
            let mut reader = Replies::default();
            let mut sent = Vec::new();
            for ((expected, reply), told) in replies {
                reader.expect(expected);
                sent.extend(told);
                sent.push(reply);
            }
            for reply in &sent {
                reply.write(&mut stream).expect("a Vec takes every write");
            }
            let mut read = Vec::new();
            for chunk in stream.chunks(chunk) {
                reader.take(chunk);
                read.extend(std::iter::from_fn(|| reader.next()));
            }
            prop_assert_eq!(read, sent);
            prop_assert!(!reader.expects_more());
        }
    }
}
