//! What other regions have answered of their clients, so that nothing older is answered next.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use crate::report::OwnedRecord;
use crate::values::ServerName;

/// The newest answer of each client, as far back as there is room for: the servers of a region do not hear of a report at
/// the same moment, and the next question may reach another one.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    by_client: BTreeMap<Box<[u8]>, (ServerName, OwnedRecord)>,
    /// Their clients, in the order in which they were first answered.
    order: VecDeque<Box<[u8]>>,
    bytes: usize,
}

impl Answers {
    /// As many bytes are remembered.
    const MOST: usize = 16 << 20;

    /// About how many bytes one takes, besides its client, which is there twice, and its line.
    const SIZE: usize = 160;

    /// A region answers with that report: what is to be said of the client, and by which region. That is what was said
    /// before, where the report is older.
    pub(crate) fn newest(&mut self, region: &ServerName, report: OwnedRecord) -> (ServerName, OwnedRecord) {
        let client: Box<[u8]> = report.record().client().into();
        match self.by_client.entry(client) {
            Entry::Occupied(mut entry) => {
                let (_, before) = entry.get();
                if before.record().order(&report.record()).is_lt() {
                    self.bytes = self.bytes + report.line().len() - before.line().len();
                    entry.insert((region.clone(), report));
                }
                return entry.get().clone();
            }
            Entry::Vacant(entry) => {
                self.bytes += Self::SIZE + 2 * entry.key().len() + report.line().len();
                self.order.push_back(entry.key().clone());
                entry.insert((region.clone(), report.clone()));
            }
        }
        while self.bytes > Self::MOST
            && let Some(client) = self.order.pop_front()
            && let Some((_, report)) = self.by_client.remove(&client)
        {
            self.bytes -= Self::SIZE + 2 * client.len() + report.line().len();
        }
        (region.clone(), report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(client: &str, time: u32) -> OwnedRecord {
        OwnedRecord::of_elsewhere(format!("AT a +0.5 {client} +1+1 {time}").as_bytes()).expect("a report")
    }

    #[test]
    fn nothing_older_is_said_of_a_client_as_long_as_there_is_room() {
        let (us, eu) = (ServerName::new("us").expect("a name"), ServerName::new("eu").expect("a name"));
        let mut answers = Answers::default();
        assert_eq!(answers.newest(&us, report("kiwi", 5)), (us.clone(), report("kiwi", 5)));
        assert_eq!(answers.newest(&eu, report("kiwi", 4)), (us.clone(), report("kiwi", 5)));
        assert_eq!(answers.newest(&eu, report("kiwi", 6)), (eu.clone(), report("kiwi", 6)));
        assert_eq!(answers.newest(&eu, report("emu", 1)), (eu.clone(), report("emu", 1)));
        for client in 0..100_000 {
            let _ = answers.newest(&us, report(&format!("c{client}"), 1));
        }
        assert!(answers.bytes <= Answers::MOST && answers.order.len() == answers.by_client.len());
        assert_eq!(answers.newest(&us, report("kiwi", 4)), (us, report("kiwi", 4)));
    }
}
