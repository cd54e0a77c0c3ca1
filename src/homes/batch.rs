//! Arrivals on their way into the stream, some milliseconds' together.

use core::mem;
use core::time::Duration;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::bus::{Post, Subject};
use crate::report::Record;
use crate::values::Instant;

/// The lines of one message for each part of the stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    parts: [Vec<u8>; Subject::PARTS as usize],
    /// When they are to go.
    due: Option<Instant>,
}

impl Batch {
    /// How long the first of a message waits for others.
    pub(crate) const TIME: Duration = Duration::from_millis(20);

    /// Adds that a client has arrived in `region`, or that it was forgotten. What is to be sent at once, since the message
    /// is full, goes to `posts`.
    pub(crate) fn add(
        &mut self,
        (region, record): (&[u8], &Record<'_>),
        heading: &[u8],
        now: Instant,
        posts: &mut Vec<Post>,
    ) {
        let number = part_of(record.client());
        let part = &mut self.parts[usize::from(number)];
        if !part.is_empty() && part.len() + record.line().len() > Post::MOST {
            posts.push(post(number, mem::take(part)));
        }
        if part.is_empty() {
            part.extend_from_slice(heading);
        }
        record.write_arrival(region, part);
        self.begin(now);
    }

    /// There is something to be told, or will be: in a short while all that there is then is sent.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.due.get_or_insert(now + Self::TIME);
    }

    /// Sends all, if it is time.
    pub(crate) fn send(&mut self, now: Instant, posts: &mut Vec<Post>) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = None;
        for (number, part) in (0..).zip(&mut self.parts).filter(|(_, part)| !part.is_empty()) {
            posts.push(post(number, mem::take(part)));
        }
    }

    /// Drops all.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }
}

/// Which part of the stream tells of that client, the same in every region.
#[expect(clippy::cast_possible_truncation, reason = "there are few")]
fn part_of(client: &[u8]) -> u8 {
    (xxh3_64(client) % u64::from(Subject::PARTS)) as u8
}

fn post(part: u8, payload: Vec<u8>) -> Post {
    Post { to: Subject::Arrivals(part), payload: Bytes::from(payload), question: None }
}
