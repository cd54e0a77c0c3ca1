//! What travels together through the core: the time, and what is to be done.

use core::time::Duration;

use super::batch::Batch;
use super::trouble::Trouble;
use super::work::Work;
use crate::herd::{HerdRefused, Horizon};
use crate::places::{Places, Query};
use crate::report::OwnedRecord;
use crate::values::{FetchId, Instant, Now, Position, ServerId, ServerName, SessionId};

/// One turn: what the clocks say, and what the node wants of whoever drives it.
///
/// Make one for each thread and use it again: it holds buffers, too. Set [`now`](Self::now), call sessions and nodes,
/// then empty [`actions`](Self::actions) and [`notices`](Self::notices).
#[derive(Debug, Default)]
pub struct Turn {
    /// What the clocks say.
    pub now: Now,
    /// What is to be done.
    pub actions: Vec<Action>,
    /// What people may want to know.
    pub notices: Vec<Notice>,
    /// What is too old now, as far as this server's clock is trusted: whoever begins something sets it.
    pub(crate) horizon: Horizon,
    /// How many watchers a report is told to, on average of the last ones.
    pub(crate) fan_out: u64,
    /// The buffers of a pass, while none is under way.
    pub(crate) batch: Option<Box<Batch>>,
    /// What was done so far, in units of work.
    work: u64,
}

impl Turn {
    /// A turn at that time.
    #[must_use]
    pub fn at(now: Now) -> Self {
        Self { now, ..Self::default() }
    }

    /// How much work one connection, or one link, may do before others have their turn: about a tenth of a millisecond.
    ///
    /// A pass ends by itself when it has done so much, and leaves the rest for [the next](crate::Session::can_resume). Who
    /// serves many connections on a thread ends a turn when [`work`](Self::work) has grown by this since it began, and
    /// looks at the other connections, and at what the system has for them, before the next.
    pub const SHARE: u64 = Work::PASS;

    /// The work of a call to the system, which whoever drives sessions and nodes counts.
    pub const CALL: u64 = Work::CALL;

    /// What was done so far, in units of work. It only grows.
    #[must_use]
    pub const fn work(&self) -> u64 {
        self.work
    }

    /// The work of writing, or reading, so many bytes.
    #[must_use]
    pub const fn work_of(bytes: usize) -> u64 {
        Work::CALL + Work::bytes(bytes)
    }

    /// So much work was done.
    pub(crate) const fn spend(&mut self, work: u64) {
        self.work = self.work.wrapping_add(work);
    }
}

/// What is to be done. Each is done once, in any order, also by other threads than the one that was told; but a session
/// is given what [`Served::reply`](crate::Served::reply) writes before the answers that came with it.
#[derive(Clone, Debug)]
pub enum Action {
    /// Give that session what it waits for: [`Session::answer`](crate::Session::answer). If it has gone, drop it.
    Answer {
        /// Who waits.
        session: SessionId,
        /// For what.
        answer: Answer,
    },
    /// Close that session's connection, whatever is owed there: all buffers together are full, and it has the most. If
    /// it has gone, there is nothing to do.
    Close {
        /// Whose connection it is.
        session: SessionId,
    },
    /// That session, or [watcher](crate::Watcher), has something to be told: ask whether the session [can go
    /// on](crate::Session::can_resume). If it has gone, there is nothing to do.
    Look {
        /// Which it is.
        session: SessionId,
    },
    /// There is something to do about the link to that neighbour: call [`Node::poll_link`](crate::Node::poll_link) until
    /// it says to wait.
    Forward {
        /// The neighbour.
        peer: ServerId,
    },
    /// Fetch places, and say [`Event::Fetched`](crate::Event::Fetched).
    Fetch {
        /// What to call it.
        fetch: FetchId,
        /// What to ask.
        query: Query,
    },
    /// There is something to do for other regions: call [`Node::poll_regions`](crate::Node::poll_regions).
    Post,
    /// Say [`Event::Woken`](crate::Event::Woken) at that time. The earliest that was said counts until then.
    WakeAt(Instant),
}

/// The answer to a request that had to wait for places, or for another region, on its way to the session that owes it to a
/// client.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) number: u64,
    pub(crate) answered: Answered,
}

/// What such a request is answered.
#[derive(Clone, Debug)]
pub enum Answered {
    /// A WHATSAT.
    Places {
        /// The client's report, where another region has answered it; without it that is known already.
        report: Option<OwnedRecord>,
        /// The places near it.
        places: Places,
    },
    /// A WHERE.
    Home {
        /// The region that the client is at home in.
        region: ServerName,
        /// Its newest report.
        report: OwnedRecord,
    },
    /// A NEAR.
    Found {
        /// Around what.
        center: Position,
        /// Reports, nearest first.
        found: Vec<OwnedRecord>,
        /// Regions that have clients there and did not answer in time: theirs are missing.
        silent: Vec<ServerName>,
    },
    /// The client is not known: its region has forgotten it since, or its report is over there.
    Unknown {
        /// The request's line.
        line: Box<[u8]>,
    },
    /// The region that the client is at home in did not answer in time.
    Silent {
        /// The request's line.
        line: Box<[u8]>,
        /// What is known here: [where](crate::Record::region) the client is, and since when.
        away: OwnedRecord,
    },
}

impl Answer {
    /// What the request is answered.
    #[must_use]
    pub fn into_answered(self) -> Answered {
        self.answered
    }
}

/// What happened that people may want to know. Nothing is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A neighbour cannot be reached, for the first time since it was.
    NeighbourDown {
        /// The neighbour.
        peer: ServerId,
        /// Why, as far as that is known.
        why: String,
    },
    /// A neighbour is reached that could not be, and repair has brought what the two lacked.
    NeighbourUp {
        /// The neighbour.
        peer: ServerId,
        /// How long it could not be reached.
        after: Duration,
        /// Reports that it lacked.
        sent: u64,
        /// Reports that this server lacked.
        received: u64,
    },
    /// Something is wrong until a person mends it. It is said once, and then once a minute for as long as it lasts.
    Wrong(Trouble),
    /// The list of servers is another now.
    HerdChanged {
        /// How many neighbours are new.
        added: usize,
        /// How many are neighbours no more.
        removed: usize,
    },
    /// All buffers together are as large as they may be, and connections are closed for it. It is told once a minute.
    BuffersFull {
        /// How many, since it was told last.
        closed: u64,
    },
    /// This server's clock has run ahead since it last agreed with a neighbour's, differs by more than a minute from most
    /// neighbours', or was never set. Nothing expires, and no tombstone goes, until it agrees again. It is told once an
    /// hour.
    ClockNotTrusted,
    /// As many clients are kept as may be, or their records take as many bytes, and newcomers are refused. It is told once a
    /// minute.
    ClientsFull {
        /// How many reports of those, since it was told last.
        refused: u64,
    },
    /// A new list of servers was refused as a whole, and nothing has changed.
    HerdRefused(HerdRefused),
    /// Another region did not answer in time. It is told once a minute.
    RegionSilent {
        /// The region.
        region: ServerName,
        /// How many questions it has not answered since that was told last.
        questions: u64,
    },
    /// This server has compared what it keeps with what that neighbour keeps.
    Compared {
        /// The neighbour.
        peer: ServerId,
        /// Reports that it lacked.
        sent: u64,
        /// Reports that this server lacked.
        received: u64,
    },
}
