//! All clients in pages: the typed door.

use super::node::Node;
use crate::access::Rights;
use crate::pass::Turn;
use crate::store::{Filter, Listing};
use crate::values::Pattern;

impl Node {
    /// Begins a page of at most so many of the clients that a pattern is about and that the right `ask` covers:
    /// [`list`](Self::list) looks for them. Clients come in an order that never changes, the same for all servers of a
    /// herd with a hash key; a page comes behind the client `after`, which need not be known any more.
    #[must_use]
    pub fn listing(&self, pattern: &Pattern, rights: &Rights, after: Option<&[u8]>, most: usize) -> Listing {
        let filter = Filter { pattern: pattern.clone(), rights: rights.ask().clone(), heard_since: None, except: None };
        self.store.listing(after, most, filter)
    }

    /// Goes on with a page for about a turn's share of work; whether it is done.
    #[must_use]
    pub fn list(&self, turn: &mut Turn, listing: &mut Listing) -> bool {
        turn.horizon = self.horizon(&self.identity().limits, turn.now);
        self.store.fill(listing, turn)
    }
}
