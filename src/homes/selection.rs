//! Clients of which one region tells others what it keeps.

use std::collections::BTreeSet;

use super::tally::{first_of, number_of};
use crate::report::Record;
use crate::wire::base64;

/// Some by their numbers, and all whose numbers begin with certain bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(super) numbers: BTreeSet<u64>,
    pub(super) firsts: BTreeSet<u8>,
}

impl Selection {
    /// As many are asked for by their numbers at once: as many as a message has room for.
    pub(super) const MOST: usize = 4096;

    const WORD: &[u8] = b"TELL ";

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.firsts.is_empty()
    }

    /// Whether what is kept of a client is to be told. Of a client that was not asked for by its number, only what this
    /// region knows best: of who is in a third one that one tells.
    pub(super) fn picks(&self, record: &Record<'_>) -> bool {
        let number = number_of(record.client());
        self.numbers.contains(&number) || record.region().is_none() && self.firsts.contains(&first_of(number))
    }

    /// Appends the question for it: `TELL firsts numbers`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::WORD);
        base64::push(self.firsts.iter().map(|&first| [first]), out);
        out.push(b' ');
        base64::push(self.numbers.iter().map(|number| number.to_be_bytes()), out);
        out.push(b'\n');
    }

    /// Reads it.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.strip_prefix(Self::WORD)?.splitn(2, |&byte| byte == b' ');
        let firsts = base64::read(fields.next()?, |[first]| first)?;
        let numbers = base64::read(fields.next()?, u64::from_be_bytes)?;
        let is_short = numbers.len() <= Self::MOST;
        is_short.then(|| Self { numbers: numbers.into_iter().collect(), firsts: firsts.into_iter().collect() })
    }
}
