//! Beyond one herd: which region a client is at home in, and what regions ask and tell each other.
//!
//! A region is a herd, and regions are joined by a bus that may lose, repeat, delay and reorder what it carries; only the
//! stream of arrivals loses nothing while it is there. This room decides what is said and what is made of it; an adapter
//! moves [`Post`]s. It may ask `values`, `spatial`, `wire`, `access`, `report`, `herd`, `pass`, `store` and `watch`.

mod answers;
mod batch;
mod bus;
mod census;
mod comparison;
mod damper;
mod errand;
mod gathering;
mod guests;
mod heading;
mod homes;
mod incoming;
mod interests;
mod parts;
mod presence;
mod questions;
mod regions;
mod roll_call;
mod selection;
mod streams;
mod tally;

pub use self::bus::{Delivery, Post, QuestionId, ReplyTo, Subject};
pub(crate) use self::census::Walk;
pub(crate) use self::comparison::Next;
pub(crate) use self::errand::Errand;
pub(crate) use self::guests::{Guest, NotSeen};
pub(crate) use self::heading::{Heading, lines};
pub(crate) use self::homes::{Homes, give};
pub(crate) use self::incoming::{Incoming, Neighbourhood, Serving};
pub(crate) use self::interests::Scope;
pub(crate) use self::parts::Parts;
pub(crate) use self::questions::{Asks, Then, Wanted};
pub(crate) use self::regions::Seen;
