//! `herd bench`: a load on a herd, and on what people use in its place.
//!
//! The door is four commands, each a [`clap::Args`] with a `run` that writes to standard output and
//! returns the code to exit with:
//!
//! | command | what it does |
//! | --- | --- |
//! | [`LoadOptions`], `herd bench` | loads one server, the [`Endpoint`] that it is given |
//! | [`Compare`], `herd bench compare` | starts herds and other systems, and loads them side by side |
//! | [`Plot`], `herd bench plot` | draws what a comparison measured |
//! | [`Echo`], `herd bench echo` | a server that a comparison starts: rustls on bare sockets |
//!
//! What goes wrong is a [`BenchError`]. This crate reads no herd's file and no environment, and words no
//! error for a terminal: the client, `herd`, finds the server by its name, and reports errors as it reports
//! its own.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use clap::Parser;
//! use herd_bench::{BenchError, Endpoint, LoadOptions};
//!
//! #[derive(Parser)]
//! struct Line {
//!     #[command(flatten)]
//!     load: LoadOptions,
//! }
//!
//! let address = "127.0.0.1:12880".to_owned();
//! let timeout = Duration::from_secs(10);
//! let server = Endpoint { name: address.clone(), address, timeout, token: None, encryption: None };
//! Line::parse_from(["load", "--count", "100000", "--pipeline", "100"]).load.run(&server, None)?;
//! # Ok::<(), BenchError>(())
//! ```
//!
//! # Modules
//!
//! | module | what it is |
//! | --- | --- |
//! | `options`, `endpoint` | which load, and on which server |
//! | `traffic` | what requests say: whose, where, when |
//! | `dialect` | how they are written, and replies checked: a herd's way, Redis', memcached's |
//! | `schedule` | when they are due |
//! | `encryption` | TLS on its connections |
//! | `ending` | what ends a load before its time |
//! | `socket`, `channel`, `worker`, `load` | a socket; a connection; a thread with some; all of it |
//! | `tally`, `outcome`, `touched`, `report`, `table` | what was measured, and how it is told |
//! | `propagation` | how long an update takes to the farthest server |
//! | `compare`, `plot` | every load of a table on every system; a picture of it |

mod channel;
mod compare;
mod dialect;
mod digits;
mod echo;
mod encryption;
mod ending;
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
mod touched;
mod traffic;
mod worker;

pub use compare::Compare;
pub use echo::Echo;
pub use encryption::Encryption;
pub use ending::Stop;
pub use endpoint::Endpoint;
pub use error::BenchError;
pub use options::{LoadOptions, Ran};
pub use plot::Plot;
