//! `herd bench`: a load on a herd, and on what people use in its place.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`options`], [`endpoint`] | which load, and on which server |
//! | [`traffic`] | what requests say: whose, where, when |
//! | [`dialect`] | how they are written, and replies checked: a herd's way, Redis', memcached's |
//! | [`schedule`] | when they are due |
//! | [`socket`], [`channel`], [`worker`], [`load`] | a socket; a connection; a thread with some; all of it |
//! | [`tally`], [`outcome`], [`report`], [`table`] | what was measured, and how it is told |
//! | [`propagation`] | how long an update takes to the farthest server |
//! | [`compare`], [`plot`] | every load of a table on every system; a picture of it |

mod channel;
mod compare;
mod dialect;
mod digits;
mod endpoint;
mod error;
mod load;
mod options;
mod outcome;
mod plot;
mod process;
mod progress;
mod propagation;
mod report;
mod schedule;
mod socket;
mod table;
mod tally;
mod timer;
mod traffic;
mod worker;

pub(crate) use compare::Compare;
pub(crate) use endpoint::Endpoint;
pub(crate) use error::BenchError;
pub(crate) use options::LoadOptions;
pub(crate) use plot::Plot;
