//! What a client has said on one connection, and what it is owed for it.

use std::collections::VecDeque;

use crate::nearby::{Found, NearAsked};
use crate::oracle::{Oracle, ReportId};
use crate::places;
use crate::viewer::{Asked, Begins, Context, Viewer};
use crate::violation::Invariant;

/// A reply that is owed.
#[derive(Debug)]
pub(crate) enum Owed {
    /// `AT` and that report, or `GONE` and that tombstone.
    Record(ReportId),
    /// That record, or the other one where that was over.
    Either(ReportId, ReportId),
    /// `AT` and that report, and at most so many places.
    Places(ReportId, u8),
    /// Who is near.
    Near(Box<NearAsked>),
    /// What there is of what is watched from now on.
    Watching(Box<Asked>),
    /// `UNWATCHED` and that target.
    Unwatched(Box<[u8]>),
    /// `? ` and that line; nothing after it.
    Refusal(Vec<u8>),
}

/// A client's side of a connection.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    owed: VecDeque<Owed>,
    received: Vec<u8>,
    /// Lines that the client has sent whole, and that are to be answered.
    pub(crate) said: usize,
    /// Those that the server has taken.
    pub(crate) taken: usize,
    /// Replies that were checked and are right.
    pub(crate) answered: usize,
    /// Whether what was said last has no line end yet.
    open: bool,
    /// Whether a line was refused: whatever follows it is not answered.
    pub(crate) refused: bool,
    /// Whether the server may say that there are no places.
    excused: bool,
    /// How many bytes the server has written, and how many of them were looked at.
    pub(crate) written: u64,
    read: u64,
    /// What it watches.
    pub(crate) viewer: Viewer,
    /// Who was told to be near since this was last looked at.
    pub(crate) found: Vec<Found>,
}

impl Talk {
    /// Nothing said yet, with a server that may be `excused` for having no places.
    pub(crate) fn new(excused: bool) -> Self {
        Self { excused, ..Self::default() }
    }

    /// The client sends text.
    pub(crate) fn says(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            let blank = line.bytes().all(herd::wire::is_white_space);
            self.open |= !blank;
            if line.ends_with('\n') {
                self.said += usize::from(self.open);
                self.open = false;
            }
        }
    }

    /// The server owes it this, too.
    pub(crate) fn owe(&mut self, owed: Owed) {
        self.owed.push_back(owed);
    }

    /// Whether everything said so far was answered.
    pub(crate) fn is_settled(&self) -> bool {
        self.owed.is_empty() && (self.refused || self.taken >= self.said)
    }

    /// Where it stands, for people.
    pub(crate) fn state(&self, oracle: &Oracle) -> String {
        let next = self.owed.front().map_or_else(|| "nothing".into(), |owed| owed.show(oracle));
        let Self { said, taken, answered, .. } = self;
        let (owed, begun) = (self.owed.len(), lossy(&self.received));
        format!("{said} lines said, {taken} taken, {answered} answered, {owed} owed, next {next}; got {begun:?} of it")
    }

    /// Bytes come from the server: they must be what is owed next.
    pub(crate) fn receives(&mut self, bytes: &[u8], cx: &Context<'_>) -> Result<(), (Invariant, String)> {
        self.received.extend_from_slice(bytes);
        let mut used = 0;
        while used < self.received.len() {
            let rest = &self.received[used..];
            match Begins::of(rest) {
                Begins::Partly => break,
                Begins::Told(line) => {
                    let len = line.len() + 1;
                    let is_answer = match (self.owed.front(), line.strip_prefix(b"UNWATCHED ")) {
                        (Some(Owed::Unwatched(target)), Some(unwatched)) if **target == *unwatched => {
                            self.viewer.unwatched(target);
                            true
                        }
                        (Some(Owed::Watching(asked)), _) => {
                            self.viewer.hear(line, self.read + used as u64, Some(asked), cx)?
                        }
                        _ => self.viewer.hear(line, self.read + used as u64, None, cx)?,
                    };
                    if is_answer {
                        self.answered += 1;
                        self.owed.pop_front();
                    }
                    used += len;
                    continue;
                }
                Begins::Otherwise => {}
            }
            let Some(owed) = self.owed.front() else {
                return Err((Invariant::Answered, format!("{:?} is owed to nobody", lossy(rest))));
            };
            match owed.matches(rest, cx.oracle, self.excused)? {
                None => break,
                Some(len) => {
                    if let Owed::Near(asked) = owed {
                        let lines = rest[..len - 1].split_inclusive(|&byte| byte == b'\n');
                        let told = lines.map(|line| cx.oracle.find(&line[b"AT ".len()..line.len() - 1]));
                        let told = told.collect::<Option<_>>();
                        let told = told.ok_or_else(|| (Invariant::Invented, format!("near is {:?}", lossy(rest))))?;
                        self.found.push(Found { asked: (**asked).clone(), told });
                    }
                    used += len;
                    self.answered += 1;
                    self.owed.pop_front();
                }
            }
        }
        self.received.drain(..used);
        self.read += used as u64;
        Ok(())
    }

    /// The server closes the connection in good order: it owes nothing.
    pub(crate) fn ends(&self, oracle: &Oracle) -> Result<(), (Invariant, String)> {
        if self.owed.is_empty() {
            return Ok(());
        }
        Err((Invariant::Answered, format!("the connection ended: {}", self.state(oracle))))
    }
}

impl Owed {
    fn show(&self, oracle: &Oracle) -> String {
        match self {
            Self::Record(id) | Self::Either(id, _) => {
                lossy(&[oracle.report(*id).word(), &oracle.report(*id).line].concat())
            }
            Self::Places(id, bound) => format!("AT {} and {bound} places", lossy(&oracle.report(*id).line)),
            Self::Near(asked) => format!("who is near: {:?}", asked.near),
            Self::Watching(asked) => format!("WATCHING {}", lossy(&asked.target.text)),
            Self::Unwatched(target) => format!("UNWATCHED {}", lossy(target)),
            Self::Refusal(line) => format!("? {}", lossy(line)),
        }
    }

    /// How long this reply is, if all of it is there; an error if it is something else.
    fn matches(&self, bytes: &[u8], oracle: &Oracle, excused: bool) -> Result<Option<usize>, (Invariant, String)> {
        match self {
            Self::Record(id) => {
                let record = oracle.report(*id);
                begins(bytes, record.word(), &record.line, Invariant::Answered)
            }
            Self::Either(one, other) => {
                let either = Self::Record(*one).matches(bytes, oracle, excused);
                either.or_else(|_| Self::Record(*other).matches(bytes, oracle, excused))
            }
            Self::Refusal(line) => begins(bytes, b"? ", line, Invariant::Deserved),
            Self::Near(_) => near_len(bytes),
            Self::Watching(_) | Self::Unwatched(_) => {
                Err((Invariant::Answered, format!("{:?} is not what is owed to a watcher", lossy(bytes))))
            }
            Self::Places(id, bound) => {
                let report = oracle.report(*id);
                let Some(start) = begins(bytes, b"AT ", &report.line, Invariant::Newest)? else { return Ok(None) };
                let Some(len) = memchr::memmem::find(&bytes[start..], b"\n\n") else { return Ok(None) };
                let json = &bytes[start..start + len];
                let has_places = report.position.is_some_and(|at| places::is_answer(json, at, *bound));
                if has_places || excused && places::is_failure(json) {
                    return Ok(Some(start + len + 2));
                }
                Err((Invariant::Answered, format!("these are not the places: {:?}", lossy(json))))
            }
        }
    }
}

/// How long the reply to a NEAR is, if all of it is there: AT lines, and an empty one.
fn near_len(bytes: &[u8]) -> Result<Option<usize>, (Invariant, String)> {
    let mut len = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        len += line.len();
        if line == b"\n" {
            return Ok(Some(len));
        }
        if !line.starts_with(b"AT ") && !b"AT ".starts_with(line) {
            return Err((Invariant::Near, format!("this is nobody who is near: {:?}", lossy(line))));
        }
    }
    Ok(None)
}

/// How long `word`, `line` and LF are, if `bytes` begin with them; none if they may yet.
fn begins(bytes: &[u8], word: &[u8], line: &[u8], otherwise: Invariant) -> Result<Option<usize>, (Invariant, String)> {
    let len = word.len() + line.len() + 1;
    let mut expected = word.iter().chain(line).chain(b"\n");
    if bytes.iter().all(|byte| expected.next().is_none_or(|expected| expected == byte)) {
        return Ok((bytes.len() >= len).then_some(len));
    }
    let got = bytes.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    Err((otherwise, format!("the reply is {:?}, not {:?}", lossy(got), lossy(&[word, line].concat()))))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned()
}

#[cfg(test)]
mod tests;
