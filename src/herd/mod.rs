//! Who is in a herd, who talks with whom, who is believed, and what bounds what.
//!
//! It may ask `bytes`, `values`, `wire` and `report`.

mod error;
mod herd;
mod identity;
mod limits;

pub use self::error::HerdError;
pub use self::herd::{Herd, Member};
pub(crate) use self::identity::Identity;
pub use self::limits::Limits;
