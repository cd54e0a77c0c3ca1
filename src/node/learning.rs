//! How what was read becomes part of what is kept, and comes to whoever listens.

use core::slice;
use core::sync::atomic::Ordering;

use super::node::Node;
use crate::herd::Identity;
use crate::pass::{Became, BroughtBy, Entry, Turn};
use crate::report::{OwnedRecord, Record};
use crate::store::{Intake, Shards};
use crate::wire::Refusal;

impl Node {
    /// Takes in reports whose lines are in `text`, and tells whoever listens what became of them.
    pub(super) fn learn(
        &self,
        entries: &mut [Entry],
        text: &[u8],
        from: BroughtBy,
        (identity, fast): (&Identity, bool),
        turn: &mut Turn,
    ) -> Result<(), (usize, Refusal)> {
        let listeners = self.listeners(identity);
        let intake = Intake { text, from, listeners, fast, horizon: turn.horizon, now: turn.now.instant };
        let (shards, learned) = self.store.learn(entries, intake);
        if listeners.is_some() {
            self.deliver(shards, from, entries.len(), turn);
        }
        learned
    }

    /// Takes in that a client has departed, whose line is in `text`, and tells whoever listens what became of it. That, and
    /// what is kept of the client then, is looked at while nothing changes there.
    pub(super) fn bury<T>(
        &self,
        entry: &mut Entry,
        text: &[u8],
        (identity, from): (&Identity, BroughtBy),
        turn: &mut Turn,
        look: impl FnOnce(Became, Option<Record<'_>>) -> T,
    ) -> T {
        if entry.head.is_of_stranger() {
            self.learn_origins(slice::from_mut(entry), text, turn);
        }
        let (listeners, mut shards) = (self.listeners(identity), Shards::default());
        let intake = Intake { text, from, listeners, fast: false, horizon: turn.horizon, now: turn.now.instant };
        let looked = self.store.bury(entry, intake, &mut shards, look);
        if listeners.is_some() {
            self.deliver(shards, from, 1, turn);
        }
        looked
    }

    /// Takes in what a client wants to have forgotten; what is kept of it then.
    pub(super) fn forget_entry(
        &self,
        entry: &mut Entry,
        text: &[u8],
        by: (&Identity, BroughtBy),
        turn: &mut Turn,
    ) -> Result<OwnedRecord, Refusal> {
        let look = |became, kept: Option<Record<'_>>| kept.filter(|_| became != Became::Refused).map(OwnedRecord::from);
        self.bury(entry, text, by, turn, look).ok_or(Refusal::Full)
    }

    /// Takes what so many records have changed in some shards to whoever listens.
    pub(super) fn deliver(&self, shards: Shards, from: BroughtBy, count: usize, turn: &mut Turn) {
        let told = self.hub(turn, |hub, turn| {
            if let Some(neighbour) = from.neighbour() {
                hub.heard(neighbour, turn);
                if from == BroughtBy::Repair(neighbour) {
                    hub.mended(neighbour, (0, count as u64), turn);
                }
            }
            let before = hub.counters.told;
            hub.deliver(&self.store, shards, turn);
            hub.counters.told - before
        });
        let before = self.fan_out.load(Ordering::Relaxed);
        if told + before > 0 {
            self.fan_out.store((3 * before + told / count as u64) / 4, Ordering::Relaxed);
        }
    }

    /// Gives origins of which nobody had heard their ids.
    #[cold]
    pub(super) fn learn_origins(&self, entries: &mut [Entry], text: &[u8], turn: &mut Turn) {
        self.hub(turn, |hub, _| {
            for entry in entries.iter_mut().filter(|entry| entry.head.is_of_stranger()) {
                if let Some(id) = hub.learn_origin(entry.record(text).origin_name()) {
                    entry.head = entry.head.with_origin(id);
                }
            }
        });
    }
}
