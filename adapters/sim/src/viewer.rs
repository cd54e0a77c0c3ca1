//! What a client knows by its watches and fences on one connection, and whether what it is told of them goes together.

use std::collections::{BTreeMap, VecDeque};

use herd::RecordKind;
use herd::wire::{Target, Tells};

use crate::globe;
use crate::oracle::{Known, Oracle, ReportId};
use crate::trace::escaped;
use crate::violation::Invariant;

/// What lines begin with that are told of what is watched.
const WORDS: [&[u8]; 9] =
    [b"SEEN ", b"LEFT ", b"ENTER ", b"LEAVE ", b"FORGOTTEN ", b"EXPIRED ", b"AGAIN ", b"WATCHING ", b"UNWATCHED "];

/// What bytes from a server begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins<'a> {
    /// A line about what is watched, without its LF.
    Told(&'a [u8]),
    /// What may become one.
    Partly,
    /// Something else.
    Otherwise,
}

impl<'a> Begins<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        if WORDS.iter().any(|word| bytes.starts_with(word)) {
            return memchr::memchr(b'\n', bytes).map_or(Self::Partly, |end| Self::Told(&bytes[..end]));
        }
        if WORDS.iter().any(|word| word.starts_with(bytes)) { Self::Partly } else { Self::Otherwise }
    }
}

/// A client's request to watch something, from when the server has taken it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) target: Target,
    /// How many bytes the server had written by then: what comes behind them is not of a watch before of that target.
    pub(crate) since: u64,
}

/// What decides on a line, besides the line.
pub(crate) struct Context<'a> {
    pub(crate) oracle: &'a Oracle,
    /// Whether a record may be over at the server.
    pub(crate) may_go: &'a dyn Fn(ReportId) -> bool,
    /// How much the server has kept so far.
    pub(crate) so_far: usize,
}

/// What a client knows by its watches and fences.
#[derive(Debug, Default)]
pub(crate) struct Viewer {
    /// What the server watches for it, by the targets.
    pub(crate) taken: BTreeMap<Box<[u8]>, Tells>,
    /// What it has been told.
    pub(crate) views: BTreeMap<Box<[u8]>, View>,
    /// The watch whose start is being told as a reply.
    starting: Option<Box<[u8]>>,
    /// Those that begin anew because the client was too slow, in their order.
    again: VecDeque<Box<[u8]>>,
}

/// What it knows by one of them.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) target: Target,
    /// Whether its start is being told.
    pub(crate) begins: bool,
    /// The clients that it shows, and of each the record that was told last.
    pub(crate) shown: BTreeMap<u32, ReportId>,
    /// Of every client what was told last, shown or not.
    told: BTreeMap<u32, ReportId>,
    /// How much the server had kept when the client knew all that there was at the start.
    pub(crate) since: usize,
}

impl Viewer {
    /// A line of a watch has come, `at` so many bytes; `asked` is the request to watch that is to be answered next, if that
    /// is one. Whether it is answered now.
    pub(crate) fn hear(
        &mut self,
        line: &[u8],
        at: u64,
        asked: Option<&Asked>,
        cx: &Context<'_>,
    ) -> Result<bool, (Invariant, String)> {
        let told = Told::parse(line).ok_or_else(|| wrong(None, "which is no such line", line))?;
        let starts = asked.filter(|asked| at >= asked.since && *asked.target.text == *told.target);
        if let Some(asked) = starts {
            self.start(&asked.target);
        } else if self.starting.is_some() {
            return Err(wrong(None, "within the reply to a WATCH", line));
        }
        match told.word {
            b"WATCHING" => self.has_all(told.target, starts.is_some(), cx.so_far, line).map(|()| starts.is_some()),
            b"AGAIN" => self.again(told.target, line).map(|()| false),
            _ => {
                let view = self.views.get_mut(told.target);
                let view = view.ok_or_else(|| wrong(None, "of what is not watched", line))?;
                let is_due = starts.is_some() || self.again.front().is_none_or(|first| **first == *told.target);
                if view.begins && !is_due {
                    return Err(wrong(Some(view), "before what begins anew before it", line));
                }
                view.hear(&told, line, cx).map(|()| false)
            }
        }
    }

    /// A watch that was asked for begins, if it has not yet.
    fn start(&mut self, target: &Target) {
        if self.starting.as_deref() == Some(&*target.text) {
            return;
        }
        self.starting = Some(target.text.clone());
        self.again.retain(|again| *again != target.text);
        let told = self.views.remove(&target.text).map(|view| view.told).unwrap_or_default();
        let view = View { target: target.clone(), begins: true, shown: BTreeMap::new(), told, since: 0 };
        self.views.insert(target.text.clone(), view);
    }

    fn has_all(&mut self, target: &[u8], starts: bool, so_far: usize, line: &[u8]) -> Result<(), (Invariant, String)> {
        if starts {
            self.starting = None;
        } else if self.again.front().is_some_and(|first| **first == *target) {
            self.again.pop_front();
        } else {
            return Err(wrong(None, "of what did not begin", line));
        }
        let view = self.views.get_mut(target).ok_or_else(|| wrong(None, "of what is not watched", line))?;
        (view.begins, view.since) = (false, so_far);
        Ok(())
    }

    /// The client was too slow, or sees others now: it forgets what it knew.
    fn again(&mut self, target: &[u8], line: &[u8]) -> Result<(), (Invariant, String)> {
        let view = self.views.get_mut(target).ok_or_else(|| wrong(None, "of what is not watched", line))?;
        if view.begins {
            return Err(wrong(Some(view), "of what has not begun", line));
        }
        view.begins = true;
        view.shown.clear();
        self.again.push_back(target.into());
        Ok(())
    }

    /// Nothing is told of that target any more.
    pub(crate) fn unwatched(&mut self, target: &[u8]) {
        self.views.remove(target);
        self.again.retain(|again| **again != *target);
    }
}

impl View {
    pub(crate) const fn is_fence(&self) -> bool {
        matches!(self.target.tells, Tells::Crossings { .. })
    }

    /// The promise that is broken where what it is told does not go together.
    pub(crate) const fn invariant(&self) -> Invariant {
        if self.is_fence() { Invariant::Fenced } else { Invariant::Watched }
    }

    /// Whether it waits before it says that somebody is inside.
    const fn dwells(&self) -> bool {
        matches!(self.target.tells, Tells::Crossings { dwell: Some(_) })
    }

    /// Whether it is about that record, of which this is the client's ID; none at the edge of a circle, and where it is told
    /// nothing of a client that is away.
    pub(crate) fn covers(&self, record: &Known, client: &[u8]) -> Option<bool> {
        let covers = self.target.pattern.covers(client);
        if covers && record.kind == RecordKind::Away && self.target.circle.is_none() {
            return None;
        }
        let Some(at) = record.position.filter(|_| covers) else { return Some(false) };
        self.target.circle.map_or(Some(true), |circle| globe::is_within(circle, at))
    }

    /// It is told something of a client.
    fn hear(&mut self, told: &Told<'_>, line: &[u8], cx: &Context<'_>) -> Result<(), (Invariant, String)> {
        let Some(id) = cx.oracle.find(told.record) else {
            return Err((Invariant::Invented, format!("a watcher is told what no client said: {}", escaped(line))));
        };
        let record = cx.oracle.report(id);
        let (client, name) = (record.client, cx.oracle.client(record.client));
        let (last, is_shown) = (self.told.get(&client).copied(), self.shown.contains_key(&client));
        let covers = self.covers(record, name);
        let is_there = covers != Some(false) || self.dwells() && self.target.pattern.covers(name);
        // One that moves to another region leaves with its last report, and is still known to who watches it by its ID.
        let may_move = cx.oracle.was_away(client);
        let fault = match told.word {
            _ if record.kind == RecordKind::Away => Some("which is at home elsewhere"),
            b"SEEN" | b"ENTER" if (told.word == b"ENTER") != self.is_fence() => Some("which it does not say"),
            b"LEFT" | b"FORGOTTEN" | b"EXPIRED" if self.is_fence() => Some("which a fence does not say"),
            b"LEAVE" if !self.is_fence() => Some("which only a fence says"),
            b"SEEN" | b"ENTER" if !is_there => Some("which it is not about"),
            b"ENTER" if is_shown => Some("which is inside already"),
            b"SEEN" if is_shown && self.begins => Some("twice at its start"),
            b"LEFT" | b"LEAVE" | b"FORGOTTEN" | b"EXPIRED" if self.begins => Some("at its start"),
            b"FORGOTTEN" if self.target.circle.is_none() && may_move => None,
            b"LEFT" | b"LEAVE" | b"FORGOTTEN" | b"EXPIRED" if !is_shown => Some("which it did not show"),
            b"LEFT" if covers == Some(true) && !may_move => Some("which is still inside"),
            b"FORGOTTEN" if !record.is_tombstone() => Some("which is no tombstone"),
            _ if record.is_tombstone() && told.word != b"FORGOTTEN" => Some("which is a tombstone"),
            _ => None,
        };
        // What is over gives way to whatever comes. Of one that was away, that may be that it was forgotten before.
        let last = last.filter(|&last| !(cx.may_go)(last));
        let is_known_again = told.word == b"FORGOTTEN" && may_move;
        let may_be_last = self.begins || is_known_again || matches!(told.word, b"EXPIRED" | b"LEAVE" | b"LEFT");
        let is_older = last
            .is_some_and(|last| if may_be_last { cx.oracle.is_newer(last, id) } else { !cx.oracle.is_newer(id, last) });
        if let Some(fault) = fault.or(is_older.then_some("behind something that is no older")) {
            return Err(wrong(Some(self), fault, line));
        }
        self.told.insert(client, id);
        // Who leaves by being forgotten, or by moving, may come back with anything once that has gone.
        if matches!(told.word, b"LEAVE" | b"LEFT") && covers != Some(false) {
            self.told.remove(&client);
        }
        if matches!(told.word, b"SEEN" | b"ENTER") {
            self.shown.insert(client, id);
        } else {
            self.shown.remove(&client);
        }
        Ok(())
    }
}

/// A line about what is watched.
#[derive(Debug)]
struct Told<'a> {
    word: &'a [u8],
    /// As it is kept; nothing where the line tells none.
    record: &'a [u8],
    target: &'a [u8],
}

impl<'a> Told<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b' ', line)?;
        let (word, rest) = (&line[..end], &line[end + 1..]);
        let fields = match word {
            b"SEEN" | b"LEFT" | b"ENTER" | b"LEAVE" | b"EXPIRED" => 5,
            b"FORGOTTEN" => 4,
            _ => return Some(Self { word, record: b"", target: rest }),
        };
        let end = memchr::memchr_iter(b' ', rest).nth(fields - 1)?;
        Some(Self { word, record: &rest[..end], target: &rest[end + 1..] })
    }
}

fn wrong(view: Option<&View>, fault: &str, line: &[u8]) -> (Invariant, String) {
    (view.map_or(Invariant::Watched, View::invariant), format!("a watcher is told {}, {fault}", escaped(line)))
}

#[cfg(test)]
mod tests;
