//! The typed door: what a line asks of a node, as calls, for whoever embeds one and for other doors than lines.
//!
//! The same rules, limits and feed: a report that is made here is kept, or not, and flooded as one that came in an
//! IAMAT.

use super::node::Node;
use crate::bytes::Text;
use crate::herd::Identity;
use crate::homes::Then;
use crate::pass::{BroughtBy, Entry, Turn};
use crate::places::Query;
use crate::report::OwnedRecord;
use crate::values::{MOST_RESULTS, Nearby, Now, Radius, SessionId, Ticket, Timestamp};
use crate::wire::{Departed, Forget, Refusal, Sighting};

impl Node {
    /// A client reports where it is. What its AT line says: this server's name, the skew, and the sighting. Whether that
    /// is what is kept now, [`position`](Self::position) tells: an older report is passed on and not kept.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] where the same IAMAT would be longer than `max-line`; [`Refusal::TooFarAhead`] where its time
    /// is further past this server's clock than `max-ahead`; [`Refusal::Full`] where the client is not known and no more
    /// are kept; [`Refusal::NotKept`] while [no reports are taken](crate::Event::TakesReports). Nothing has changed then.
    pub fn report_position(&self, turn: &mut Turn, sighting: &Sighting<'_>) -> Result<OwnedRecord, Refusal> {
        let reported = self.write_and_learn(turn, sighting);
        self.count_refused(reported.as_ref().err(), turn);
        reported
    }

    /// The newest report of a client, unless that is over by now.
    #[must_use]
    pub fn position(&self, client: &[u8], now: Now) -> Option<OwnedRecord> {
        self.store.report(client, self.horizon(&self.identity().limits, now))
    }

    /// What is kept of a client, unless that is over by now; [`record`](Self::record) gives that too.
    #[must_use]
    pub fn current(&self, client: &[u8], now: Now) -> Option<OwnedRecord> {
        let horizon = self.horizon(&self.identity().limits, now);
        self.record(client).filter(|kept| !horizon.hides(&kept.record()))
    }

    /// All that is known of a client up to a time is to be forgotten, here and everywhere. What is kept of the client now:
    /// the tombstone, or what is newer: a report, or that the client is away.
    ///
    /// # Errors
    /// As for [`report_position`](Self::report_position).
    pub fn forget(&self, turn: &mut Turn, forget: &Forget<'_>) -> Result<OwnedRecord, Refusal> {
        let forgotten = self.write_and_bury(turn, forget);
        self.count_refused(forgotten.as_ref().err(), turn);
        forgotten
    }

    /// A client is asked for together with the places near it: as a WHATSAT, without its rights. The client's report, if it
    /// is at home here; the places, and the report where it is not, come as an [`Action::Answer`](crate::Action::Answer) for
    /// that id, which must be no other's in use, a session's or a watcher's. Whoever no longer waits says
    /// [`Event::Gone`](crate::Event::Gone).
    ///
    /// # Errors
    /// [`Refusal::UnknownClient`].
    pub fn whatsat(
        &self,
        turn: &mut Turn,
        id: SessionId,
        client: &[u8],
        (radius, bound): (Radius, u8),
    ) -> Result<Option<OwnedRecord>, Refusal> {
        let (ticket, bound) = (Ticket { session: id, number: 0 }, bound.min(MOST_RESULTS));
        let report = self.position(client, turn.now);
        let at = report.as_ref().and_then(|report| report.record().place());
        self.hub(turn, |hub, turn| {
            hub.counters.whatsat += 1;
            if let Some(at) = at {
                hub.want(Query { at, radius, bound }, ticket, turn);
            }
        });
        if report.is_none() {
            self.ask_home(turn, ticket, (client, b""), Then::Places(Nearby { radius, bound }))?;
        }
        Ok(report)
    }

    fn count_refused(&self, why: Option<&Refusal>, turn: &mut Turn) {
        let Some(why) = why else { return };
        self.hub(turn, |hub, turn| {
            hub.counters.refused += 1;
            if *why == Refusal::Full {
                hub.refuse_newcomers(1, turn);
            }
        });
    }

    fn write_and_bury(&self, turn: &mut Turn, forget: &Forget<'_>) -> Result<OwnedRecord, Refusal> {
        let identity = self.identity();
        turn.horizon = self.horizon(&identity.limits, turn.now);
        let Forget { client, time, at } = forget;
        let skew = judge(&identity, turn.now.wall, "FORGET  ".len() + client.len() + time.len(), *at)?;
        let departed = Departed::by_forget(forget, identity.name(), (turn.now.wall.since(*at), skew.as_bytes()));
        let mut text = Text::default();
        let mut entry = Entry::write_departed(identity.me, &departed, identity.hash_key.hash(client), &mut text);
        self.forget_entry(&mut entry, text.as_slice(), (&identity, BroughtBy::Client), turn)
    }

    fn write_and_learn(&self, turn: &mut Turn, sighting: &Sighting<'_>) -> Result<OwnedRecord, Refusal> {
        let identity = self.identity();
        turn.horizon = self.horizon(&identity.limits, turn.now);
        let Sighting { client, position, time, at } = sighting;
        let len = "IAMAT   ".len() + client.len() + position.len() + time.len();
        let skew = judge(&identity, turn.now.wall, len, *at)?;
        let mut text = Text::default();
        let (origin, hash) = ((identity.me, identity.name()), identity.hash_key.hash(client));
        let mut entry = [Entry::write_down(origin, skew.as_bytes(), sighting, hash, &mut text)];
        self.learn(&mut entry, text.as_slice(), BroughtBy::Client, (&identity, true), turn).map_err(|(_, why)| why)?;
        Ok(entry[0].record(text.as_slice()).into())
    }
}

/// The skew of something that a client tells, as it is written down, unless a line of so many bytes that tells it is too
/// long, it could not be kept, or the time is too far ahead.
fn judge(identity: &Identity, wall: Timestamp, len: usize, at: Timestamp) -> Result<String, Refusal> {
    if len > identity.limits.max_line {
        return Err(Refusal::TooLong);
    }
    if !identity.takes_reports {
        return Err(Refusal::NotKept);
    }
    match identity.limits.too_far_ahead(at, wall) {
        Some(by) => Err(Refusal::TooFarAhead(by)),
        None => Ok(wall.since(at).to_string()),
    }
}
