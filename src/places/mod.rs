//! What is asked of a places source, its answer, and the fetches under way.
//!
//! The core asks ([`Query`]) and cuts ([`Places::write`]); where places come from is an adapter's business. This room
//! may ask `values` and `herd`.

mod builder;
mod cache;
mod fetches;
mod query;
mod reply;
mod unavailable;
mod waiting;

pub use self::builder::{Builder, push_json_string};
pub(crate) use self::fetches::{Fetches, Wanted};
pub use self::query::Query;
pub use self::reply::{NotPlaces, Places};
pub use self::unavailable::{Status, Unavailable};
