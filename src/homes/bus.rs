//! What regions say to each other, and by which way: what an adapter moves.

use bytes::Bytes;

use crate::values::ServerName;

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

impl Subject {
    /// How many parts the stream of arrivals has. A client's arrivals all go through one of them.
    pub const PARTS: u8 = 8;
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where it goes.
    pub to: Subject,
    /// What it says: lines as on the wire, no more than [`MOST`](Post::MOST) bytes.
    pub payload: Bytes,
    /// Answers are wanted, under that number: none, one or several. A message to [`Reply`](Subject::Reply) can want some, too.
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
    /// An answer to that question; where a question was sent with it, answers to that go there.
    Answered(QuestionId, Option<ReplyTo>),
    /// What a region tells everybody.
    Everybody,
}
