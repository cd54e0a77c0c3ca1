//! Clients that are at home in another region and that somebody here watches.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::report::{OwnedRecord, Record};
use crate::values::{Instant, ServerName};

/// The newest report of each, as its region has told it.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    by_client: BTreeMap<Box<[u8]>, Guest>,
    bytes: usize,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) region: ServerName,
    pub(crate) report: OwnedRecord,
    /// When that was told.
    pub(crate) seen_at: Instant,
}

impl Guests {
    /// About how many bytes one takes, besides its client and its line.
    const SIZE: usize = 160;

    /// Takes a report; what is told before, unless that is as new.
    pub(crate) fn see(
        &mut self,
        region: &ServerName,
        report: OwnedRecord,
        (seen_at, most): (Instant, usize),
    ) -> Result<Option<OwnedRecord>, NotSeen> {
        let client: Box<[u8]> = report.record().client().into();
        let bytes = Self::SIZE + client.len() + report.line().len();
        match self.by_client.entry(client) {
            Entry::Vacant(_) if self.bytes + bytes > most => Err(NotSeen::Full),
            Entry::Vacant(entry) => {
                self.bytes += bytes;
                entry.insert(Guest { region: region.clone(), report, seen_at });
                Ok(None)
            }
            Entry::Occupied(mut entry) => {
                let guest = entry.get_mut();
                if guest.report.record().order(&report.record()).is_ge() {
                    return Err(NotSeen::Older);
                }
                self.bytes = self.bytes + report.line().len() - guest.report.line().len();
                let guest = core::mem::replace(guest, Guest { region: region.clone(), report, seen_at });
                Ok(Some(guest.report))
            }
        }
    }

    pub(crate) fn get(&self, client: &[u8]) -> Option<&Guest> {
        self.by_client.get(client)
    }

    /// A client is a guest no more.
    pub(crate) fn remove(&mut self, client: &[u8]) -> Option<OwnedRecord> {
        let (client, guest) = self.by_client.remove_entry(client)?;
        self.bytes -= Self::SIZE + client.len() + guest.report.line().len();
        Some(guest.report)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        self.by_client.values().map(|guest| guest.report.record())
    }

    /// Those of a region, or of any, for whom that is so.
    pub(crate) fn find(&self, is_so: impl Fn(&Guest) -> bool) -> Vec<Box<[u8]>> {
        self.by_client.iter().filter(|(_, guest)| is_so(guest)).map(|(client, _)| client.clone()).collect()
    }
}

/// Why a report is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSeen {
    /// What is told is as new.
    Older,
    /// No more guests may be kept.
    Full,
}
