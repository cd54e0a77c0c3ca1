//! Which of the places that devices tell are not taken, whoever tells them.

use core::time::Duration;

use herd::{Position, Timestamp};

use super::fix::Fix;
use super::outcome::Outcome;
use super::time::Time;

/// What is asked of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// How far its time may be past the server's clock.
    pub max_ahead: Option<Duration>,
    /// How long ago it may be.
    pub max_age: Option<Duration>,
    /// Whether 0,0 is a place as any other.
    pub zero: bool,
    /// How inaccurate it may be, in metres, where the device says how accurate it is.
    pub max_accuracy: Option<u32>,
}

impl Default for Filter {
    fn default() -> Self {
        let days = |days: u64| Some(Duration::from_hours(24 * days));
        Self { max_ahead: days(1), max_age: days(365), zero: false, max_accuracy: None }
    }
}

/// A place that may be reported: the fields of an IAMAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) client: Vec<u8>,
    pub(crate) position: String,
    pub(crate) time: Time,
}

/// How long it takes until a GPS receiver that counts weeks with ten bits begins anew.
const ROLLOVER: Duration = Duration::from_hours(1024 * 7 * 24);

impl Filter {
    /// The report that a place makes.
    pub(crate) fn judge(&self, fix: Fix, now: Timestamp) -> Result<Report, Outcome> {
        let position = fix.position();
        let time = fix.time.or_else(|| Time::of(now)).ok_or(Outcome::Unreadable)?;
        if !Position::is_valid(position.as_bytes()) {
            return Err(Outcome::Impossible);
        }
        if !self.zero && fix.latitude.is_zero() && fix.longitude.is_zero() {
            return Err(Outcome::Zero);
        }
        // Less than nothing is how devices say that they do not know.
        let metres = fix.accuracy.filter(|metres| !metres.is_negative()).map(|metres| metres.whole());
        if self.max_accuracy.is_some_and(|most| metres.is_some_and(|metres| metres > most.into())) {
            return Err(Outcome::Inaccurate);
        }
        self.judge_time(nanos(time.at, now))?;
        Ok(Report { client: fix.client, position, time })
    }

    /// By how many nanoseconds it is ahead.
    fn judge_time(&self, ahead: i128) -> Result<(), Outcome> {
        let is_future = |ahead: i128| self.max_ahead.is_some_and(|most| ahead > whole(most));
        let is_past = |ahead: i128| self.max_age.is_some_and(|most| -ahead > whole(most));
        if is_future(ahead) {
            return Err(Outcome::Future);
        }
        if !is_past(ahead) {
            return Ok(());
        }
        let is_right = |ahead: i128| !is_future(ahead) && !is_past(ahead);
        let rolled = (1..=2).any(|times| is_right(ahead + times * whole(ROLLOVER)));
        Err(if rolled { Outcome::Rollover } else { Outcome::Past })
    }
}

fn nanos(at: Timestamp, now: Timestamp) -> i128 {
    at.as_nanos() - now.as_nanos()
}

fn whole(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::time::Milliseconds;
    use super::*;
    use crate::decimal::Decimal;

    const NOW: &str = "1790000000";

    fn judged(
        filter: Filter,
        [latitude, longitude, time]: [&str; 3],
        accuracy: Option<&str>,
    ) -> Result<String, Outcome> {
        let number = |text: &str| Decimal::parse(text).expect(text);
        let fix = Fix {
            client: b"phone".to_vec(),
            latitude: number(latitude),
            longitude: number(longitude),
            time: (!time.is_empty()).then(|| Time::parse(time, Milliseconds::FromFarFuture).expect(time)),
            accuracy: accuracy.map(number),
        };
        let report = filter.judge(fix, Timestamp::parse(NOW.as_bytes()).expect("a time"))?;
        Ok(format!("{} {}", report.position, report.time.text))
    }

    #[test]
    fn what_is_taken_is_what_was_told() {
        let filter = Filter::default();
        for (told, taken) in [
            (["48.85", "2.29", NOW], "+48.85+2.29 1790000000"),
            (["-90", "180.000", NOW], "-90+180.000 1790000000"),
            (["0", "2.29", ""], "+0+2.29 1790000000"),
            (["0", "1", "1790086400"], "+0+1 1790086400"),
        ] {
            assert_eq!(judged(filter, told, Some("5000")).as_deref(), Ok(taken));
        }
    }

    #[test]
    fn what_devices_get_wrong_is_told_apart() {
        let filter = Filter { max_accuracy: Some(100), ..Filter::default() };
        for (told, accuracy, outcome) in [
            (["91", "181", NOW], None, Err(Outcome::Impossible)),
            (["90.00000000000000000001", "0", NOW], None, Err(Outcome::Impossible)),
            (["0.000", "-0", NOW], None, Err(Outcome::Zero)),
            (["1", "1", NOW], Some("100.9"), Ok(())),
            (["1", "1", NOW], Some("101"), Err(Outcome::Inaccurate)),
            (["1", "1", NOW], Some("-1"), Ok(())),
            (["1", "1", "1790086401"], None, Err(Outcome::Future)),
            (["1", "1", "1790086400.000000001"], None, Err(Outcome::Future)),
            (["1", "1", "59"], None, Err(Outcome::Past)),
            (["1", "1", "1758464000"], None, Ok(())),
            (["1", "1", "1758463999"], None, Err(Outcome::Past)),
            // 1,024 weeks are 619,315,200 seconds.
            (["1", "1", "1170684800"], None, Err(Outcome::Rollover)),
            (["1", "1", "551369600"], None, Err(Outcome::Rollover)),
        ] {
            assert_eq!(judged(filter, told, accuracy).map(drop), outcome, "{told:?}");
        }
        let open = Filter { max_ahead: None, max_age: None, zero: true, max_accuracy: None };
        for told in [["0", "0", NOW], ["1", "1", "59"], ["1", "1", "1990086401"]] {
            assert!(judged(open, told, None).is_ok());
        }
    }
}
