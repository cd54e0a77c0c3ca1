//! Where lines are written to.

use bytes::BytesMut;

use super::text::Text;

/// Bytes that grow at their end.
pub(crate) trait Sink {
    /// How many there are.
    fn len(&self) -> usize;

    /// Appends `piece`.
    fn put(&mut self, piece: &[u8]);

    /// Forgets what is behind the first `len`.
    fn truncate(&mut self, len: usize);
}

impl Sink for Text {
    fn len(&self) -> usize {
        self.len()
    }

    fn put(&mut self, piece: &[u8]) {
        self.push(piece);
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

impl Sink for BytesMut {
    fn len(&self) -> usize {
        self.len()
    }

    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

impl Sink for Vec<u8> {
    fn len(&self) -> usize {
        self.len()
    }

    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}
