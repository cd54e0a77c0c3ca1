//! What was told of a watch so far, and what each further line leaves to tell.

use std::collections::HashMap;

use herd::Timestamp;
use herd::wire::WatchWord;

use super::line::Line;
use crate::record::Record;

/// Knows who was told to be there.
///
/// A beginning, also one at another server, says all who are there. Of these only what is new is told: whoever has moved,
/// come, or is not there any more. Servers hear of a report one after the other, so what is older than what was told is not
/// told again.
#[derive(Debug, Default)]
pub(super) struct Follower {
    /// Grows with what is watched, as it does at the server.
    known: HashMap<Box<[u8]>, Known>,
    /// How often it has begun.
    beginnings: u64,
}

/// What was told last of a client.
#[derive(Debug)]
struct Known {
    record: Box<[u8]>,
    at: Timestamp,
    /// In which beginning it was heard of last.
    beginning: u64,
}

/// What is to be told of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// What the server says.
    Told(WatchWord),
    /// It is in the fence still, after a gap.
    Inside,
    /// It is not there any more, after a gap: it has left, or was forgotten, or has expired.
    Gone,
}

impl Follower {
    /// How many clients are there, as far as it was told.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// All that is there is to be said anew.
    pub(super) fn begin(&mut self) {
        self.beginnings += 1;
    }

    /// Takes a line, and hands to `tell` what it leaves to tell.
    pub(super) fn take<E>(
        &mut self,
        line: Line,
        mut tell: impl FnMut(Change, &Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let (word, record) = match line {
            Line::Client(word, record) => (word, record),
            Line::Watch(WatchWord::Watching) => return self.whole(tell),
            Line::Watch(word) => {
                if word == WatchWord::Again {
                    self.begin();
                }
                return Ok(());
            }
        };
        let change = match word {
            WatchWord::Seen => self.seen(&record),
            WatchWord::Enter => Some(self.enter(&record)),
            over => {
                self.known.remove(&record.client[..]);
                Some(Change::Told(over))
            }
        };
        change.map_or(Ok(()), |change| tell(change, &record))
    }

    fn seen(&mut self, record: &Record) -> Option<Change> {
        self.heard(record).is_none_or(|before| before.is_older).then_some(Change::Told(WatchWord::Seen))
    }

    /// Whoever enters after it was said to be inside in this beginning has left meanwhile, without a word.
    fn enter(&mut self, record: &Record) -> Change {
        let is_inside = self.heard(record).is_some_and(|before| before.is_of_before);
        if is_inside { Change::Inside } else { Change::Told(WatchWord::Enter) }
    }

    /// A client is there; what was told of it before, if it was.
    fn heard(&mut self, record: &Record) -> Option<Before> {
        let Some(known) = self.known.get_mut(&record.client[..]) else {
            let (client, beginning) = (record.client[..].into(), self.beginnings);
            self.known.insert(client, Known { record: record.line[..].into(), at: record.at, beginning });
            return None;
        };
        let before = Before {
            is_older: (known.at, &known.record[..]) < (record.at, &record.line[..]),
            is_of_before: known.beginning != self.beginnings,
        };
        known.beginning = self.beginnings;
        if before.is_older {
            (known.record, known.at) = (record.line[..].into(), record.at);
        }
        Some(before)
    }

    /// Whoever was not said to be there is not there any more.
    fn whole<E>(&mut self, mut tell: impl FnMut(Change, &Record) -> Result<(), E>) -> Result<(), E> {
        let beginning = self.beginnings;
        let mut gone: Vec<_> = self.known.extract_if(|_, known| known.beginning != beginning).collect();
        gone.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut records = gone.iter().filter_map(|(_, known)| Record::parse(&known.record));
        records.try_for_each(|record| tell(Change::Gone, &record))
    }
}

/// What was told of a client before.
struct Before {
    /// It was an older report.
    is_older: bool,
    /// It was told before this beginning.
    is_of_before: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// What a follower has to tell of these lines of a watch of everybody.
    fn told(follower: &mut Follower, lines: &[&str]) -> Vec<(Change, String)> {
        let mut told = Vec::new();
        for line in lines {
            let line = Line::parse(format!("{line} *").as_bytes(), b"*").expect("a line of a watch");
            let tell = |change, record: &Record| {
                told.push((change, String::from_utf8_lossy(&record.client).into_owned()));
                Ok::<_, Infallible>(())
            };
            let Ok(()) = follower.take(line, tell);
        }
        told
    }

    fn owned(told: &[(Change, &str)]) -> Vec<(Change, String)> {
        told.iter().map(|(change, client)| (*change, (*client).to_owned())).collect()
    }

    #[test]
    fn after_a_gap_only_what_is_new_is_told() {
        use Change::Gone;

        let [seen, expired, forgotten] = [WatchWord::Seen, WatchWord::Expired, WatchWord::Forgotten].map(Change::Told);

        let mut follower = Follower::default();
        follower.begin();
        let first =
            told(&mut follower, &["SEEN A +0 a +1+1 5", "SEEN A +0 b +1+1 5", "SEEN A +0 c +1+1 5", "WATCHING"]);
        assert_eq!(first, owned(&[(seen, "a"), (seen, "b"), (seen, "c")]));
        let more = ["SEEN A +0 d +1+1 5", "SEEN A +0 a +1+1 6", "EXPIRED A +0 d +1+1 5", "SEEN A +0 e +1+1 5"];
        assert_eq!(told(&mut follower, &more), owned(&[(seen, "d"), (seen, "a"), (expired, "d"), (seen, "e")]));
        follower.begin();
        // Another server: a as it was told, b not yet as far, c and e not there, f new.
        let again = ["SEEN A +0 a +1+1 6", "SEEN A +0 b +1+1 4", "SEEN A +0 f +1+1 1", "WATCHING"];
        assert_eq!(told(&mut follower, &again), owned(&[(seen, "f"), (Gone, "c"), (Gone, "e")]));
        assert_eq!(told(&mut follower, &["SEEN A +0 b +1+1 5", "SEEN A +0 b +2+2 5"]), owned(&[(seen, "b")]));
        assert_eq!(told(&mut follower, &["FORGOTTEN A +0 b 6"]), owned(&[(forgotten, "b")]));
        assert_eq!(follower.count(), 2);
    }

    #[test]
    fn a_fence_says_who_is_inside_still() {
        use Change::{Gone, Inside};

        let [enter, leave] = [WatchWord::Enter, WatchWord::Leave].map(Change::Told);

        let mut follower = Follower::default();
        follower.begin();
        let first =
            ["ENTER A +0 a +1+1 5", "ENTER A +0 b +1+1 5", "WATCHING", "LEAVE A +0 a +9+9 6", "ENTER A +0 a +1+1 7"];
        assert_eq!(told(&mut follower, &first), owned(&[(enter, "a"), (enter, "b"), (leave, "a"), (enter, "a")]));
        // The server has lost lines.
        let again = ["AGAIN", "ENTER A +0 a +1+1 8", "ENTER A +0 c +1+1 8", "WATCHING"];
        assert_eq!(told(&mut follower, &again), owned(&[(Inside, "a"), (enter, "c"), (Gone, "b")]));
    }

    proptest! {
        /// Whoever hears what is told, and nothing else, knows whom the server said to be there last, however often it had
        /// to begin, and of each the newest report.
        #[test]
        fn who_listens_knows_who_is_there(
            beginnings in proptest::collection::vec(
                (proptest::collection::btree_map(0_u8..6, 0_u64..9, 0..6), proptest::collection::vec((0_u8..6, 0_u64..9, any::<bool>()), 0..6)),
                1..5,
            ),
        ) {
            let (mut follower, mut heard) = (Follower::default(), BTreeMap::new());
            for (start, later) in beginnings {
                let mut there = start.clone();
                let mut lines: Vec<String> =
                    start.iter().map(|(client, time)| format!("SEEN A +0 {client} +1+1 {time}")).collect();
                lines.push("WATCHING".into());
                for (client, time, is_there) in later {
                    if is_there {
                        let newest = there.entry(client).or_insert(time);
                        *newest = time.max(*newest);
                        lines.push(format!("SEEN A +0 {client} +1+1 {newest}"));
                    } else if let Some(time) = there.remove(&client) {
                        lines.push(format!("EXPIRED A +0 {client} +1+1 {time}"));
                    }
                }
                follower.begin();
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                for line in lines {
                    let line = Line::parse(format!("{line} *").as_bytes(), b"*").expect("a line of a watch");
                    let Ok(()) = follower.take(line, |change, record| {
                        match change {
                            Change::Told(WatchWord::Seen) => {
                                let before = heard.insert(record.client.clone(), record.at);
                                assert!(before.is_none_or(|before| before < record.at), "nothing older, nothing twice");
                            }
                            _ => assert!(heard.remove(&record.client).is_some(), "nobody goes who was not there"),
                        }
                        Ok::<_, Infallible>(())
                    });
                }
                let there: Vec<_> = there.into_keys().map(|client| client.to_string().into_bytes()).collect();
                prop_assert_eq!(heard.keys().cloned().collect::<Vec<_>>(), there);
                prop_assert_eq!(follower.count(), heard.len());
            }
        }
    }
}
