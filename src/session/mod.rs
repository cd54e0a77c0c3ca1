//! One connection that somebody opened to this server: framing, parsing, the order of replies, limits.
//!
//! It may ask `bytes`, `values`, `wire`, `access`, `report`, `herd`, `places`, `fast`, `pass`,
//! `store` and `watch`, and never the node: what a
//! session parsed is brought to it by the room above.

mod allowance;
mod held;
mod meeting;
mod pending;
mod reading;
mod reply_queue;
mod rights;
mod session;

pub use self::session::Session;
