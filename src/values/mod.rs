//! Values that are read from a line or written into one: times, positions, decimals, names and numbers.
//!
//! It may ask `bytes`.

mod counters;
pub(crate) mod decimal;
mod ids;
mod pattern;
mod position;
mod radius;
mod servers;
mod splitmix;
mod time;

pub use self::counters::{Counter, Counters};
pub(crate) use self::ids::Ticket;
pub use self::ids::{FetchId, SessionId};
pub(crate) use self::pattern::Patterns;
pub use self::pattern::{InvalidPattern, Pattern};
pub use self::position::Position;
pub(crate) use self::radius::Nearby;
pub use self::radius::{MOST_RESULTS, Radius};
pub use self::servers::{InvalidName, ServerId, ServerName};
pub use self::splitmix::SplitMix64;
pub(crate) use self::splitmix::scramble;
pub use self::time::{Instant, Now, Skew, Timestamp};
