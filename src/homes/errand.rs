//! What a walk through all that is kept is for.

use super::presence::Presence;
use crate::report::Record;

/// One of the things that a walk does, and what has come of it so far.
#[derive(Debug)]
pub(crate) enum Errand {
    /// Finds where this region has clients.
    Presence(Presence),
}

impl Errand {
    /// Looks at a record that is not over.
    pub(crate) fn look(&mut self, record: &Record<'_>) {
        match self {
            Self::Presence(found) => {
                if let Some(position) = record.position_and_rest() {
                    found.add(position);
                }
            }
        }
    }
}
