//! What a stranger tries.

use serde::{Deserialize, Serialize};

/// How somebody who knows no secret tries to be taken for a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruse {
    /// It makes up greetings, proofs, reports and questions.
    Forge,
    /// It says again what was said on some connection before: all of it, a part, or in another order.
    Replay,
    /// It greets with a nonce that it has heard, and proves with what others have proved before.
    Weave,
    /// It gives the server's own proof back to it.
    Reflect,
    /// It asks the server that it poses as for a proof of the nonce that it is to prove.
    Relay,
}

impl Ruse {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Forge, Self::Replay, Self::Weave, Self::Reflect, Self::Relay];
}
