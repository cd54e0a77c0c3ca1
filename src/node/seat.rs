//! The place that a connection takes at a server.

use std::fmt;
use std::sync::Arc;

use crate::bytes::Lock;
use crate::herd::{Admission, Network};

/// The place of a connection that was [let in](super::Node::let_in). Drop it when the connection is closed, and not
/// before: then there is room for another one.
pub struct Seat {
    admission: Arc<Lock<Admission>>,
    network: Network,
}

impl Seat {
    pub(super) fn new(admission: &Arc<Lock<Admission>>, network: Network) -> Self {
        Self { admission: Arc::clone(admission), network }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.admission.hold().leave(self.network);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.network).finish()
    }
}
