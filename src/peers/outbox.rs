//! What waits for one neighbour.

use bytes::{Buf, BytesMut};

use crate::bytes::append;

/// The most bytes handed to an adapter at once, so that a slow neighbour is seen to make progress.
pub(super) const PORTION: usize = 256 << 10;

/// How much room a queue has that is not empty.
const ROOM: usize = 16 << 10;

/// Lines that are to be sent, and behind them what is said in a comparison.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    /// Whole lines. They wait for as long as it takes.
    queue: BytesMut,
    /// What is said in a comparison, in whole lines. It goes with the connection.
    pub(crate) talk: BytesMut,
    /// Lines that were dropped because too many waited.
    pub(crate) dropped: u64,
}

impl Outbox {
    /// Queues whole lines.
    pub(super) fn push(&mut self, lines: &[u8]) {
        // All at once while it is empty, and there is nothing to move.
        self.queue.reserve(if self.queue.is_empty() { lines.len().max(ROOM) } else { lines.len() });
        append(lines, |piece| self.queue.extend_from_slice(piece));
    }

    /// How many bytes are queued.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing is to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.talk.is_empty()
    }

    /// Drops all that is queued.
    pub(super) fn drop_all(&mut self) {
        self.dropped += memchr::memchr_iter(b'\n', &self.queue).count() as u64;
        self.queue = BytesMut::new();
    }

    /// Drops the oldest lines until there is room for `len` bytes among `most`.
    pub(super) fn drop_oldest(&mut self, len: usize, most: usize) {
        while !self.queue.is_empty() && self.queue.len() + len > most {
            self.queue.advance(first_line(&self.queue));
            self.dropped += 1;
        }
    }

    /// The oldest line.
    pub(super) fn take_line(&mut self) -> BytesMut {
        self.queue.split_to(first_line(&self.queue))
    }

    /// As many whole lines as may be handed over at once, and what is said in a comparison if all lines are among them.
    pub(super) fn take(&mut self) -> BytesMut {
        let mut bytes = self.queue.split_to(portion(&self.queue, PORTION));
        if self.queue.is_empty() {
            let room = PORTION.saturating_sub(bytes.len());
            bytes.unsplit(self.talk.split_to(portion(&self.talk, room)));
        }
        bytes
    }
}

/// The length of the first line, LF included.
fn first_line(queue: &[u8]) -> usize {
    memchr::memchr(b'\n', queue).map_or(queue.len(), |end| end + 1)
}

/// The length of as many whole lines as fit in `most` bytes, or of one where none does and all of it is
/// to be had.
fn portion(queue: &[u8], most: usize) -> usize {
    if queue.len() <= most {
        return queue.len();
    }
    match memchr::memrchr(b'\n', &queue[..most]) {
        Some(end) => end + 1,
        None if most == PORTION => first_line(queue),
        None => 0,
    }
}
