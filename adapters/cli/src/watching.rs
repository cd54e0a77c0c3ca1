//! Following a watch or a fence: from server to server, without a gap that is not told.
//!
//! [`follow`](follow::follow) is the loop; [`Line`](line::Line) is what servers say; a [`Follower`](follower::Follower) knows
//! what was told so far, and what a new beginning leaves to tell; a [`Teller`](teller::Teller) tells it.

mod attempt;
mod ending;
mod follow;
mod follower;
mod line;
mod options;
mod pauses;
mod teller;

pub(crate) use follow::follow;
pub(crate) use options::WatchOptions;

use herd::Position;

use crate::failure::Failure;

/// What is followed.
pub(crate) struct Subject {
    kind: Kind,
    /// As it stands in the request, and at the end of each line of it.
    target: String,
    /// The middle of the circle, where it is one.
    centre: Option<Position>,
}

/// Which kind of request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Watch,
    Fence,
}

impl Subject {
    /// # Errors
    /// Where no server would take it.
    pub(crate) fn new(kind: Kind, target: String, centre: Option<Position>) -> Result<Self, Failure> {
        let subject = Self { kind, target, centre };
        match herd::wire::Message::parse(subject.request().as_bytes()) {
            Ok(_) => Ok(subject),
            Err(why) => Err(Failure::Usage(why.to_string())),
        }
    }

    fn request(&self) -> String {
        let word = match self.kind {
            Kind::Watch => "WATCH",
            Kind::Fence => "FENCE",
        };
        format!("{word} {}", self.target)
    }
}
