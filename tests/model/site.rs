//! What the model asks of a server, whichever rule it follows.

use std::sync::Arc;

use super::update::Update;

/// One state of one server. Equal numbers behave alike, and unequal ones differ in something.
pub(crate) type Place = u32;

/// A text that one server wrote to another, LFs included. Equal numbers are equal texts.
pub(crate) type Text = u32;

/// One client's newest report, for each client, in order.
pub(crate) type Kept = Arc<Vec<Vec<u8>>>;

/// What happens to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// It starts, for the how-manieth time.
    Start(usize, u8),
    /// A client says that update.
    Client(usize),
    /// A text came on a connection that somebody opened to it.
    Request(Text),
    /// That neighbour answered on the connection that this server opened.
    Answer(usize, Text),
    /// The connection that this server opened to that neighbour is over.
    Lost(usize),
    /// So many nanoseconds pass.
    Wait(u64),
}

/// What a server does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Opens a connection to that neighbour, which accepts it.
    Open(usize),
    /// Sends a text on the connection that it opened to that neighbour.
    Send(usize, Text),
    /// Answers the request.
    Reply(Text),
    /// Closes the connection that it opened to that neighbour; what was sent still arrives.
    Close(usize),
}

/// What comes of an input.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The state of the server from then on.
    pub(crate) to: Place,
    /// What it does, in order.
    pub(crate) outputs: Vec<Output>,
    /// What it did that no server may do.
    pub(crate) wrong: Option<Wrong>,
}

/// What no server may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wrong {
    /// It keeps an older report of a client than it did, or none any more.
    WentBack,
    /// It refused a line of a neighbour's.
    Refused,
    /// It sent an update to a neighbour to which it had sent it in the same two lives.
    SentTwice,
    /// It sent an update to the neighbour that had just sent it, or to its origin.
    SentBack,
    /// It asked for a connection to a neighbour while it had one.
    OpenedTwice,
    /// It read lines many bytes at a time, and they came to something else than when it read them one by one.
    ReadTwoWays,
    /// Something is to be done about a link, and it did not say so, or asks to be woken too late for it.
    Overslept,
}

/// A rule that servers follow.
pub(crate) trait Site: Send + Sync + 'static {
    /// What comes of `input` at a server in state `from`, while the servers `up` (a bit each) are up.
    fn step(&self, from: Place, input: Input, up: u8) -> Step;

    /// What a server keeps.
    fn kept(&self, place: Place) -> Kept;

    /// In how many nanoseconds it wants to be called, and does something then, if nothing happens until then.
    fn wake(&self, place: Place) -> Option<u64>;

    /// A bit for each update that a text brings in an AT line.
    fn brings(&self, text: Text) -> u64;

    /// What clients may say.
    fn updates(&self) -> &[Update];
}
