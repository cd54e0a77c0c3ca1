//! What became of what devices told, counted.

use core::sync::atomic::{AtomicU64, Ordering};

use super::Format;
use super::fix::Missing;

/// What became of one place that a device told, or of a message that told none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is what is kept of the client now.
    Taken,
    /// The same time as that of the report that is kept.
    Duplicate,
    /// Older than what is kept, or than another in the same request.
    Late,
    /// Further past the server's clock than `max-ahead`.
    Future,
    /// Longer ago than `max-age`.
    Past,
    /// Longer ago than `max-age`, and not if the device's clock is 1,024 weeks behind: its GPS receiver counts weeks with ten
    /// bits, and began anew.
    Rollover,
    /// At 0,0, where devices are that do not know where they are.
    Zero,
    /// No place on the globe, as 91,181.
    Impossible,
    /// Less accurate than `max-accuracy`.
    Inaccurate,
    /// The device itself says that the place is not to be trusted.
    Untrusted,
    /// A message that tells of no place.
    NoPlace,
    /// A message that is encrypted by the app.
    Encrypted,
    /// What cannot be read.
    Unreadable,
    /// The token has no right to report the client.
    NoRight,
    /// More than `reports-per-second`.
    TooOften,
    /// Refused by the node otherwise: too many clients, an ID that is too long, a disk that fails.
    Refused,
}

impl Outcome {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::Taken,
        Self::Duplicate,
        Self::Late,
        Self::Future,
        Self::Past,
        Self::Rollover,
        Self::Zero,
        Self::Impossible,
        Self::Inaccurate,
        Self::Untrusted,
        Self::NoPlace,
        Self::Encrypted,
        Self::Unreadable,
        Self::NoRight,
        Self::TooOften,
        Self::Refused,
    ];

    /// Its word in metrics and logs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Future => "future",
            Self::Past => "past",
            Self::Rollover => "rollover",
            Self::Zero => "zero",
            Self::Impossible => "impossible",
            Self::Inaccurate => "inaccurate",
            Self::Untrusted => "untrusted",
            Self::NoPlace => "no_place",
            Self::Encrypted => "encrypted",
            Self::Unreadable => "unreadable",
            Self::NoRight => "no_right",
            Self::TooOften => "too_often",
            Self::Refused => "refused",
        }
    }
}

impl From<Missing> for Outcome {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Place => Self::NoPlace,
            Missing::Trust => Self::Untrusted,
            Missing::Key => Self::Encrypted,
            Missing::Sense(_) => Self::Unreadable,
        }
    }
}

/// How often each came, of each format.
#[derive(Debug, Default)]
pub(crate) struct Counts([[AtomicU64; Outcome::ALL.len()]; Format::ALL.len()]);

impl Counts {
    /// One more.
    pub(crate) fn count(&self, format: Format, outcome: Outcome) {
        self.0[format as usize][outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// All of them, also those that never came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Format, Outcome, u64)> + '_ {
        let of = move |format| Outcome::ALL.into_iter().map(move |outcome| (format, outcome, self.of(format, outcome)));
        Format::ALL.into_iter().flat_map(of)
    }

    /// How often one came.
    pub(crate) fn of(&self, format: Format, outcome: Outcome) -> u64 {
        self.0[format as usize][outcome as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_under_its_own_name() {
        let counts = Counts::default();
        for (times, (format, outcome, _)) in counts.iter().enumerate() {
            (0..times).for_each(|_| counts.count(format, outcome));
        }
        assert!(counts.iter().enumerate().all(|(times, (_, _, counted))| counted == times as u64));
        let names: std::collections::BTreeSet<_> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
        assert_eq!(names.len(), Outcome::ALL.len());
    }
}
