//! What was asked of other regions, for whom, and until when an answer is waited for.

use std::collections::{BTreeMap, BTreeSet};

use super::bus::QuestionId;
use super::parts::Heard;
use crate::access::Rights;
use crate::report::OwnedRecord;
use crate::values::{Instant, Nearby, ServerName, Ticket};
use crate::wire::Near;

/// A client that is at home elsewhere, and somebody who asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) ticket: Ticket,
    /// The request's line, of which a refusal has a copy.
    pub(crate) line: Box<[u8]>,
    /// What is kept of the client here: in which region it is, and since when.
    pub(crate) away: OwnedRecord,
    pub(crate) then: Then,
    /// How often that was asked already.
    pub(crate) tries: u8,
}

impl Wanted {
    /// So often another server, or the next region, is asked where one answers with less than was known here.
    pub(crate) const MOST_TRIES: u8 = 4;
}

/// What becomes of the answer.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// A WHATSAT: places near the client are fetched.
    Places(Nearby),
    /// A WHERE: it is the answer.
    Home,
    /// A NEAR around the client, of somebody with those rights: it begins.
    Near(Box<Near>, Rights),
}

/// A question that was posted.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) region: ServerName,
    pub(crate) asks: Asks,
    deadline: Instant,
}

/// What it asks.
#[derive(Clone, Debug)]
pub(crate) enum Asks {
    /// Where these clients are. The answer has a line for each, in their order.
    Where(Vec<Wanted>),
    /// Who is near: a part of that gathering; and how far the answer has come.
    Near(u64, Heard),
    /// A step of the comparison that is under way in that run of the census.
    Homes(u64),
}

/// Questions that wait to be posted, and those that wait for answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Questions {
    next: u64,
    wanted: BTreeMap<ServerName, Vec<Wanted>>,
    open: BTreeMap<QuestionId, Open>,
    due: BTreeSet<(Instant, QuestionId)>,
    /// How many clients are asked for, in both.
    asked: usize,
}

impl Questions {
    /// As many clients may be asked for at once.
    const MOST: usize = 1 << 16;

    /// As many clients are asked for in one message.
    const TOGETHER: usize = 256;

    /// Whether more clients may be asked for.
    pub(crate) const fn has_room(&self) -> bool {
        self.asked < Self::MOST
    }

    /// Asks that region where a client is, with the next message.
    pub(crate) fn want(&mut self, region: ServerName, wanted: Wanted) {
        self.asked += 1;
        self.wanted.entry(region).or_default().push(wanted);
    }

    /// Takes clients that one region is to be asked for with the next message.
    pub(crate) fn next_wanted(&mut self) -> Option<(ServerName, Vec<Wanted>)> {
        let mut entry = self.wanted.first_entry()?;
        let all = entry.get_mut();
        let rest = all.split_off(all.len().min(Self::TOGETHER));
        let region = entry.key().clone();
        let first = if rest.is_empty() { entry.remove() } else { entry.insert(rest) };
        Some((region, first))
    }

    /// A question is posted: its number.
    pub(crate) fn open(&mut self, region: ServerName, asks: Asks, deadline: Instant) -> QuestionId {
        let id = self.next_id();
        self.open.insert(id, Open { region, asks, deadline });
        self.due.insert((deadline, id));
        id
    }

    /// The number of a question that is answered for as long as somebody wants it.
    pub(crate) const fn next_id(&mut self) -> QuestionId {
        let id = QuestionId(self.next);
        self.next += 1;
        id
    }

    /// What the question of that number asks that region, if it still waits.
    pub(crate) fn asks(&mut self, id: QuestionId, region: &ServerName) -> Option<&mut Asks> {
        self.open.get_mut(&id).filter(|open| open.region == *region).map(|open| &mut open.asks)
    }

    /// Nothing more is waited for.
    pub(crate) fn close(&mut self, id: QuestionId) -> Option<Open> {
        let open = self.open.remove(&id)?;
        self.due.remove(&(open.deadline, id));
        if let Asks::Where(wanted) = &open.asks {
            self.asked -= wanted.len();
        }
        Some(open)
    }

    /// The next one that has waited long enough, which is closed.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Open> {
        let &(deadline, id) = self.due.first()?;
        if deadline <= now { self.close(id) } else { None }
    }

    /// All that were not posted: the bus is not there.
    pub(crate) fn give_up_wanted(&mut self) -> Vec<Wanted> {
        let wanted: Vec<_> = core::mem::take(&mut self.wanted).into_values().flatten().collect();
        self.asked -= wanted.len();
        wanted
    }

    /// Any that is open, which is closed.
    pub(crate) fn give_up(&mut self) -> Option<Open> {
        let &(_, id) = self.due.first()?;
        self.close(id)
    }

    /// When the first of them has waited long enough.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|&(deadline, _)| deadline)
    }
}
