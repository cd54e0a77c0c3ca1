//! All clients, a page at a time.

use super::cursor::Cursor;
use super::filter::Filter;
use super::store::Store;
use crate::pass::{Turn, Work};
use crate::report::OwnedRecord;

/// A page of the clients that a server keeps, looked for in steps that hold nobody up for long.
///
/// Clients come in the order of their hashes, which never change: who begins each page behind the last client of the one
/// before meets whoever is there all the time exactly once.
#[derive(Debug)]
pub struct Listing {
    cursor: Cursor,
    most: usize,
    filter: Filter,
    found: Vec<OwnedRecord>,
}

/// Some clients, and whether there are more behind the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Their reports.
    pub records: Vec<OwnedRecord>,
    /// Whether there are any more.
    pub has_more: bool,
}

impl Listing {
    /// The page, once [it is done](crate::Node::list).
    #[must_use]
    pub fn into_page(mut self) -> Page {
        let has_more = self.found.len() > self.most;
        self.found.truncate(self.most);
        Page { records: self.found, has_more }
    }
}

impl Store {
    /// Begins a page of at most so many of the clients that count, behind that one.
    pub(crate) fn listing(&self, after: Option<&[u8]>, most: usize, filter: Filter) -> Listing {
        let cursor = after.map_or_else(Cursor::default, |client| Cursor::after(self.hash(client), self.secret(client)));
        Listing { cursor, most, filter, found: Vec::new() }
    }

    /// Takes a turn's share of the steps; whether the page is done.
    pub(crate) fn fill(&self, listing: &mut Listing, turn: &mut Turn) -> bool {
        let Listing { cursor, most, filter, found } = listing;
        if let Some(client) = filter.pattern.only() {
            let record = self.report(client, turn.horizon).filter(|_| filter.covers(client));
            // Where it begins behind a client, that was the only one.
            found.extend(record.filter(|_| *cursor == Cursor::default()));
            return true;
        }
        let (mut work, mut step) = (0, Vec::new());
        while work < Work::PASS && found.len() <= *most {
            let is_met = self.walk(cursor, Self::COPY, |shard, cursor| {
                let mut met = 0;
                for kept in shard.next(cursor, Self::COPY) {
                    met += 1;
                    let client = kept.record.client();
                    if filter.covers(client) && filter.is_timely(&kept.record, turn.horizon) {
                        step.push((kept.hash.bits(), self.secret(client), OwnedRecord::from(kept.record)));
                    }
                }
                met
            });
            if !is_met {
                return true;
            }
            step.sort_unstable_by_key(|&(hash, secret, _)| (hash, secret));
            found.extend(step.drain(..).map(|(_, _, record)| record));
            work += Self::COPY as u64;
        }
        turn.spend(work);
        found.len() > *most
    }
}

#[cfg(test)]
mod tests;
