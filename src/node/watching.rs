//! The typed door for whoever watches; sessions use it too.

use std::sync::Arc;

use super::hub::Hub;
use super::node::Node;
use crate::access::Rights;
use crate::herd::Share;
use crate::pass::{Turn, Work};
use crate::store::{Shard, Store};
use crate::values::SessionId;
use crate::watch::Watcher;
use crate::wire::{Need, Refusal, Target, WatchWord};

impl Node {
    /// Somebody who watches, and nothing yet; what is told goes by these rights. The id must be no other's in use, a
    /// session's or a watcher's: [`Action::Look`](crate::Action::Look) says it, and [`Action::Close`](crate::Action::Close)
    /// where the watcher is to be dropped.
    #[must_use]
    pub fn watcher(&self, id: SessionId, rights: Rights) -> Watcher {
        let share = Share::new(Arc::clone(&self.buffers), id);
        let hub = self.hub.hold();
        Watcher::new(share, Arc::new(rights), hub.identity.limits.watch_queue, &hub.watches)
    }

    /// Watches that target too, or begins anew to watch it: what there is, is [told](Self::tell) first.
    ///
    /// # Errors
    /// [`Refusal::NoRight`] where the rights cover no client that the target can be about;
    /// [`Refusal::WatchedOtherwise`] where the other kind of watch has that target; [`Refusal::TooManyWatches`]. Nothing has
    /// changed then.
    pub fn watch(&self, turn: &mut Turn, watcher: &mut Watcher, target: &Target) -> Result<(), Refusal> {
        if !watcher.rights().watch().overlap(&target.pattern) {
            return Err(Refusal::NoRight(Need::Watch));
        }
        let is_known = watcher.find(&target.text).map(|own| own.target.tells);
        if is_known.is_some_and(|tells| !tells.is_like(target.tells)) {
            return Err(Refusal::WatchedOtherwise);
        }
        let limits = &self.identity().limits;
        if is_known.is_none() && watcher.len() >= limits.watches {
            return Err(Refusal::TooManyWatches);
        }
        turn.horizon = self.horizon(limits, turn.now);
        watcher.limit(limits);
        self.hub(turn, |hub, turn| {
            let hash_key = &hub.identity.hash_key;
            if let Some(before) = watcher.remove(&target.text) {
                hub.watches.remove(before, hash_key);
            }
            hub.counters.watch += 1;
            let number = watcher.next_number();
            let of = (watcher.id(), watcher.inbox());
            let by = (&**watcher.rights(), &self.store, turn.horizon);
            let id = hub.watches.add(of, number, (target.clone(), hash_key), by);
            watcher.add(id, number, target);
        });
        Ok(())
    }

    /// Watches that target no more; whether it did. Nothing is told of it from here on.
    pub fn unwatch(&self, turn: &mut Turn, watcher: &mut Watcher, target: &[u8]) -> bool {
        self.hub(turn, |hub, _| {
            let removed = watcher.remove(target);
            if let Some(id) = removed {
                hub.watches.remove(id, &hub.identity.hash_key);
            }
            removed.is_some()
        })
    }

    /// Appends lines for a watcher to `out`, until that has about so many bytes or a turn's share of work was done: call it
    /// again while the watcher [has more](Watcher::has_more). Lines are as they are on the wire, whole, each with an LF.
    pub fn tell(&self, turn: &mut Turn, watcher: &mut Watcher, most: usize, out: &mut Vec<u8>) {
        let (start, is_own) = (turn.work(), watcher.id() != SessionId::REGIONS);
        if watcher.is_void() {
            self.begin_anew(turn, watcher, out);
        }
        while out.len() < most && turn.work().wrapping_sub(start) < Work::PASS {
            let Some(own) = watcher.first_gathering() else {
                watcher.read(most, out);
                break;
            };
            if !watcher.holds_back() {
                watcher.read(most, out);
                continue;
            }
            if own.target.circle.is_some() && !self.files_all(turn) {
                break;
            }
            let id = own.id;
            let is_done = self.hub(turn, |hub, turn| match hub.watches.next_shard(id) {
                Some(shard) => {
                    let shard = &mut self.store.shard_numbered(shard);
                    hub.take_feed(shard, &self.store, turn);
                    let work = hub.watches.gather(id, shard, out);
                    turn.spend(work);
                    false
                }
                None if is_own && hub.awaits_regions(&own.target, turn) => {
                    watcher.set_awaits_regions(true);
                    hub.await_regions(turn);
                    false
                }
                None => {
                    if is_own {
                        hub.meet_guests(id, &self.store, out);
                    }
                    true
                }
            });
            if watcher.awaits_regions() {
                break;
            }
            if is_done {
                WatchWord::Watching.write_alone(&own.target.text, out);
                watcher.gathered();
            }
        }
        turn.spend(Work::bytes(out.len()));
    }

    /// What the watcher knows is void: it is told so, and all that there is comes again.
    fn begin_anew(&self, turn: &mut Turn, watcher: &mut Watcher, out: &mut Vec<u8>) {
        turn.horizon = self.horizon(&self.identity().limits, turn.now);
        self.hub(turn, |hub, turn| {
            if !watcher.begins_anew() {
                return;
            }
            hub.counters.again += 1;
            for target in watcher.targets() {
                WatchWord::Again.write_alone(target, out);
            }
            for id in watcher.gathering() {
                hub.watches.begin(id, watcher.rights(), &self.store, turn.horizon);
            }
        });
    }
}

impl Hub {
    /// Takes what the feed of a shard has to all who listen.
    pub(super) fn take_feed(&mut self, shard: &mut Shard, store: &Store, turn: &mut Turn) {
        let feed = shard.feed();
        if let Some(changes) = &mut self.changes {
            changes.take(feed.kept());
        }
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.take(feed.arrivals());
            if let Some(homes) = self.homes.as_mut().filter(|_| !arrivals.is_empty()) {
                homes.has_arrivals(turn.now.instant);
            }
        }
        for run in feed.runs() {
            self.forward(run, turn);
        }
        if feed.has_shifts() {
            self.watches.clear_out(&self.identity.hash_key);
        }
        for shift in feed.shifts() {
            self.tell(&shift, store, turn);
        }
        feed.clear();
    }
}
