//! Telling other regions again of all clients at home, so that these do not forget them while they report.

use core::time::Duration;

use super::regions::Regions;
use crate::store::Cursor;
use crate::values::Timestamp;

/// Each client is called once in a third of `keep-for`, and when is a matter of the wall clock: so whoever becomes the bridge
/// goes on where the one before was.
#[derive(Debug, Default)]
pub(super) struct RollCall {
    period: Duration,
    /// How many periods there were before this one.
    round: i128,
    /// Behind whom was called last.
    cursor: Cursor,
    /// Up to which hash it is time to call.
    until: u64,
}

impl RollCall {
    /// Looks how far it should be by now.
    pub(super) fn look(&mut self, keep_for: Option<Duration>, wall: Timestamp) {
        let Some(keep_for) = keep_for else { return *self = Self::default() };
        let period = (keep_for / 3).max(Regions::EVERY);
        let nanos = i128::try_from(period.as_nanos()).unwrap_or(i128::MAX);
        let (round, within) = (wall.as_nanos().div_euclid(nanos), wall.as_nanos().rem_euclid(nanos));
        let until = u64::try_from((within << 32) / nanos).unwrap_or(0) << 32;
        if period != self.period || !(0..=1).contains(&(round - self.round)) {
            *self = Self { period, round, cursor: Cursor::at_hash(until), until };
        } else if round == self.round {
            self.until = until;
        } else if self.cursor.is_before(u64::MAX) {
            self.until = u64::MAX;
        } else {
            *self = Self { period, round, cursor: Cursor::default(), until };
        }
    }

    /// From where up to which hash clients are to be called now, if any are.
    pub(super) fn next(&self) -> Option<(Cursor, u64)> {
        self.cursor.is_before(self.until).then(|| (self.cursor.clone(), self.until))
    }

    /// All before that were called.
    pub(super) fn called(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_ends_with_its_last_client_before_the_next_one_begins() {
        let mut roll_call = RollCall::default();
        let mut look = |seconds: i128| {
            roll_call.look(Some(Duration::from_mins(5)), Timestamp::from_nanos(seconds * 1_000_000_000));
            let until = roll_call.next().map(|(_, until)| until);
            roll_call.called(Cursor::at_hash(until.unwrap_or(0)));
            until
        };
        assert_eq!(look(0), None);
        let last = look(99).expect("nearly all");
        assert!((u64::MAX / 100 * 98..u64::MAX).contains(&last), "{last}");
        assert_eq!(look(101), Some(u64::MAX));
        let first = look(101).expect("some of the next round");
        assert!(first < u64::MAX / 50, "{first}");
    }
}
