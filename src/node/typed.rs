//! The typed door: what a line asks of a node, as calls, for whoever embeds one and for other doors than lines.
//!
//! The same rules, limits and feed: a report that is made here is kept, or not, and flooded as one that came in an
//! IAMAT.

use super::node::Node;
use crate::bytes::Text;
use crate::pass::{BroughtBy, Entry, Turn};
use crate::report::OwnedRecord;
use crate::wire::{Refusal, Sighting};

impl Node {
    /// A client reports where it is. What its AT line says: this server's name, the skew, and the sighting. Whether that
    /// is what is kept now, [`position`](Self::position) tells: an older report is passed on and not kept.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] where the same IAMAT would be longer than `max-line`; [`Refusal::TooFarAhead`] where its time
    /// is further past this server's clock than `max-ahead`; [`Refusal::Full`] where the client is not known and no more
    /// are kept. Nothing has changed then.
    pub fn report_position(&self, turn: &mut Turn, sighting: &Sighting<'_>) -> Result<OwnedRecord, Refusal> {
        let reported = self.write_and_learn(turn, sighting);
        if reported.is_err() {
            self.hub(turn, |hub, _| hub.counters.refused += 1);
        }
        reported
    }

    /// The newest report of a client.
    #[must_use]
    pub fn position(&self, client: &[u8]) -> Option<OwnedRecord> {
        self.store.get(client)
    }

    fn write_and_learn(&self, turn: &mut Turn, sighting: &Sighting<'_>) -> Result<OwnedRecord, Refusal> {
        let identity = self.identity();
        let Sighting { client, position, time, at } = sighting;
        if "IAMAT   ".len() + client.len() + position.len() + time.len() > identity.limits.max_line {
            return Err(Refusal::TooLong);
        }
        if let Some(by) = identity.limits.too_far_ahead(*at, turn.now.wall) {
            return Err(Refusal::TooFarAhead(by));
        }
        let mut text = Text::default();
        let skew = turn.now.wall.since(*at).to_string();
        let (origin, hash) = ((identity.me, identity.name()), identity.hash_key.hash(client));
        let mut entry = [Entry::write_down(origin, skew.as_bytes(), sighting, hash, &mut text)];
        self.learn(&mut entry, text.as_slice(), BroughtBy::Client, (&identity, true), turn).map_err(|(_, why)| why)?;
        Ok(entry[0].record(text.as_slice()).into())
    }
}
