//! What the herd is to reach.

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::results::RowResult;
use super::system::System;

/// A bound for a figure or a ratio of two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    /// No more than that.
    AtMost(f64),
    /// No less than that.
    AtLeast(f64),
}

/// What one figure of one load is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// What is measured.
    pub(crate) measure: Measure,
    /// Whose figure it is.
    pub(crate) of: System,
    /// Whose figure it is divided by; `None` where the figure itself is bounded.
    pub(crate) against: Option<System>,
    /// What it is to be.
    pub(crate) bound: Bound,
}

/// Whether a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Missed,
    /// A figure is missing.
    NotMeasured,
}

/// A target, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// The target.
    pub(crate) target: Target,
    /// The figure.
    pub(crate) figure: Option<f64>,
    /// The figure that it is divided by.
    pub(crate) other: Option<f64>,
    /// What is bounded: the ratio, or the figure.
    pub(crate) value: Option<f64>,
    /// Whether it is reached.
    pub(crate) verdict: Verdict,
}

impl Target {
    /// Looks at what was measured.
    pub(crate) fn judge(self, row: &RowResult) -> Judged {
        // Where something went wrong, figures mean nothing.
        let is_sound = row.errors.is_empty();
        let figure = row.median(self.of, self.measure).filter(|_| is_sound);
        let other = self.against.and_then(|against| row.median(against, self.measure));
        let value = if self.against.is_some() {
            figure.zip(other).filter(|(_, other)| *other > 0.0).map(|(figure, other)| figure / other)
        } else {
            figure
        };
        let verdict = match (value, self.bound) {
            (None, _) => Verdict::NotMeasured,
            (Some(value), Bound::AtMost(bound)) if value <= bound => Verdict::Met,
            (Some(value), Bound::AtLeast(bound)) if value >= bound => Verdict::Met,
            _ => Verdict::Missed,
        };
        Judged { target: self, figure, other, value, verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::row::Row;

    #[test]
    fn ratios_and_figures_are_judged() {
        let mut row = RowResult::new(Row::Single);
        for (system, rate) in [(System::HerdTokio, 110.0), (System::RedisSet, 100.0), (System::RedisGeo, 110.5)] {
            row.add(system, Measure::Rate, rate);
        }
        let target = |against, bound| Target { measure: Measure::Rate, of: System::HerdTokio, against, bound };
        for (against, bound, verdict) in [
            (Some(System::RedisSet), Bound::AtLeast(1.1), Verdict::Met),
            (Some(System::RedisSet), Bound::AtLeast(1.2), Verdict::Missed),
            (Some(System::RedisSet), Bound::AtMost(1.0), Verdict::Missed),
            // Shown as 1.00, and less.
            (Some(System::RedisGeo), Bound::AtLeast(1.0), Verdict::Missed),
            (Some(System::Memcached), Bound::AtLeast(0.0), Verdict::NotMeasured),
            (None, Bound::AtMost(110.0), Verdict::Met),
        ] {
            assert_eq!(target(against, bound).judge(&row).verdict, verdict, "{against:?} {bound:?}");
        }
    }
}
