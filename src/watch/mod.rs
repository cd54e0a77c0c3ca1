//! Who is told of changes: watches and fences, and what each watcher has still to be told.
//!
//! It takes what concerns it from the feed, and looks at the store only for what is there when a watch begins. It may ask
//! `bytes`, `values`, `spatial`, `wire`, `access`, `report`, `herd`, `pass` and `store`.

mod dwelling;
mod inbox;
mod news;
mod registry;
mod watch;
mod watcher;

pub(crate) use self::registry::{Reach, WatchId, Watches};
pub use self::watcher::Watcher;
