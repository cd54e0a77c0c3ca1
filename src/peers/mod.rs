//! The way to one neighbour, and how the two find out what differs in what they keep.
//!
//! ```text
//!  asker (over the link it opened)              answerer (on the same connection, no memory of it)
//!    REPAIR a groups <32 digests>       ──────>
//!                                       <──────  REPAIR b ranges 7 <32 digests>   for each that differs
//!                                       <──────  REPAIR b end
//!    REPAIR a sketch 10/0e5 <sketch>    ──────>                                   for each that differs
//!                                       <──────  KEPT ...                         what only b has
//!                                       <──────  REPAIR b want 10/0e5 <digests>   what only a has
//!    REPAIR a have 14/0e5c <list>       ──────>                                   where that is shorter
//!                                       <──────  KEPT ...                         what is newer at b
//!                                       <──────  REPAIR b lack 14/0e5c <keys>     what is newer at a
//!    KEPT ...                           ──────>
//! ```
//!
//! Where too much differs for the sketch, or the answer would be too long, it is `more`, and the asker sends a longer
//! sketch, a list, or asks for parts. Where one side has nothing, the other's reports go there without either. So
//! what crosses the link is in proportion to what differs, and two servers that agree exchange two
//! lines. Parts are asked for depth first, a bounded step at a time, as the link is polled for something to send. Reports that came by repair are not flooded: the server that learned them compares itself
//! with its other neighbours next. `docs/repair.md` weighs this against the other ways to do it.
//!
//! It may ask `bytes`, `values`, `wire`, `herd` and `pass`.

mod believing;
mod connection;
mod cx;
mod guess;
mod health;
mod life;
mod link;
mod make;
mod outbox;
mod proving;
mod round;
mod schedule;
mod step;
mod transitions;
mod troubles;

pub(crate) use self::cx::Cx;
pub(crate) use self::guess::{Way, Words};
pub(crate) use self::link::Link;
pub(crate) use self::round::{Lacked, Probe, Round};
pub use self::step::{LinkStep, Parting};
pub(crate) use self::troubles::Troubles;
