//! What is wrong with what there is in JetStream.

use std::error::Error;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, RequestError, RequestErrorKind,
};

/// Why JetStream cannot be used, as it is. Shown behind these words, it says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Nobody answers for it.
    #[error(
        "it is not enabled at this NATS server or for this account: enable it, or no arrivals come from other regions"
    )]
    NotEnabled,
    /// It has not answered: it is down, or a right is missing.
    #[error("it does not answer to {what}: look whether its servers are up, and whether this user has the right")]
    Silent {
        /// What it was asked for.
        what: String,
    },
    /// What is there would lose arrivals.
    #[error("the {what} {name} has {setting}: delete it, and it is made anew, or set that as docs/regions.md says")]
    Unfit {
        /// A stream, a bucket or a consumer.
        what: &'static str,
        /// Its name.
        name: String,
        /// What of it.
        setting: String,
    },
    /// It refuses something.
    #[error("it refuses {what}: {why}")]
    Refused {
        /// What it was asked for.
        what: String,
        /// What it says.
        why: String,
    },
}

impl Fault {
    /// What an error means that came of something else.
    pub(crate) fn of(what: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        let mut at = Some(error);
        while let Some(error) = at {
            match error.downcast_ref::<RequestError>().map(RequestError::kind) {
                Some(RequestErrorKind::NoResponders) => return Self::NotEnabled,
                Some(RequestErrorKind::TimedOut) => return Self::Silent { what: what.into() },
                _ => at = error.source(),
            }
        }
        Self::Refused { what: what.into(), why: error.to_string() }
    }

    /// Why there is no such stream; nothing where it is only not there.
    pub(crate) fn of_get(what: impl Into<String>, error: &GetStreamError) -> Option<Self> {
        match error.kind() {
            GetStreamErrorKind::JetStream(said) => match said.error_code() {
                ErrorCode::STREAM_NOT_FOUND => None,
                ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
                    Some(Self::NotEnabled)
                }
                _ => Some(Self::Refused { what: what.into(), why: error.to_string() }),
            },
            _ => Some(Self::of(what, error)),
        }
    }

    /// Why a stream was not made.
    pub(crate) fn of_create(what: impl Into<String>, error: &CreateStreamError) -> Self {
        match error.kind() {
            CreateStreamErrorKind::JetStreamUnavailable => Self::NotEnabled,
            CreateStreamErrorKind::TimedOut => Self::Silent { what: what.into() },
            _ => Self::of(what, error),
        }
    }
}
