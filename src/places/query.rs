//! The question to a places source.

use crate::values::{Position, Radius};

/// What a places source is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// The centre.
    pub at: Position,
    /// How far from it to look.
    pub radius: Radius,
    /// How many results are of use, 0 to [`MOST_RESULTS`](crate::values::MOST_RESULTS). A source may give more: they are cut off.
    pub bound: u8,
}
