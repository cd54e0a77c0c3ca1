//! Why a server cannot do what it is asked to.

use std::io;

use herd::{HerdRefused, Refusal, ServerId, ServerName};

use crate::config::{ConfigError, Settings, Unguarded};
use crate::data::DataError;

/// Why a server's port cannot be bound. Nothing was started.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot listen on {listen}: {why}{}", remedy(.why))]
pub struct BindError {
    name: String,
    listen: String,
    why: io::Error,
}

impl BindError {
    pub(crate) fn new(settings: &Settings, server: ServerId, listen: &str, why: io::Error) -> Self {
        Self { name: settings.herd.name(server).to_string(), listen: listen.to_owned(), why }
    }
}

fn remedy(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop what listens there, or name another port with --listen, --http or in the config file"
        }
        io::ErrorKind::AddrNotAvailable => "; that address is not this machine's",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need rights that this user does not have",
        _ => "",
    }
}

/// Why a server was not started. Nothing of it runs, and nothing is bound.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The herd has no server of that name. Name one that it has.
    #[error("{name:?} is not a server of this herd")]
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// Others can reach it, and nothing says whom it is to believe.
    #[error(transparent)]
    Unguarded(#[from] Unguarded),
    /// A file of its TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] ConfigError),
    /// Its data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its port cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The runtime cannot take over the listener, mostly for want of file descriptors.
    #[error("the listener cannot be watched: {0}")]
    Listener(io::Error),
    /// The system gives no random numbers, and without them neighbours could not prove anything to each other.
    #[error("the system gives no random numbers: {0}")]
    Random(io::Error),
}

/// Why a server goes on with the settings that it has. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The server itself is not in the new herd. If it is to leave, stop it.
    #[error("{name} is not a server of the new herd")]
    NotAMember {
        /// The server's name.
        name: ServerName,
    },
    /// Others can reach it, and nothing would say any more whom it is to believe.
    #[error(transparent)]
    Unguarded(#[from] Unguarded),
    /// A file of the new TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] ConfigError),
    /// So many servers came and went that no more can be told apart. Start the server anew.
    #[error("more servers were named since the server started than there are ids; start it anew")]
    TooMany,
    /// The new herd has another hash key. Start the server again.
    #[error("the new herd has another hash key; start the server again")]
    HashKey,
    /// The server is being stopped, or was.
    #[error("the server is stopping")]
    Stopping,
}

impl From<HerdRefused> for ReloadError {
    fn from(why: HerdRefused) -> Self {
        match why {
            // The server has looked already.
            HerdRefused::NotAMember | HerdRefused::TooMany => Self::TooMany,
            HerdRefused::HashKey => Self::HashKey,
        }
    }
}

/// Why a position was not taken in. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The server refuses it, as it would refuse the same line.
    #[error("{0}")]
    Refused(Refusal),
    /// The server is being stopped, or was: tell another one.
    #[error("the server is stopping")]
    Stopping,
}

impl From<Refusal> for ReportError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
