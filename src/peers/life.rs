//! Whether there is a neighbour behind a connection that takes all it is sent.
//!
//! What is sent goes to a machine, and that it was taken says nothing of the server: a proxy takes lines for one that is
//! gone, and so does a connection whose other end was forgotten. AT lines are not answered; a greeting is, also on an
//! open connection. So where lines were sent and nothing was heard for a while, the link greets again, and where that is
//! not answered the link counts as lost.

use core::time::Duration;

use crate::values::Instant;

/// What a connection has heard since it was sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Nothing was sent since something was heard.
    Shown,
    /// Something was sent at that time, and nothing heard since.
    Unheard(Instant),
    /// So a greeting is to be said.
    Doubted,
    /// It was said at that time, and is not answered.
    Asked(Instant),
}

impl Life {
    /// Lines were sent.
    pub(crate) fn sent(&mut self, now: Instant) {
        if *self == Self::Shown {
            *self = Self::Unheard(now);
        }
    }

    /// A greeting is to be said, unless one is on its way.
    pub(crate) fn doubt(&mut self) {
        if !matches!(self, Self::Asked(_)) {
            *self = Self::Doubted;
        }
    }

    /// Whether to greet now.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let asks = *self == Self::Doubted;
        if asks {
            *self = Self::Asked(now);
        }
        asks
    }

    /// When there will be something to do, if nothing is heard until then.
    pub(crate) fn deadline(self, timeout: Duration) -> Option<Instant> {
        match self {
            Self::Shown | Self::Doubted => None,
            Self::Unheard(since) => Some(since + timeout / 2),
            Self::Asked(since) => Some(since + timeout),
        }
    }

    /// The time has come for what is to be done; whether that is to give the connection up.
    pub(crate) fn is_over(&mut self, now: Instant, timeout: Duration) -> bool {
        if self.deadline(timeout).is_none_or(|deadline| now < deadline) {
            return false;
        }
        matches!(core::mem::replace(self, Self::Doubted), Self::Asked(_))
    }
}
