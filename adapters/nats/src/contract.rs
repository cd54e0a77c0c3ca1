//! What regions say to each other, and by which way: what an adapter moves.

use bytes::Bytes;
use herd::ServerName;

/// A question to another region, as the node calls it: answers come back under its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// Where an answer goes: what the bus calls whoever asked. It came with the question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyTo(pub Box<str>);

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The stream of arrivals, in one of its [`PARTS`](Subject::PARTS): to the bridge of every region, at least once.
    Arrivals(u8),
    /// One server of that region, whichever; at most once.
    Ask(ServerName),
    /// Whoever asked; at most once.
    Reply(ReplyTo),
    /// All servers of all regions, at most once.
    Everybody,
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where it goes.
    pub to: Subject,
    /// What it says: lines as on the wire, no more than [`MOST`](Post::MOST) bytes.
    pub payload: Bytes,
    /// Answers are wanted, under that number: none, one or several.
    pub question: Option<QuestionId>,
}

impl Post {
    /// The longest payload, in bytes. A line that is longer is a payload of its own.
    pub const MOST: usize = 64 << 10;
}

/// By which way a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By the stream of arrivals. It counts as received when the call that takes it has come back.
    Arrivals,
    /// A question to this region; answers go there.
    Asked(ReplyTo),
    /// An answer to that question.
    Answered(QuestionId),
    /// What a region tells everybody.
    Everybody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Connected or not.
    Bus(bool),
    /// Bridge or not.
    Bridge(Option<u64>),
    /// A message.
    Delivered {
        /// By.
        by: Delivery,
        /// Payload.
        payload: &'a [u8],
    },
}

/// How a server is joined to other regions.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RegionStatus {
    /// The region that it is a server of.
    pub name: String,
    /// The name of the NATS server that it is connected to, if it is.
    pub nats: Option<String>,
    /// How long it has been connected, or not.
    pub since: herd::Seconds,
    /// Its fencing number, if it is its region's bridge.
    pub bridge: Option<u64>,
    /// How many messages of the stream of arrivals the bridge has still to read.
    pub lag: Option<u64>,
    /// How many messages it has sent.
    pub sent: u64,
    /// How many messages have come.
    pub received: u64,
    /// How many were dropped, in either direction: too many at once, or no connection, or not such a message.
    pub dropped: u64,
    /// How often a message of the stream of arrivals could not be sent.
    pub failed: u64,
}
