//! What other regions ask of this one.

use bytes::Bytes;

use super::bus::ReplyTo;
use super::heading::lines;
use super::selection::Selection;
use super::tally::Tally;
use crate::access::{Right, Rights};
use crate::spatial::Circle;
use crate::store::Search;
use crate::values::{Pattern, Position, ServerName};
use crate::wire::{Around, Message, Near, Target};

/// A question, as it came.
#[derive(Clone, Debug)]
pub(crate) enum Incoming {
    /// Where each of these clients is: `WHERE client`, line by line.
    Where(Bytes),
    /// Who is near.
    Near(Box<Neighbourhood>),
    /// What becomes of these clients, from now on.
    Watch(Box<Target>),
    /// Which buckets of clients that are at home in either region differ from these digests.
    Compare(Box<(Tally, Vec<u64>)>),
    /// What is kept of these clients.
    Tell(Selection),
}

/// A NEAR of another region's.
#[derive(Clone, Debug)]
pub(crate) struct Neighbourhood {
    pub(crate) near: Near,
    pub(crate) center: Position,
    /// Of whoever asks.
    pub(crate) rights: Rights,
    /// A client who does not count.
    pub(crate) except: Option<Box<[u8]>>,
}

impl Incoming {
    /// Reads the lines behind the heading, of that region.
    pub(crate) fn parse(asker: &ServerName, question: &[u8]) -> Option<Self> {
        let mut lines = lines(question);
        let first = lines.next()?;
        if first.starts_with(b"WHERE ") {
            return Some(Self::Where(Bytes::copy_from_slice(question)));
        }
        if let Some(compared) = Tally::parse_question(first, asker) {
            return Some(Self::Compare(Box::new(compared)));
        }
        if let Some(selection) = Selection::parse(first) {
            return Some(Self::Tell(selection));
        }
        let near = match Message::parse(first).ok()?? {
            Message::Near(near) => near,
            Message::Watch(target) => return Some(Self::Watch(Box::new(target))),
            _ => return None,
        };
        let Around::Position(center) = near.around else { return None };
        let (rights, except) = (rights(lines.next()?)?, lines.next().and_then(|line| line.strip_prefix(b"EXCEPT ")));
        Some(Self::Near(Box::new(Neighbourhood { near, center, rights, except: except.map(Box::from) })))
    }
}

/// Appends the lines of a NEAR for other regions.
pub(super) fn write_near(near: &Near, circle: &Circle, except: Option<&[u8]>, rights: &Rights, out: &mut Vec<u8>) {
    near.write(circle.center(), out);
    out.extend_from_slice(b"ASK");
    for pattern in rights.ask().to_write() {
        out.push(b' ');
        pattern.write(out);
    }
    out.push(b'\n');
    if let Some(except) = except {
        for part in [b"EXCEPT ", except, b"\n"] {
            out.extend_from_slice(part);
        }
    }
}

/// `ASK pattern ...`: which clients somebody may ask for.
fn rights(line: &[u8]) -> Option<Rights> {
    let mut fields = line.split(|&byte| byte == b' ');
    if fields.next() != Some(b"ASK") {
        return None;
    }
    fields.map(|pattern| Pattern::parse(pattern).map(Right::Ask)).collect()
}

/// A NEAR of another region's that takes longer than a turn.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) to: ReplyTo,
    pub(crate) search: Search,
}
