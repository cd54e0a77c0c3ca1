//! A herd on virtual time.
//!
//! This crate drives the core of the `herd` crate, the very same that the real servers run, over a network
//! that it makes up: latency, jitter, bytes cut anywhere, connections that break, partitions, crashes,
//! middleboxes, clocks that are wrong, places sources that are ill. One seed decides everything, so a run can be
//! repeated, byte for byte. While it runs, [what must hold](Invariant) is looked at.
//!
//! ```
//! use herd_sim::{Recipe, Run};
//!
//! // What a seed stands for, and how it goes.
//! let scenario = Recipe::default().scenario(7);
//! let outcome = Run::new(scenario)?.play();
//! assert_eq!(outcome.violation, None);
//! assert!(outcome.stats.messages > 0);
//! # Ok::<(), herd_sim::BadScenario>(())
//! ```
//!
//! A scenario is plain data: made from a seed by a [`Recipe`], written by hand with [`Scenario::build`], or
//! read from a file. One that breaks an invariant can be [shrunk](shrink()) to a shorter one that still does.
//!
//! # Modules, from the plan to the outcome
//!
//! | module | what it is about |
//! | --- | --- |
//! | `seed` | chance |
//! | `graph` | who is linked with whom |
//! | `faults` | kinds of trouble |
//! | `scenario` | what is to happen: by hand, or from a seed |
//! | `calendar` | what is due, and when |
//! | `wires`, `connection` | links, and the bytes on them |
//! | `host`, `disk`, `places` | one server, its clocks, its disk, its places source |
//! | `list` | whom a server has in its list of servers, and whom it believes |
//! | `talk` | one client on one connection, and what it is owed |
//! | `viewer`, `nearby` | what a client knows that watches, and what one is told that asks who is near |
//! | `globe` | distances |
//! | `stranger`, `overheard` | somebody who says what neighbours say, and what it has heard them say |
//! | `oracle` | what every server must know |
//! | `listener` | what a server's feed tells |
//! | `run` | all of it, step by step |
//! | `regions` | regions, and the bus that joins them |
//! | `violation`, `panics` | what must hold |
//! | `stats`, `trace`, `digest` | what is told of a run |
//! | `shrink` | from a long failure to a short one |

mod calendar;
mod clock;
mod connection;
mod digest;
mod disk;
mod faults;
mod globe;
mod graph;
mod host;
mod list;
mod listener;
mod nearby;
mod oracle;
mod overheard;
mod panics;
mod places;
mod regions;
mod run;
mod scenario;
mod seed;
mod shrink;
mod stats;
mod stranger;
mod talk;
mod trace;
mod viewer;
mod violation;
mod wires;

pub use faults::{Fault, Faults};
pub use graph::{Graph, Shape};
pub use panics::is_playing;
pub use regions::{Load, Messages, Regions, RegionsOutcome, RegionsStats, Traffic};
pub use run::{FastPath, Options, Outcome, Run};
pub use scenario::{
    Ailment, BadScenario, Bounds, Builder, Data, Illness, MILLI, Manner, Nanos, Network, Planned, Recipe, Ruse, SECOND,
    Scenario, Trusting, What,
};
pub use seed::Seed;
pub use shrink::{breaks, shrink};
pub use stats::{Spread, Stats};
pub use trace::{Form, Trace};
pub use violation::{Invariant, Violation};
