//! What is kept of each client, how it is found, and what was handled already.
//!
//! It may ask `bytes`, `values`, `spatial`, `wire`, `report`, `herd` and `pass`.

mod account;
mod comparing;
mod cursor;
#[allow(dead_code, reason = "NEAR and WATCH are next")]
mod filing;
#[allow(dead_code, reason = "NEAR and WATCH are next")]
mod filter;
#[allow(dead_code, reason = "NEAR and WATCH are next")]
mod gather;
mod index;
mod intake;
mod matching;
mod record;
#[allow(dead_code, reason = "NEAR and WATCH are next")]
mod search;
mod seen;
mod shard;
mod size_class;
mod slab;
mod store;
mod walking;

pub(crate) use self::comparing::{Bound, Telling, TooMuch};
pub use self::cursor::Cursor;
#[allow(unused_imports, reason = "NEAR and WATCH are next")]
pub(crate) use self::filter::Filter;
#[allow(unused_imports, reason = "NEAR and WATCH are next")]
pub(crate) use self::gather::Gather;
pub(crate) use self::intake::{Intake, Kept, Verdict};
#[allow(unused_imports, reason = "NEAR and WATCH are next")]
pub(crate) use self::search::Search;
pub(crate) use self::store::{Shards, Store};
