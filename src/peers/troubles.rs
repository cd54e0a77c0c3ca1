//! What is wrong at the moment, and when people were last told.
//!
//! Each trouble is told when it is found, and then once a minute for as long as it lasts. It is over when the other
//! server shows that it is, or when it was not seen again for a minute: a server that is refused goes on trying.

use core::time::Duration;

use crate::pass::{Notice, Trouble, Wrong};
use crate::values::{Instant, ServerName};

/// How long after it was told a trouble is told again.
const AGAIN: Duration = Duration::from_mins(1);

/// What is wrong at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    trouble: Trouble,
    /// How often it was seen: some are nothing to speak of the first time.
    times: u32,
    /// Whether it was seen since it was last told, and whether it lasts until it is known to be over.
    is_seen: bool,
    lasts: bool,
    /// When it is told again, or is over.
    due: Instant,
}

impl Troubles {
    /// How many there can be with servers that are no neighbours: whoever connects can call itself anything.
    const MOST_STRANGERS: usize = 16;

    /// How often two servers of one name must be seen before they are told of. When one restarts, what the run before it
    /// said may come late, and is then seen up to twice.
    const TIMES_OF_NAMES: u32 = 3;

    /// Something is wrong, and will be until it is known to be over: with a neighbour, of which there are no more than
    /// there are in the list.
    pub(crate) fn last(&mut self, trouble: Trouble, now: Instant, notices: &mut Vec<Notice>) {
        self.see(trouble, true, now, notices);
    }

    /// Something was wrong once more.
    pub(crate) fn seen(&mut self, trouble: Trouble, now: Instant, notices: &mut Vec<Notice>) {
        self.see(trouble, false, now, notices);
    }

    fn see(&mut self, trouble: Trouble, lasts: bool, now: Instant, notices: &mut Vec<Notice>) {
        let known = self.0.iter().position(|entry| entry.is(&trouble.with, &trouble.what));
        let index = known.unwrap_or(self.0.len());
        if known.is_none() {
            if !self.has_room(&trouble.what) {
                return;
            }
            self.0.push(Entry { trouble: trouble.clone(), times: 0, is_seen: false, lasts, due: now + AGAIN });
        }
        let entry = &mut self.0[index];
        // A reason that was found does not go when it is seen elsewhere, where none is.
        let is_reason_new = trouble.what.has_reason() && !entry.trouble.what.has_reason();
        if trouble.what.has_reason() || !entry.trouble.what.has_reason() {
            entry.trouble = trouble;
        }
        let was_told = entry.is_told() && !is_reason_new;
        (entry.is_seen, entry.times) = (known.is_some(), entry.times.saturating_add(1));
        if !was_told && entry.is_told() {
            (entry.due, entry.is_seen) = (now + AGAIN, false);
            notices.push(Notice::Wrong(entry.trouble.clone()));
        }
    }

    /// Whether one more of that kind is taken in.
    fn has_room(&self, what: &Wrong) -> bool {
        let is_stranger = |what: &Wrong| matches!(what, Wrong::Unknown { .. });
        let strangers = self.0.iter().filter(|entry| is_stranger(&entry.trouble.what)).count();
        !is_stranger(what) || strangers < Self::MOST_STRANGERS
    }

    /// That is over.
    pub(crate) fn over(&mut self, with: &ServerName, what: &Wrong) {
        self.0.retain(|entry| !entry.is(with, what));
    }

    /// All of it is over, with servers for which that is so.
    pub(crate) fn all_over(&mut self, mut with: impl FnMut(&ServerName) -> bool) {
        self.0.retain(|entry| !with(&entry.trouble.with));
    }

    /// Whether people were told of it, and it is not over.
    pub(crate) fn has(&self, with: &ServerName, what: &Wrong) -> bool {
        self.0.iter().any(|entry| entry.is(with, what) && entry.is_told())
    }

    /// Each of which people were told.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Trouble> {
        self.0.iter().filter(|entry| entry.is_told()).map(|entry| &entry.trouble)
    }

    /// When one is to be told again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|entry| entry.due).min()
    }

    /// The time for that has come.
    pub(crate) fn wake(&mut self, now: Instant, notices: &mut Vec<Notice>) {
        self.0.retain_mut(|entry| {
            if now < entry.due {
                return true;
            }
            let goes_on = entry.lasts || entry.is_seen;
            if goes_on && entry.is_told() {
                notices.push(Notice::Wrong(entry.trouble.clone()));
            }
            (entry.due, entry.is_seen) = (now + AGAIN, false);
            goes_on
        });
    }
}

impl Entry {
    fn is(&self, with: &ServerName, what: &Wrong) -> bool {
        self.trouble.with == *with && self.trouble.what.is_like(what)
    }

    /// Whether it was seen often enough to be told.
    fn is_told(&self) -> bool {
        self.times >= if self.trouble.what == Wrong::Name { Troubles::TIMES_OF_NAMES } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    fn trouble(with: &str, what: Wrong) -> Trouble {
        Trouble { with: ServerName::new(with).expect("a name"), what }
    }

    #[test]
    fn one_that_lasts_is_told_once_a_minute_until_it_is_over() {
        let (mut troubles, mut told) = (Troubles::default(), Vec::new());
        let differs = trouble("a", Wrong::Differs);
        for second in 0..150 {
            troubles.wake(at(second), &mut told);
            troubles.last(differs.clone(), at(second), &mut told);
        }
        assert_eq!(told, vec![Notice::Wrong(differs.clone()); 3]);
        troubles.over(&differs.with, &differs.what);
        assert_eq!((troubles.deadline(), troubles.iter().count()), (None, 0));
    }

    #[test]
    fn one_that_is_not_seen_again_is_over_after_a_minute() {
        let (mut troubles, mut told) = (Troubles::default(), Vec::new());
        let unknown = trouble("a", Wrong::Unknown { from: None });
        troubles.seen(unknown.clone(), at(0), &mut told);
        troubles.seen(unknown.clone(), at(59), &mut told);
        troubles.wake(at(60), &mut told);
        assert_eq!(told, vec![Notice::Wrong(unknown); 2]);
        assert_eq!(troubles.deadline(), Some(at(120)));
        troubles.wake(at(120), &mut told);
        assert_eq!((told.len(), troubles.deadline()), (2, None));
    }

    #[test]
    fn strangers_have_a_bound_and_neighbours_none() {
        let (mut troubles, mut told) = (Troubles::default(), Vec::new());
        for stranger in 0..100 {
            troubles.seen(trouble(&stranger.to_string(), Wrong::Unknown { from: None }), at(0), &mut told);
        }
        assert_eq!(told.len(), Troubles::MOST_STRANGERS);
        troubles.last(trouble("a", Wrong::Differs), at(0), &mut told);
        assert_eq!(told.len(), Troubles::MOST_STRANGERS + 1);
    }

    #[test]
    fn a_reason_that_is_found_is_told_and_stays() {
        let (mut troubles, mut told) = (Troubles::default(), Vec::new());
        let of = |why: Option<&str>| trouble("a", Wrong::Certificate { why: why.map(str::to_owned) });
        for why in [None, Some("it expired"), None] {
            troubles.seen(of(why), at(0), &mut told);
        }
        assert_eq!(told, [None, Some("it expired")].map(of).map(Notice::Wrong));
        assert_eq!(troubles.iter().collect::<Vec<_>>(), [&of(Some("it expired"))]);
    }

    #[test]
    fn two_of_one_name_are_told_of_the_third_time() {
        let (mut troubles, mut told) = (Troubles::default(), Vec::new());
        let twice = trouble("a", Wrong::Name);
        for second in [0, 1, 2, 3] {
            assert_eq!(troubles.has(&twice.with, &twice.what), second > 2);
            troubles.seen(twice.clone(), at(second), &mut told);
        }
        assert_eq!(told, [Notice::Wrong(twice)]);
    }
}
