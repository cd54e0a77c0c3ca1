//! What is kept of each client, how it is found, and what was handled already.
//!
//! It may ask `bytes`, `values`, `spatial`, `wire`, `access`, `report`, `herd` and `pass`.

mod account;
mod comparing;
mod cursor;
mod filed;
mod filing;
mod filter;
mod gather;
mod index;
mod intake;
mod kind_counts;
mod learning;
mod listing;
mod matching;
mod record;
mod search;
mod seen;
mod shard;
mod size_class;
mod slab;
mod store;
mod walking;

pub(crate) use self::comparing::{Bound, Telling, TooMuch};
pub use self::cursor::Cursor;
pub(crate) use self::filter::Filter;
pub(crate) use self::gather::Gather;
pub(crate) use self::intake::{Intake, Kept, Verdict};
pub(crate) use self::kind_counts::KindCounts;
pub use self::listing::{Listing, Page};
pub use self::search::Search;
pub(crate) use self::shard::Shard;
pub(crate) use self::store::{Shards, Store};
