//! What a device said: where it was, and when.

use super::time::Time;
use crate::decimal::Decimal;

/// One place of a device's, read and not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fix {
    /// The client's ID, as it stands in an IAMAT.
    pub(crate) client: Vec<u8>,
    /// Degrees north.
    pub(crate) latitude: Decimal,
    /// Degrees east.
    pub(crate) longitude: Decimal,
    /// When it was there; now where it does not say.
    pub(crate) time: Option<Time>,
    /// How far the place may be from where it was, in metres, if it knows.
    pub(crate) accuracy: Option<Decimal>,
}

impl Fix {
    /// The place as it stands in an IAMAT; what that takes is not looked at.
    pub(crate) fn position(&self) -> String {
        format!("{}{}", self.latitude.signed(), self.longitude.signed())
    }
}

/// What of a request tells of no place, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is a message of another kind, or of a device that does not know where it is: nothing is wrong with it.
    Place,
    /// The device says itself that its place is not to be trusted.
    Trust,
    /// It is encrypted, with a key that the herd does not have.
    Key,
    /// It cannot be read.
    Sense(&'static str),
}

/// What a request told: each of its places, or why it is none.
pub(crate) type Told = Vec<Result<Fix, Missing>>;

/// A request that nothing can be taken from, and what its sender is to do about that. Devices keep what is answered so, and
/// send it again: it is for what people have to mend, and never for a place that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// More than any device writes: 64-bit floats have 17 digits.
const MOST_DIGITS: usize = 64;

/// A number of a device's, with white space around it or none.
pub(super) fn number(text: &str) -> Option<Decimal> {
    Some(text.trim_ascii()).filter(|text| text.len() <= MOST_DIGITS).and_then(Decimal::parse)
}
