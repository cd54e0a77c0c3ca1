//! What every runtime of a herd shares and no runtime owns.
//!
//! The way from a command line to a running server, in the order in which it is walked:
//!
//! 1. [`command`] reads the arguments into an [`Order`](command::Order): what to do, with which
//!    settings.
//! 2. [`config`] works those [`Settings`](config::Settings) out of flags, environment, file and
//!    defaults.
//! 3. [`logs`] opens the log before anything else is started.
//!
//! 4. `run` binds every server before it starts the first, and stops them on a signal.
//! 5. [`Server`] is the handle to one, for `run` and for any program that has a server beside other things.
//! 6. Each connection is a `connection` task, each neighbour has a `link` task, and
//!    `timer` is one; all of a server's tasks meet in `shared`, which calls the node and does what it
//!    says. None of them decides anything about the protocol. How far a stop has come they learn from
//!    `shutdown`. They run as a `whole`: a panic in one ends all.
//!
//! Whatever is wrong before 5 is one [`UsageError`](command::UsageError): one line, exit code 2.
//!
//! What a runtime has to bring is [`Runtime`]. TLS is a layer over its streams, in `tls`.

mod about;
mod address;
mod announcement;
mod blocking;
mod bounded;
mod check;
mod clock;
mod closing;
pub mod command;
pub mod config;
mod connection;
mod data;
mod http;
mod last_words;
mod link;
mod lock;
pub mod logs;
mod mailbox;
mod neighbours;
mod notices;
mod open_files;
mod regions;
mod reload;
mod run;
mod running;
mod runtime;
mod scratch;
mod server;
mod shared;
mod shutdown;
mod signals;
mod source;
mod stopped;
mod systemd;
mod timer;
mod tls;
mod trial;
mod wake_flag;
mod whole;

pub use address::connect_from;
pub use bounded::read_at_most;
pub use data::{DataError, NotSafe};
pub use herd_command::{did_you_mean, exit_code, listed};
pub use last_words::end_at_a_panic;
pub use open_files::fit_open_files;
pub use run::main;
pub use runtime::{Runtime, Stream, WORKER};
pub use server::{BindError, ReloadError, ReportError, Server, StartError, Watch};
pub use socket2::{SockRef, TcpKeepalive};
pub use source::PlacesError;
pub use stopped::{DrainError, StopError};
pub use tls::{UnfitName, check_names, file_name, is_not_spoken, is_of_other_authority, is_of_other_name};
pub use trial::Trial;
