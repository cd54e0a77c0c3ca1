//! What regions say to each other, counted.

use herd::{Post, Subject};
use serde::Serialize;

/// Messages between regions, by the way that they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// To the stream of arrivals.
    pub arrivals: Messages,
    /// Questions to another region.
    pub questions: Messages,
    /// Answers.
    pub answers: Messages,
    /// To all servers of all regions.
    pub everybody: Messages,
}

/// How many messages, and how long they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// How many.
    pub count: u64,
    /// The bytes of their payloads.
    pub bytes: u64,
}

impl Traffic {
    /// A message is sent.
    pub(super) fn take(&mut self, post: &Post) {
        let way = match post.to {
            Subject::Arrivals(_) => &mut self.arrivals,
            Subject::Ask(_) => &mut self.questions,
            Subject::Reply(_) => &mut self.answers,
            Subject::Everybody => &mut self.everybody,
        };
        way.add(Messages { count: 1, bytes: post.payload.len() as u64 });
    }

    /// Adds what was said elsewhere.
    pub const fn add(&mut self, other: &Self) {
        self.arrivals.add(other.arrivals);
        self.questions.add(other.questions);
        self.answers.add(other.answers);
        self.everybody.add(other.everybody);
    }

    /// All of them.
    #[must_use]
    pub const fn sum(&self) -> Messages {
        let mut sum = self.arrivals;
        sum.add(self.questions);
        sum.add(self.answers);
        sum.add(self.everybody);
        sum
    }
}

impl Messages {
    const fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}
