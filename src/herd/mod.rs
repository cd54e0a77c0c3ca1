//! Who is in a herd, who talks with whom, who is believed, and what bounds what.
//!
//! It may ask `bytes`, `values`, `wire`, `access` and `report`.

mod admission;
mod buffers;
mod error;
mod herd;
mod horizon;
mod identity;
mod limits;
mod names;
mod rates;
mod shown;

pub use self::admission::TurnedAway;
pub(crate) use self::admission::{Admission, Network};
pub(crate) use self::buffers::{Buffers, SMALL, Share};
pub use self::error::HerdError;
pub use self::herd::{Herd, Member};
pub(crate) use self::horizon::{Horizon, Told, Untimely};
pub use self::identity::HerdRefused;
pub(crate) use self::identity::{Identity, Neighbour};
pub use self::limits::Limits;
pub(crate) use self::rates::Rates;
pub(crate) use self::shown::Shown;
