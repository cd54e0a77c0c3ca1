//! `herd bench`: a load on a herd, and on what people use in its place.
//!
//! | module | what it is |
//! | --- | --- |
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

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Load a herd, or Redis or memcached, and measure it
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    options: options::Options,
}

#[derive(Subcommand)]
enum Task {
    Compare(compare::Compare),
    Plot(plot::Plot),
}

impl Bench {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.task {
            None => self.options.run(),
            Some(Task::Compare(compare)) => compare.run(),
            Some(Task::Plot(plot)) => plot.run(),
        }
    }
}
