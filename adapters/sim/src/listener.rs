//! Whoever listens to what changes in what a server keeps, and what it makes of it.

use std::cmp::Ordering;

use herd::{BroughtBy, Change, Node, OwnedRecord, RecordKind};

use crate::trace::escaped;

/// The most bytes of changes that wait for a listener: more than any pass brings.
const MOST_CHANGES: usize = 1 << 16;

/// What a listener knows of one life of a server: of each client the newest that it was told.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    newest: Vec<Option<OwnedRecord>>,
    clients: usize,
    heard: u64,
}

impl Listener {
    /// Listens to a node from now on; `known` is what the node keeps already, and of which client.
    pub(crate) fn of(node: &Node, known: impl Iterator<Item = (u32, OwnedRecord)>) -> Self {
        node.collect_changes(MOST_CHANGES);
        node.collect_arrivals(MOST_CHANGES);
        let mut listener = Self::default();
        known.for_each(|(client, report)| drop(listener.put(client, report)));
        listener
    }

    /// Takes a change. What was there before may be `over`, and then it does not count.
    ///
    /// # Errors
    /// How it is no newer than the one of that client before.
    pub(crate) fn hear(&mut self, client: u32, report: OwnedRecord, is_over: bool) -> Result<(), String> {
        self.heard += 1;
        let Some(before) = self.put(client, report).filter(|_| !is_over) else { return Ok(()) };
        let now = self.newest(client).expect("it was just put there");
        match now.record().order(&before.record()) {
            Ordering::Greater => Ok(()),
            Ordering::Equal => Err(format!("its feed tells a second time: {}", escaped(now.line()))),
            Ordering::Less => Err(format!("its feed tells {} behind {}", escaped(now.line()), escaped(before.line()))),
        }
    }

    /// Whether a change is an arrival: a tombstone, or a report in the place of nothing or of what is none; nothing that was
    /// heard of another region. Where what was there before may be `over`, that cannot be told.
    pub(crate) fn arrives(&self, client: u32, change: &Change<'_>, is_over: bool) -> Option<bool> {
        let was_here = self.newest(client).is_some_and(|before| before.record().is_report());
        match change.record.kind() {
            _ if change.from == BroughtBy::Region => Some(false),
            RecordKind::Away => Some(false),
            RecordKind::Tombstone => Some(true),
            RecordKind::Report if was_here && is_over => None,
            RecordKind::Report => Some(!was_here),
        }
    }

    /// That client is known no more: nobody is told of that.
    pub(crate) fn forget(&mut self, client: u32) {
        if let Some(newest) = self.newest.get_mut(client as usize) {
            self.clients -= usize::from(newest.take().is_some());
        }
    }

    /// What it was last told of a client.
    pub(crate) fn newest(&self, client: u32) -> Option<&OwnedRecord> {
        self.newest.get(client as usize)?.as_ref()
    }

    /// Of how many clients it was told.
    pub(crate) const fn clients(&self) -> usize {
        self.clients
    }

    /// How many changes it was told.
    pub(crate) const fn heard(&self) -> u64 {
        self.heard
    }

    /// Puts a report in the place of the one before.
    fn put(&mut self, client: u32, report: OwnedRecord) -> Option<OwnedRecord> {
        let client = client as usize;
        if self.newest.len() <= client {
            self.newest.resize_with(client + 1, || None);
        }
        let before = self.newest[client].replace(report);
        self.clients += usize::from(before.is_none());
        before
    }
}
