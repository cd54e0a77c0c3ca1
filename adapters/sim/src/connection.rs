//! A connection: two ends, and bytes in order each way.

use std::collections::VecDeque;

use bytes::Bytes;
use herd::{Seat, Session};

use crate::scenario::Nanos;
use crate::stranger::Stranger;
use crate::talk::Talk;

/// A connection's place, and how often the place was used before: one that is over is not mistaken
/// for its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl ConnectionId {
    /// The same as one number: what the core calls the session at its end.
    pub(crate) const fn number(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    pub(crate) const fn of_number(number: u64) -> Self {
        Self { slot: (number & 0xffff_ffff) as u32, generation: (number >> 32) as u32 }
    }
}

/// A direction. `There` is from whoever opened the connection to whoever accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    There,
    Back,
}

/// An end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Opener,
    Acceptor,
}

impl Way {
    pub(crate) const BOTH: [Self; 2] = [Self::There, Self::Back];

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::There => Self::Back,
            Self::Back => Self::There,
        }
    }

    pub(crate) const fn sender(self) -> Side {
        match self {
            Self::There => Side::Opener,
            Self::Back => Side::Acceptor,
        }
    }

    pub(crate) const fn receiver(self) -> Side {
        self.other().sender()
    }
}

impl Side {
    /// The way of what it sends.
    pub(crate) const fn sends(self) -> Way {
        match self {
            Self::Opener => Way::There,
            Self::Acceptor => Way::Back,
        }
    }

    pub(crate) const fn other(self) -> Self {
        self.sends().other().sender()
    }
}

/// What one end is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It uses the connection.
    Here,
    /// It has said that it sends no more, and waits for the other end to say so.
    Closing,
    /// It knows nothing of the connection: not yet, or no more.
    Gone,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opener {
    /// A server's, to the neighbour at the end of that link.
    Link(u32),
    /// A client's.
    Client(u32),
    /// Of somebody who says that it is that server.
    Stranger(u32),
}

/// What is on its way in one direction.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one of the two ends' own, and may come in any order")]
pub(crate) struct Pipe {
    /// Bytes that the network has not taken from the sender yet.
    pub(crate) unsent: VecDeque<Bytes>,
    pub(crate) unsent_len: usize,
    /// Pieces on their way; an empty one is the end.
    pub(crate) flying: VecDeque<Bytes>,
    /// How many of those would have arrived, had nothing been cut.
    pub(crate) held: u32,
    /// Pieces that arrived and were not read.
    pub(crate) inbox: VecDeque<Bytes>,
    /// Bytes taken from the sender of which it does not know that they were read.
    pub(crate) unacked: usize,
    /// Bytes that were read while the way for telling so was cut.
    pub(crate) acks_owed: usize,
    pub(crate) last_arrival: Nanos,
    pub(crate) busy_until: Nanos,
    /// The sender will send no more than what is unsent.
    pub(crate) closed: bool,
    pub(crate) close_sent: bool,
    pub(crate) close_arrived: bool,
    /// A slow reader will read at a time that is set.
    pub(crate) read_set: bool,
    /// Something was sent to an end that is gone, and nobody there said so.
    pub(crate) unheard: bool,
}

impl Pipe {
    /// Nothing more will come of it.
    pub(crate) fn clear(&mut self) {
        self.unsent.clear();
        self.unsent_len = 0;
        self.flying.clear();
        self.held = 0;
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) generation: u32,
    pub(crate) opener: Opener,
    /// The server that accepts it.
    pub(crate) server: u32,
    pub(crate) session: Option<Box<Session>>,
    /// The place that it takes at that server, while it has it.
    pub(crate) seat: Option<Seat>,
    pub(crate) ends: [End; 2],
    pub(crate) pipes: [Pipe; 2],
    /// Of its opener, where that is a server, when it was opened; how often that had moved; and when that was.
    pub(crate) life: u32,
    pub(crate) moves: u32,
    pub(crate) opened_at: Nanos,
    /// It is broken, and its ends will learn of it.
    pub(crate) broken: bool,
    /// It leads nowhere: what either end sends is acknowledged and thrown away.
    pub(crate) dead: bool,
    /// A line that has come in part to a server of an older make.
    pub(crate) begun: Vec<u8>,
    /// A middlebox has accepted it, and ends it when the first bytes come.
    pub(crate) ends_soon: bool,
    /// Replies that wait until a disk has what they say: in which call of its engine that is taken.
    pub(crate) withheld: VecDeque<(u64, Bytes)>,
    /// What a client has said on it and is owed.
    pub(crate) talk: Option<Box<Talk>>,
    /// Who has one of its ends, where that is no server and no client.
    pub(crate) stranger: Option<Box<Stranger>>,
    pub(crate) proving: Proving,
}

/// What was proved on a connection by the server that opened it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Proving {
    /// Whether a line of its opener's was taken on it.
    pub(crate) is_met: bool,
    /// Whether it was asked for a proof, and its answer has not come.
    pub(crate) is_asked: bool,
    /// The secret with which it last made one.
    pub(crate) proves: Option<usize>,
    /// The secret that the other end has seen it prove.
    pub(crate) proved: Option<usize>,
}

impl Connection {
    pub(crate) const fn end(&self, side: Side) -> End {
        self.ends[side as usize]
    }

    /// Whether a server opened it.
    pub(crate) const fn is_of_link(&self) -> bool {
        matches!(self.opener, Opener::Link(_))
    }

    /// Whether whoever accepted it is no server.
    pub(crate) const fn is_with_impostor(&self) -> bool {
        matches!(self.opener, Opener::Link(_)) && self.stranger.is_some()
    }

    /// How many bytes of replies have not been sent.
    pub(crate) fn unsent_replies(&self) -> usize {
        let withheld: usize = self.withheld.iter().map(|(_, bytes)| bytes.len()).sum();
        self.pipes[Way::Back as usize].unsent_len + withheld
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.ends, [End::Gone, End::Gone])
    }
}

/// All connections there are.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    slots: Vec<Connection>,
    free: Vec<u32>,
}

impl Connections {
    /// A new one, of which the acceptor knows nothing yet.
    pub(crate) fn open(&mut self, opener: Opener, server: u32) -> ConnectionId {
        let slot = self.free.pop();
        let generation = slot.map_or(0, |slot| self.slots[slot as usize].generation);
        let connection = Connection {
            generation,
            opener,
            server,
            session: None,
            seat: None,
            ends: [End::Here, End::Gone],
            pipes: [Pipe::default(), Pipe::default()],
            life: 0,
            moves: 0,
            broken: false,
            dead: false,
            begun: Vec::new(),
            ends_soon: false,
            withheld: VecDeque::new(),
            talk: None,
            stranger: None,
            proving: Proving::default(),
            opened_at: 0,
        };
        let slot = if let Some(slot) = slot {
            self.slots[slot as usize] = connection;
            slot
        } else {
            self.slots.push(connection);
            u32::try_from(self.slots.len() - 1).expect("fewer connections than that")
        };
        ConnectionId { slot, generation }
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.slots.get(id.slot as usize).filter(|connection| connection.generation == id.generation)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.slots.get_mut(id.slot as usize).filter(|connection| connection.generation == id.generation)
    }

    /// Forgets one of which neither end knows any more.
    pub(crate) fn free_if_over(&mut self, id: ConnectionId) {
        if let Some(connection) = self.get_mut(id).filter(|connection| connection.is_over()) {
            connection.generation += 1;
            connection.session = None;
            connection.seat = None;
            connection.talk = None;
            connection.stranger = None;
            connection.begun = Vec::new();
            connection.withheld = VecDeque::new();
            connection.pipes = [Pipe::default(), Pipe::default()];
            self.free.push(id.slot);
        }
    }

    /// As many as there ever were at once.
    pub(crate) const fn most(&self) -> usize {
        self.slots.len()
    }

    /// Those that some end knows of, in the order of their places.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        let used = self.slots.iter().enumerate().filter(|(_, connection)| !connection.is_over());
        used.map(|(slot, connection)| ConnectionId {
            slot: u32::try_from(slot).expect("fewer connections than that"),
            generation: connection.generation,
        })
        .collect()
    }
}
