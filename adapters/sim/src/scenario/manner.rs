//! In which ways a places source can be ill, and a middlebox can stand in the way.

use serde::{Deserialize, Serialize};

use super::Nanos;

/// How a places source can be ill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Illness {
    /// It takes so long to answer.
    Slow(Nanos),
    /// It says that it cannot.
    Fails,
    /// It never answers.
    Silent,
}

/// What a middlebox does: a container's proxy, a load balancer, a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// It ends the connections that there are. New ones it accepts and closes, at once or after their first bytes, as
    /// a proxy does whose server is away.
    Close,
    /// It ends the connections that there are. New ones it accepts and leads nowhere, also when it works again.
    Hold,
    /// The connections that there are lead nowhere from now on, and those that are made meanwhile, as where a tunnel
    /// was made anew or a load balancer lost its table.
    Swallow,
    /// Nothing, until the server crashes: then it keeps the connections to it, which lead nowhere from then on. New
    /// ones it accepts and closes until the server is back.
    Keep,
}

impl Manner {
    /// Each of them; the first one that stands on a way is the one that counts.
    pub const ALL: [Self; 4] = [Self::Swallow, Self::Hold, Self::Close, Self::Keep];
}
