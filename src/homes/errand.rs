//! What a walk through all that is kept is for.

use super::bus::Post;
use super::parts::Parts;
use super::presence::Presence;
use super::selection::Selection;
use super::tally::Tally;
use crate::report::{OwnedRecord, Record};
use crate::values::ServerName;

/// One of the things that a walk does, and what has come of it so far.
#[derive(Debug)]
pub(crate) enum Errand {
    /// Finds where this region has clients.
    Presence(Presence),
    /// Counts who is at home in this region and another one, to compare that with it.
    Count(Tally),
    /// Counts it for another region, which compares, and has those digests.
    Compare(Parts, Tally, Vec<u64>),
    /// Tells another region of clients. These lines were not sent yet.
    Tell(Parts, Selection, Vec<u8>),
    /// Tells all regions of clients, for the comparison with that one. These were not told yet.
    Call(ServerName, Selection, Vec<OwnedRecord>),
    /// Tells all regions of every client that is at home here, in a part of the walk.
    RollCall(Vec<OwnedRecord>),
}

impl Errand {
    /// Looks at a record that is not over, in this region.
    pub(crate) fn look(&mut self, region: &[u8], record: &Record<'_>) {
        match self {
            Self::Presence(found) => {
                if let Some(position) = record.position_and_rest() {
                    found.add(position);
                }
            }
            Self::Count(tally) | Self::Compare(_, tally, _) => tally.add(record),
            Self::Tell(_, selection, lines) if selection.picks(record) => record.write_arrival(region, lines),
            Self::Call(_, selection, records) if record.region().is_none() && selection.picks(record) => {
                records.push(OwnedRecord::from(*record));
            }
            Self::RollCall(records) if record.is_report() => records.push(OwnedRecord::from(*record)),
            Self::Tell(..) | Self::Call(..) | Self::RollCall(_) => {}
        }
    }

    /// Gives messages that are full.
    pub(crate) fn send(&mut self, posts: &mut Vec<Post>) {
        if let Self::Tell(parts, _, lines) = self {
            parts.add(lines, posts);
            lines.clear();
        }
    }

    /// Gives what is to be sent at the end.
    pub(crate) fn end(self, posts: &mut Vec<Post>) {
        match self {
            Self::Compare(mut parts, tally, digests) => {
                let mut lines = Vec::new();
                tally.write_answer(&digests, &mut lines);
                parts.add(&lines, posts);
                posts.push(parts.end());
            }
            Self::Tell(parts, ..) => posts.push(parts.end()),
            Self::Presence(_) | Self::Count(_) | Self::Call(..) | Self::RollCall(_) => {}
        }
    }
}
