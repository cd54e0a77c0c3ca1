//! The door for whoever joins regions: what other ones say of clients that are at home there, or were forgotten.

use super::node::Node;
use crate::bytes::Text;
use crate::herd::{Identity, Told};
use crate::pass::{Became, BroughtBy, Entry, Turn, Work};
use crate::report::{OwnedRecord, Record};
use crate::store::{Intake, Shards};
use crate::values::ServerName;
use crate::wire::{Framer, RecordKind, Written};

/// What became of lines that a node has [heard](Node::hear) of other regions. Each is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// What is kept now.
    pub kept: usize,
    /// What changed nothing: it was known, or the client is known to have gone on to another region.
    pub known: usize,
    /// For each line of a client of which a newer report or tombstone is kept, that: whoever said the line does not know of
    /// it.
    pub newer: Vec<OwnedRecord>,
    /// What is not kept of clients that are unknown here: no more may be kept, or what was kept of it was let go.
    pub not_kept: usize,
    /// What is over, or too far in the future.
    pub untimely: usize,
    /// What is neither an AWAY line nor a GONE line without a sender, or too long for one.
    pub invalid: usize,
}

impl Heard {
    fn count(&mut self, heard: &Record<'_>, became: Became, kept: Option<Record<'_>>) {
        match (became, kept) {
            (Became::Kept, _) => self.kept += 1,
            (_, Some(kept)) if kept.region().is_none() && kept != *heard => self.newer.push(kept.into()),
            (_, Some(_)) => self.known += 1,
            (_, None) => self.not_kept += 1,
        }
    }
}

impl Node {
    /// Takes in lines of other regions, `AWAY region skew client time` or `GONE origin skew client time`, each with an LF
    /// but the last, which may have none. What is news is told to all neighbours; other lines change nothing.
    ///
    /// That a client is at home in this region is for its own servers to say: of two records of one time the bytes would
    /// decide, and the report may be the lesser one.
    ///
    /// Whoever calls this says who is believed. Have it take no more than some hundreds of lines in one turn.
    pub fn hear(&self, turn: &mut Turn, lines: &[u8]) -> Heard {
        let identity = self.identity();
        turn.horizon = self.horizon(&identity.limits, turn.now);
        let (listeners, mut shards) = (self.listeners(&identity), Shards::default());
        let (mut heard, mut text, mut count) = (Heard::default(), Text::default(), 0);
        for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            count += 1;
            turn.spend(Work::line(line.len()));
            text.truncate(0);
            let Some(entry) = self.read_news(&identity, line, (&mut heard, &mut text), turn) else { continue };
            let (text, from) = (text.as_slice(), BroughtBy::Region);
            let intake = Intake { text, from, listeners, fast: false, horizon: turn.horizon, now: turn.now.instant };
            let record = entry.record(text);
            self.store.bury(&entry, intake, &mut shards, |became, kept| heard.count(&record, became, kept));
        }
        if listeners.is_some() && count > 0 {
            self.deliver(shards, BroughtBy::Region, count, turn);
        }
        heard
    }

    /// Writes down what a line says, if it is worth that.
    fn read_news(
        &self,
        identity: &Identity,
        line: &[u8],
        (heard, text): (&mut Heard, &mut Text),
        turn: &mut Turn,
    ) -> Option<Entry> {
        // A neighbour has to take it with this server's name behind it.
        let most = identity.limits.max_line + Framer::SLACK - ServerName::MOST_BYTES - 1;
        let (Ok(Written::Departed(departed)), true) = (Written::parse(line), line.len() <= most) else {
            heard.invalid += 1;
            return None;
        };
        if departed.kind == RecordKind::Away && self.region().is_some_and(|own| own.as_bytes() == departed.origin) {
            heard.known += 1;
            return None;
        }
        let Ok(origin) = identity.origin(departed.origin) else {
            heard.invalid += 1;
            return None;
        };
        // Regions tell each other what they lack, as servers do in a comparison.
        let told = Told::departed(&departed, false);
        if let Some(why) = turn.horizon.judge(&told, &identity.limits, turn.now.wall) {
            heard.untimely += 1;
            self.hub(turn, |hub, _| hub.untimely(why));
            return None;
        }
        let client = identity.hash_key.hash(departed.covers.client);
        let mut entry = Entry::write_departed(origin, &departed, client, text);
        if entry.head.is_of_stranger() {
            self.learn_origins(core::slice::from_mut(&mut entry), text.as_slice(), turn);
        }
        Some(entry)
    }
}
