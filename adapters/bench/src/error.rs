//! Why there is no measurement.

use std::io;

/// Why a command of this crate did not do what it was to do. A load that ran to its end and met wrong
/// replies is no such case: it is shown, and exits with 1.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// An option or a file of results cannot be used; the text says which and why. To be put right on the
    /// command line.
    #[error("{0}")]
    Usage(String),
    /// The server's name cannot be looked up, or nobody listens at its address. To be tried again when the
    /// server runs.
    #[error("no connection to {server}")]
    Unreachable {
        /// The server's name, as [`Endpoint::name`](crate::Endpoint::name) or the command line has it.
        server: String,
        /// What the system said.
        #[source]
        why: io::Error,
    },
    /// The load could not be run to its end: the server went away, did not answer in time
    /// ([`TimedOut`](io::ErrorKind::TimedOut) or [`WouldBlock`](io::ErrorKind::WouldBlock)), or refused what
    /// each load begins with. What was measured until then is lost.
    #[error("the load on {server} broke off")]
    Broken {
        /// The server's name, or the system's in a comparison.
        server: String,
        /// What happened.
        #[source]
        why: io::Error,
    },
    /// The figures could not be written to standard output or to a file, or the system does not tell where this
    /// program is.
    #[error(transparent)]
    Output(#[from] io::Error),
}
