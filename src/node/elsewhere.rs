//! Asking for clients that are at home in another region: the typed door, which sessions use too.

use super::hub::Hub;
use super::node::Node;
use crate::access::Rights;
use crate::homes::{Then, Wanted};
use crate::pass::Turn;
use crate::report::OwnedRecord;
use crate::store::Search;
use crate::values::{SessionId, Ticket};
use crate::wire::{Around, Near, Refusal};

impl Node {
    /// Where a client is, wherever it is at home: its report, if that is here. If not, its region is asked, and an
    /// [`Action::Answer`](crate::Action::Answer) for that id says what came of it. The id must be no other's in use, a
    /// session's or a watcher's.
    ///
    /// # Errors
    /// [`Refusal::UnknownClient`].
    pub fn home(&self, turn: &mut Turn, id: SessionId, client: &[u8]) -> Result<Option<OwnedRecord>, Refusal> {
        if let Some(report) = self.position(client, turn.now) {
            return Ok(Some(report));
        }
        self.ask_home(turn, Ticket { session: id, number: 0 }, (client, b""), Then::Home)?;
        Ok(None)
    }

    /// As [`near`](Self::near), in all regions: the search, if all that there may be is here. If not, it is searched for here
    /// and elsewhere, and an [`Action::Answer`](crate::Action::Answer) for that id says what was found.
    ///
    /// # Errors
    /// As for [`near`](Self::near).
    pub fn near_anywhere(
        &self,
        turn: &mut Turn,
        id: SessionId,
        near: &Near,
        rights: &Rights,
    ) -> Result<Option<Search>, Refusal> {
        self.near_for(turn, Ticket { session: id, number: 0 }, (near, b""), rights)
    }

    /// A NEAR of that line, and of whoever has those rights.
    pub(super) fn near_for(
        &self,
        turn: &mut Turn,
        ticket: Ticket,
        (near, line): (&Near, &[u8]),
        rights: &Rights,
    ) -> Result<Option<Search>, Refusal> {
        let search = match (self.near(turn, near, rights), &near.around) {
            (Err(Refusal::UnknownClient), Around::Client(client)) if rights.ask().covers(client) => {
                let then = Then::Near(Box::new(near.clone()), rights.clone());
                self.ask_home(turn, ticket, (client, line), then)?;
                return Ok(None);
            }
            (search, _) => search?,
        };
        let except = if let Around::Client(client) = &near.around { Some(&**client) } else { None };
        Ok(self.hub(turn, |hub, turn| {
            let now = turn.now.instant;
            if hub.homes.as_ref().is_some_and(|homes| homes.spans(search.circle(), now)) {
                hub.gather(ticket, (near, except, rights), search, turn);
                return None;
            }
            Some(search)
        }))
    }

    /// Asks the region of a client that is not at home here, for the request of that line.
    pub(super) fn ask_home(
        &self,
        turn: &mut Turn,
        ticket: Ticket,
        (client, line): (&[u8], &[u8]),
        then: Then,
    ) -> Result<(), Refusal> {
        let horizon = self.horizon(&self.identity().limits, turn.now);
        let kept = self.store.get(client).filter(|kept| kept.record().region().is_some());
        let away = kept.filter(|away| !horizon.hides(&away.record())).ok_or(Refusal::UnknownClient)?;
        let asks = |hub: &mut Hub, turn: &mut Turn| {
            let Some(homes) = &mut hub.homes else { return Err(Refusal::UnknownClient) };
            hub.counters.region_questions += 1;
            homes.ask(Wanted { ticket, line: line.into(), away, then, tries: 0 }, turn);
            Ok(())
        };
        self.hub(turn, asks)
    }
}

impl Hub {
    /// Goes on with a NEAR, which is not about that client, here and in all regions that may have somebody there.
    pub(super) fn gather(
        &mut self,
        ticket: Ticket,
        near: (&Near, Option<&[u8]>, &Rights),
        search: Search,
        turn: &mut Turn,
    ) {
        let deadline = turn.now.instant + self.identity.limits.region_timeout;
        if let Some(homes) = &mut self.homes {
            homes.gather(ticket, near, search, deadline, turn);
        }
    }
}
