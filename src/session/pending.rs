//! A greeting that is to be proved.

use crate::values::ServerId;
use crate::wire::{HelloFields, Nonce};

/// A greeting that was answered, and whose sender has still to prove that it is the neighbour.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) from: ServerId,
    pub(super) incarnation: u64,
    pub(super) fields: HelloFields,
    /// Of the sender, and of this server.
    pub(super) nonces: (Nonce, Nonce),
}
