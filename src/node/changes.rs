//! A sink of the feed for whoever embeds a node: what changed in what it keeps.

use core::mem;

use crate::pass::{BroughtBy, Feed};
use crate::report::OwnedRecord;

/// A report that is kept now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is kept.
    pub report: OwnedRecord,
    /// Who brought it.
    pub from: BroughtBy,
}

/// What [`Node::take_changes`](crate::Node::take_changes) gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// What changed since it was last asked, in the order in which it did for each client.
    pub changes: Vec<Change>,
    /// How many changes there was no room for since then: where there are some, look at
    /// [`Node::reports`](crate::Node::reports) again.
    pub missed: u64,
}

/// Collects changes, up to a bound.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    most: usize,
    changed: Changed,
}

impl Changes {
    pub(super) fn new(most: usize) -> Self {
        Self { most, changed: Changed::default() }
    }

    /// Takes what concerns it: what is kept, whoever brought it.
    pub(super) fn take(&mut self, feed: &Feed) {
        let Changed { changes, missed } = &mut self.changed;
        for (report, from) in feed.kept() {
            if changes.len() < self.most {
                changes.push(Change { report: report.into(), from });
            } else {
                *missed += 1;
            }
        }
    }

    pub(super) fn give(&mut self) -> Changed {
        mem::take(&mut self.changed)
    }
}
