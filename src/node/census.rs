//! Going through all that is kept for other regions, a step at a time.

use super::hub::Hub;
use super::node::Node;
use crate::homes::{Errand, Walk};
use crate::pass::Turn;
use crate::store::Store;

impl Node {
    /// Takes the next step, if there is one to take; whether there was.
    pub(super) fn walk_for_regions(&self, turn: &mut Turn) -> bool {
        let now = turn.now.instant;
        let next = self.hub(turn, |hub, _| hub.homes.as_mut()?.census.next_walk(now));
        let Some(mut walk) = next else { return false };
        let horizon = self.horizon(&self.identity().limits, turn.now);
        turn.spend(Store::COPY as u64);
        let Walk { cursor, errands, .. } = &mut walk;
        let goes_on = self.store.show_next(cursor, |record| {
            if horizon.hides(record) {
                return;
            }
            for errand in errands.iter_mut() {
                errand.look(record);
            }
        });
        self.hub(turn, |hub, turn| hub.walked(walk, goes_on, turn));
        true
    }
}

impl Hub {
    /// A walk has taken a step; if it does not go on, that was the last.
    fn walked(&mut self, walk: Walk, goes_on: bool, turn: &Turn) {
        let Some(homes) = self.homes.as_mut().filter(|homes| homes.census.wants(&walk)) else { return };
        if goes_on {
            return homes.census.goes_on(walk);
        }
        let (began, now) = (walk.began(), turn.now.instant);
        for errand in walk.errands {
            match errand {
                Errand::Presence(found) => {
                    if homes.census.found(found, began, now) {
                        homes.tell_presence();
                    }
                }
            }
        }
    }
}
