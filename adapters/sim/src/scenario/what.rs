//! What can happen in a scenario.

use serde::{Deserialize, Serialize};

use super::Nanos;
use super::data::Ailment;
use super::manner::{Illness, Manner};
use super::ruse::Ruse;
use super::trusting::Trusting;
use crate::list::Listing;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// When.
    pub at: Nanos,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen. Clients are numbered from zero, as servers are; each has one connection at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// A client sends text to a server, on the connection that it has to it or on a new one.
    Say {
        /// The client.
        client: usize,
        /// The server.
        server: usize,
        /// What it sends, line ends included.
        text: String,
    },
    /// A client sends no more on its connection, and waits for what it is owed.
    HangUp {
        /// The client.
        client: usize,
    },
    /// A client reads so many bytes a second from now on: none at all where that is zero.
    Read {
        /// The client.
        client: usize,
        /// Bytes a second; as fast as they come where that is not given.
        pace: Option<u64>,
    },
    /// A client's connection breaks.
    BreakClient {
        /// The client.
        client: usize,
    },
    /// The connections between two servers break, in the middle of what is on its way.
    Break {
        /// One end.
        from: usize,
        /// The other end.
        to: usize,
    },
    /// Nothing gets through from one server to another for a while.
    Cut {
        /// Where it would come from.
        from: usize,
        /// Where it would go.
        to: usize,
        /// Whether nothing gets through the other way either.
        both: bool,
        /// For how long.
        lasts: Nanos,
        /// Whether the connections of that time are reset in the end; else they go on, with every byte.
        reset: bool,
    },
    /// What one server sends another takes longer for a while.
    Delay {
        /// Where it comes from.
        from: usize,
        /// Where it goes.
        to: usize,
        /// How much longer.
        extra: Nanos,
        /// For how long.
        lasts: Nanos,
    },
    /// A server reads slowly for a while what another one sends.
    Slow {
        /// Who sends.
        from: usize,
        /// Who reads.
        to: usize,
        /// Bytes a second, or none at all.
        pace: u64,
        /// For how long.
        lasts: Nanos,
    },
    /// A server crashes.
    Crash {
        /// The server.
        server: usize,
        /// When it is back; never, if that is not given.
        lasts: Option<Nanos>,
        /// Whether its host dies with it, so that nobody is told; else its connections are closed.
        silent: bool,
        /// Whether it remembers its reports when it is back.
        keeps: bool,
    },
    /// A server stops in good order: it takes nothing in any more, and sends what it has.
    Stop {
        /// The server.
        server: usize,
        /// When it is back, at the earliest.
        lasts: Nanos,
        /// Whether it remembers its reports when it is back.
        keeps: bool,
    },
    /// A server moves to another IP address. Its neighbours do not know until they look up where it is.
    Move {
        /// The server.
        server: usize,
        /// Whether its connections break; else they lead nowhere.
        breaks: bool,
    },
    /// A server's wall clock jumps, and from then on runs faster or slower than it should.
    Clock {
        /// The server.
        server: usize,
        /// How far it jumps.
        jump: i64,
        /// How much too fast it runs, in millionths.
        drift: i32,
    },
    /// A middlebox stands before a server for a while, on the way from one of its neighbours.
    Middlebox {
        /// Who connects.
        from: usize,
        /// The server behind it.
        to: usize,
        /// What it does.
        how: Manner,
        /// For how long.
        lasts: Nanos,
    },
    /// A server has another one in its list from now on. One that has itself in it starts, if it never ran.
    Enlist {
        /// Whose list.
        server: usize,
        /// Who is in it.
        member: usize,
    },
    /// A server has another one in its list no more.
    Delist {
        /// Whose list.
        server: usize,
        /// Who is not in it.
        member: usize,
    },
    /// A server's list has another address of another one from now on, which leads to the same server.
    Readdress {
        /// Whose list.
        server: usize,
        /// Whose address.
        member: usize,
    },
    /// A server believes others from now on.
    Trust {
        /// The server.
        server: usize,
        /// Whom it believes.
        to: Trusting,
    },
    /// Somebody who is no neighbour connects to a server and says what a neighbour would.
    Stranger {
        /// The server.
        server: usize,
        /// The neighbour that it says it is.
        poses_as: usize,
        /// Whether it connects from that neighbour's address.
        there: bool,
        /// What it tries.
        ruse: Ruse,
    },
    /// Somebody has the address of a server for a while, and answers there whenever the server is down.
    Impostor {
        /// The server.
        server: usize,
        /// For how long.
        lasts: Nanos,
    },
    /// A server's disk is ill for a while; a start mends it.
    Disk {
        /// The server.
        server: usize,
        /// In which way.
        how: Ailment,
        /// For how long.
        lasts: Nanos,
    },
    /// A bit flips on a server's disk.
    Rot {
        /// The server.
        server: usize,
        /// Which, of all that there are.
        bit: u64,
    },
    /// A server's places source is ill for a while.
    Places {
        /// The server.
        server: usize,
        /// In which way.
        how: Illness,
        /// For how long.
        lasts: Nanos,
    },
    /// A server [hears](herd::Node::hear) of other regions.
    Hear {
        /// The server.
        server: usize,
        /// What, line ends included.
        text: String,
    },
    /// A server has [tighter](super::Bounds::tighter) limits for a while, without a restart.
    Limit {
        /// The server.
        server: usize,
        /// For how long.
        lasts: Nanos,
    },
}

impl What {
    /// How long it goes on; zero for what is over at once, and for a crash without end.
    #[must_use]
    pub fn lasts(&self) -> Nanos {
        match self {
            Self::Cut { lasts, .. }
            | Self::Delay { lasts, .. }
            | Self::Slow { lasts, .. }
            | Self::Middlebox { lasts, .. }
            | Self::Stop { lasts, .. }
            | Self::Impostor { lasts, .. }
            | Self::Disk { lasts, .. }
            | Self::Places { lasts, .. }
            | Self::Limit { lasts, .. } => *lasts,
            Self::Crash { lasts, .. } => lasts.unwrap_or(0),
            _ => 0,
        }
    }

    /// It takes half the time, and never none: that would be without end.
    pub(crate) fn hurry(&mut self) {
        match self {
            Self::Cut { lasts, .. }
            | Self::Delay { lasts, .. }
            | Self::Slow { lasts, .. }
            | Self::Middlebox { lasts, .. }
            | Self::Stop { lasts, .. }
            | Self::Impostor { lasts, .. }
            | Self::Disk { lasts, .. }
            | Self::Places { lasts, .. }
            | Self::Limit { lasts, .. }
            | Self::Crash { lasts: Some(lasts), .. } => *lasts = (*lasts / 2).max(1),
            _ => {}
        }
    }

    /// Its kind, for summaries and traces.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Say { .. } => "say",
            Self::HangUp { .. } => "hang-up",
            Self::Read { .. } => "read",
            Self::BreakClient { .. } => "break-client",
            Self::Break { .. } => "break",
            Self::Cut { .. } => "cut",
            Self::Delay { .. } => "delay",
            Self::Slow { .. } => "slow",
            Self::Crash { .. } => "crash",
            Self::Stop { .. } => "stop",
            Self::Move { .. } => "move",
            Self::Clock { .. } => "clock",
            Self::Middlebox { .. } => "middlebox",
            Self::Enlist { .. } => "enlist",
            Self::Delist { .. } => "delist",
            Self::Readdress { .. } => "readdress",
            Self::Trust { .. } => "trust",
            Self::Stranger { .. } => "stranger",
            Self::Impostor { .. } => "impostor",
            Self::Disk { .. } => "disk",
            Self::Rot { .. } => "rot",
            Self::Places { .. } => "places",
            Self::Limit { .. } => "limit",
            Self::Hear { .. } => "hear",
        }
    }

    /// Whether servers can agree on what they keep although it goes on.
    #[must_use]
    pub const fn is_aside(&self) -> bool {
        matches!(self, Self::Places { .. } | Self::Limit { .. })
    }

    /// Whether it is trouble, and not what clients ordinarily do.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        !matches!(self, Self::Say { .. } | Self::HangUp { .. } | Self::Read { pace: None, .. })
    }
}

impl What {
    /// The link that it is about, if it is about one.
    pub(crate) const fn link(&self) -> Option<(usize, usize)> {
        match *self {
            Self::Break { from, to }
            | Self::Cut { from, to, .. }
            | Self::Delay { from, to, .. }
            | Self::Slow { from, to, .. }
            | Self::Middlebox { from, to, .. } => Some((from, to)),
            _ => None,
        }
    }

    /// The server that it is about, if it is about one.
    pub(crate) const fn server(&self) -> Option<usize> {
        match *self {
            Self::Say { server, .. }
            | Self::Crash { server, .. }
            | Self::Stop { server, .. }
            | Self::Move { server, .. }
            | Self::Enlist { server, .. }
            | Self::Delist { server, .. }
            | Self::Readdress { server, .. }
            | Self::Clock { server, .. }
            | Self::Trust { server, .. }
            | Self::Stranger { server, .. }
            | Self::Impostor { server, .. }
            | Self::Disk { server, .. }
            | Self::Rot { server, .. }
            | Self::Places { server, .. }
            | Self::Hear { server, .. }
            | Self::Limit { server, .. } => Some(server),
            _ => None,
        }
    }

    /// Whether a server's links are in trouble from then on. A stop in good order is none for them, and so is a stranger.
    pub(crate) const fn ends_links(&self) -> bool {
        matches!(self, Self::Crash { .. } | Self::Move { .. } | Self::Trust { .. } | Self::Impostor { .. })
    }

    /// The server that somebody says it is, if somebody does.
    pub(crate) const fn posed_as(&self) -> Option<usize> {
        match *self {
            Self::Stranger { poses_as, .. } => Some(poses_as),
            _ => None,
        }
    }

    /// Whose list it is about, and what is written into that.
    pub(crate) const fn listing(&self) -> Option<(usize, Listing)> {
        match *self {
            Self::Enlist { server, member } => Some((server, Listing::In(member))),
            Self::Delist { server, member } => Some((server, Listing::Out(member))),
            Self::Readdress { server, member } => Some((server, Listing::Elsewhere(member))),
            _ => None,
        }
    }

    /// The client that it is about, if it is about one.
    pub(crate) const fn client(&self) -> Option<usize> {
        match *self {
            Self::Say { client, .. }
            | Self::HangUp { client }
            | Self::Read { client, .. }
            | Self::BreakClient { client } => Some(client),
            _ => None,
        }
    }

    /// The servers that it names.
    pub(super) fn servers_mut(&mut self) -> Vec<&mut usize> {
        match self {
            Self::Break { from, to }
            | Self::Cut { from, to, .. }
            | Self::Delay { from, to, .. }
            | Self::Slow { from, to, .. }
            | Self::Middlebox { from, to, .. } => vec![from, to],
            Self::Say { server, .. }
            | Self::Crash { server, .. }
            | Self::Stop { server, .. }
            | Self::Move { server, .. }
            | Self::Clock { server, .. }
            | Self::Trust { server, .. }
            | Self::Impostor { server, .. }
            | Self::Disk { server, .. }
            | Self::Rot { server, .. }
            | Self::Places { server, .. }
            | Self::Hear { server, .. }
            | Self::Limit { server, .. } => vec![server],
            Self::Stranger { server, poses_as, .. } => vec![server, poses_as],
            Self::Enlist { server, member } | Self::Delist { server, member } | Self::Readdress { server, member } => {
                vec![server, member]
            }
            Self::HangUp { .. } | Self::Read { .. } | Self::BreakClient { .. } => Vec::new(),
        }
    }
}
