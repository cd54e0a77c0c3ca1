//! Who is near: the typed door, which sessions use too.

use super::node::Node;
use crate::access::Rights;
use crate::bytes::Text;
use crate::pass::{Turn, Work};
use crate::spatial::Circle;
use crate::store::{Filter, Search};
use crate::wire::{Around, Near, Need, Refusal};

impl Node {
    /// Begins to look for who is near: [`search`](Self::search) does it. Found are clients that the right `ask` covers.
    ///
    /// # Errors
    /// [`Refusal::NoRight`] without the right to ask who is near; [`Refusal::UnknownClient`] where a client is to be looked
    /// around that is not known, or that the right `ask` does not cover.
    pub fn near(&self, turn: &Turn, near: &Near, rights: &Rights) -> Result<Search, Refusal> {
        if !rights.allow(Need::Near, b"") {
            return Err(Refusal::NoRight(Need::Near));
        }
        let (center, except) = match &near.around {
            Around::Position(at) => (*at, None),
            Around::Client(client) if rights.ask().covers(client) => {
                let report = self.position(client, turn.now).ok_or(Refusal::UnknownClient)?;
                (report.record().place().ok_or(Refusal::UnknownClient)?, Some(&**client))
            }
            Around::Client(_) => return Err(Refusal::UnknownClient),
        };
        self.hub.hold().counters.near += 1;
        let filter = Filter::of(near, rights, turn.now.wall, except);
        Ok(Search::new(Circle::new(center, near.radius), near.bound.into(), filter))
    }

    /// Goes on with a search for about a turn's share of work; whether it is done, so that all
    /// [is found](Search::into_nearest). What is found of each client was so at some moment of the search, and of those who
    /// are in the circle all the time nobody is missed.
    #[must_use]
    pub fn search(&self, turn: &mut Turn, search: &mut Search) -> bool {
        turn.horizon = self.horizon(&self.identity().limits, turn.now);
        self.files_all(turn) && self.store.search(search, turn)
    }

    /// Whether it is known where all clients are. While it is not, this does a turn's share of what there is to do for that.
    pub(super) fn files_all(&self, turn: &mut Turn) -> bool {
        const STEPS: u64 = 4;
        for _ in 0..STEPS {
            if self.store.index_step() {
                return true;
            }
            turn.spend(Work::PASS / STEPS);
        }
        false
    }
}

/// Appends what is replied to a NEAR to `answers`; where it is.
pub(super) fn write_found(search: Search, answers: &mut Text) -> core::ops::Range<usize> {
    let start = answers.len();
    for found in search.into_nearest() {
        found.record().write_copy(b"AT ", b"\n", answers);
    }
    answers.push(b"\n");
    start..answers.len()
}
