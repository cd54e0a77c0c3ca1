//! What servers ask of their places sources.

use herd::{Event, FetchId, Query};

use super::Run;
use crate::calendar::Due;
use crate::places;
use crate::scenario::{Illness, MILLI, SECOND};
use crate::trace::Record;

/// How long a places source takes when it is well.
const PLACES_TAKE: u64 = 20 * MILLI;

/// How long one that never answers is waited for by whoever asked it for the core.
const PLACES_GIVE_UP: u64 = 60 * SECOND;

/// A question to a places source.
#[derive(Debug)]
pub(super) struct Fetch {
    server: usize,
    /// Of the server, when it asked.
    life: u32,
    id: FetchId,
    query: Query,
    fails: bool,
}

impl Run {
    pub(super) fn fetch(&mut self, server: usize, id: FetchId, query: Query) {
        let (takes, fails) = match self.hosts[server].illness {
            None => (PLACES_TAKE, false),
            Some(Illness::Slow(takes)) => (takes, false),
            Some(Illness::Fails) => (PLACES_TAKE, true),
            Some(Illness::Silent) => (PLACES_GIVE_UP, true),
        };
        let number = u32::try_from(self.fetches.len()).expect("fewer fetches than that");
        let life = self.hosts[server].life;
        self.fetches.push(Fetch { server, life, id, query, fails });
        self.calendar.put(self.now + takes, Due::Fetched(number));
        self.record(|record| Record { kind: "fetch", server: Some(server), ..record });
    }

    pub(super) fn fetched(&mut self, number: usize) {
        let Fetch { server, life, id: fetch, query, fails } = self.fetches[number];
        if self.hosts[server].life == life && self.hosts[server].node.is_some() {
            let outcome = if fails { Err(places::failure()) } else { Ok(places::answer(&query)) };
            self.record(|record| Record { kind: "fetched", server: Some(server), ..record });
            self.tell(server, Event::Fetched { fetch, outcome });
        }
    }
}
