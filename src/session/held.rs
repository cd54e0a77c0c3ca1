//! Bytes that were received and not read yet.

/// What is left of one read, while a session takes no more in.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: Vec<u8>,
    /// How many of them were read.
    start: usize,
}

impl Held {
    /// Those bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), start: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How much memory they take, also for those that were read.
    pub(super) const fn room(&self) -> usize {
        self.bytes.capacity()
    }

    /// What was not read.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// More came.
    pub(super) fn push(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
    }

    /// So many were read. Memory is kept for as long as any is left, so that what is held is copied once.
    pub(super) fn advance(&mut self, read: usize) {
        self.start += read;
        if self.start == self.bytes.len() {
            *self = Self::default();
        }
    }
}
