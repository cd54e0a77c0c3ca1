//! Who counts among those that are found.

use crate::access::Rights;
use crate::herd::Horizon;
use crate::report::Record;
use crate::values::{Pattern, Patterns, Timestamp};
use crate::wire::Near;

/// Which clients somebody is told of. A client that was forgotten, or whose report is over, never counts.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// What was asked for.
    pub(crate) pattern: Pattern,
    /// What may be told.
    pub(crate) rights: Patterns,
    /// When they must have been heard, at the earliest.
    pub(crate) heard_since: Option<Timestamp>,
    /// One who does not count.
    pub(crate) except: Option<Box<[u8]>>,
}

impl Filter {
    /// Whom a NEAR is about that somebody asks who has those rights, when the clock says that.
    pub(crate) fn of(near: &Near, rights: &Rights, wall: Timestamp, except: Option<&[u8]>) -> Self {
        Self {
            pattern: near.pattern.clone(),
            rights: rights.ask().clone(),
            heard_since: near.heard.map(|time| wall.before(time)),
            except: except.map(Box::from),
        }
    }

    /// Whether that client may count, whatever is kept of it.
    pub(crate) fn covers(&self, client: &[u8]) -> bool {
        self.pattern.covers(client) && self.rights.covers(client) && self.except.as_deref() != Some(client)
    }

    /// Whether what is kept of a client is a report that counts, as far as its time goes.
    pub(crate) fn is_timely(&self, kept: &Record<'_>, horizon: Horizon) -> bool {
        kept.is_report() && !horizon.hides(kept) && self.heard_since.is_none_or(|since| kept.heard_at() >= since)
    }
}
