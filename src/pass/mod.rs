//! What one read brought, on its way through, and what is to be done because of it.
//!
//! A session fills a [`Batch`] with what it parsed, the node decides, the session writes the replies. What becomes
//! of the reports goes into the [`Feed`]. It may ask `bytes`, `values`, `wire`, `report`, `herd`, `places` and
//! `fast`.

mod batch;
mod entry;
mod feed;
mod interest;
mod lookup;
mod trouble;
mod turn;
mod work;

pub(crate) use self::batch::{Batch, Greeter, Hello, Item, Refused, Request};
pub(crate) use self::entry::{Became, Entry};
pub use self::feed::BroughtBy;
pub(crate) use self::feed::{Audience, Feed, Listeners, Run, Shift};
pub(crate) use self::interest::{Bit, Bits, Interest};
pub(crate) use self::lookup::Lookup;
pub use self::trouble::{Trouble, Wrong};
pub use self::turn::{Action, Answer, Answered, Notice, Turn};
pub(crate) use self::work::Work;
