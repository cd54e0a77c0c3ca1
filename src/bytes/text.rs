//! A buffer that grows by many short pieces.

use core::mem;

use wide::u8x16;

/// Appends long texts piece by piece: C libraries copy what is longer than two kilobytes with a string
/// instruction, which is slow to start.
#[inline]
pub(crate) fn append(long: &[u8], mut push: impl FnMut(&[u8])) {
    long.chunks(1984).for_each(&mut push);
}

/// Copies a text to where there is room for it. One as long as most lines are is copied in two overlapping halves
/// of a fixed length, which takes no call.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    let to = &mut to[..from.len()];
    if !(copy_halves::<48>(from, to) || copy_halves::<64>(from, to) || copy_halves::<32>(from, to)) {
        to.copy_from_slice(from);
    }
}

#[inline]
fn copy_halves<const N: usize>(from: &[u8], to: &mut [u8]) -> bool {
    if from.len() > 2 * N {
        return false;
    }
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else { return false };
    if let Some(to) = to.first_chunk_mut::<N>() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut::<N>() {
        *to = *last;
    }
    true
}

/// Whether two texts are the same. Those as long as most names are compared in two overlapping halves.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        17..=32 => halves::<16>(one, other).is_some_and(|[first, last]| {
            let block = |half: &[u8; 16]| u8x16::new(*half);
            let is = block(first.0).simd_eq(block(first.1)) & block(last.0).simd_eq(block(last.1));
            is.to_bitmask() == 0xffff
        }),
        8..=16 => halves::<8>(one, other).is_some_and(|[first, last]| {
            let word = |half: &[u8; 8]| u64::from_ne_bytes(*half);
            (word(first.0) ^ word(first.1)) | (word(last.0) ^ word(last.1)) == 0
        }),
        _ => one == other,
    }
}

/// The first and the last `N` bytes of two texts.
#[inline]
fn halves<'a, const N: usize>(one: &'a [u8], other: &'a [u8]) -> Option<[(&'a [u8; N], &'a [u8; N]); 2]> {
    Some([(one.first_chunk()?, other.first_chunk()?), (one.last_chunk()?, other.last_chunk()?)])
}

/// Copies a text that stands at the beginning of `from`, and some of what is behind it. Nearly all that are copied
/// there have no more than `USUAL` bytes.
#[inline]
pub(crate) fn copy_loosely<const USUAL: usize, const N: usize, const M: usize>(
    from: &[u8; N],
    to: &mut [u8; M],
    len: usize,
) {
    const { assert!(M >= N) };
    to[..USUAL].copy_from_slice(&from[..USUAL]);
    if len > USUAL {
        to[USUAL..N].copy_from_slice(&from[USUAL..]);
    }
}

/// As long a report as is copied in one go.
pub(crate) const SHORT: usize = 128;

/// Bytes to which short pieces are appended in few steps: there is room behind them for more than a piece, so
/// that a [`Writer`] can copy a fixed number of bytes, and what is too much is written over by the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    /// What was written, then room, all of it zeros or written once.
    bytes: Vec<u8>,
    len: usize,
}

impl Text {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    /// Forgets all, or what is behind the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Forgets all, and gives its memory back where that is more than `most` bytes.
    pub(crate) fn give_back(&mut self, most: usize) {
        self.len = 0;
        if self.bytes.len() > most {
            self.bytes = Vec::new();
        }
    }

    /// Appends `piece`.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let end = self.len + piece.len();
        if end > self.bytes.len() {
            self.grow(piece.len());
        }
        append(piece, |piece| {
            copy(piece, &mut self.bytes[self.len..]);
            self.len += piece.len();
        });
    }

    /// Writes behind it, for which there is room for at least so many bytes.
    pub(crate) fn writer(&mut self, least: usize) -> Writer<'_> {
        if self.bytes.len() < self.len + least {
            self.grow(least);
        }
        Writer { end: self.bytes.len(), rest: &mut self.bytes[self.len..], len: &mut self.len }
    }

    #[cold]
    fn grow(&mut self, most: usize) {
        let len = (self.len + most).next_power_of_two();
        self.bytes.resize(len.max(512), 0);
    }
}

/// Writes short pieces behind a text, as far as there is room, in fewer steps than the text itself would take.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    /// The room that is left, and where in the text it ends.
    rest: &'a mut [u8],
    end: usize,
    /// How long the text is, once all is written.
    len: &'a mut usize,
}

impl Writer<'_> {
    /// How long the text is now.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Room for `N` bytes, if there is as much. What is written there counts once it is told how many they were.
    #[inline]
    pub(crate) const fn room<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.rest.first_chunk_mut()
    }

    /// So many bytes that were written behind it are part of it.
    #[inline]
    pub(crate) fn extend(&mut self, written: usize) {
        self.rest = &mut mem::take(&mut self.rest)[written..];
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        *self.len = self.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_pieces_and_by_what_is_written_into_its_room() {
        let mut text = Text::default();
        let source: Vec<u8> = (0..=255).collect::<Vec<u8>>().repeat(20);
        let mut expected = Vec::new();
        for len in (0..250).chain([0, 1, 1023, 1024, 1025, 5000]) {
            text.push(&source[..len]);
            let mut writer = text.writer(8);
            writer.room::<8>().expect("as much as was asked for")[..3].copy_from_slice(b"end");
            writer.extend(3);
            drop(writer);
            expected.extend_from_slice(&source[..len]);
            expected.extend_from_slice(b"end");
            assert_eq!(text.as_slice(), expected, "{len}");
        }
        text.truncate(7);
        assert_eq!((text.len(), text.as_slice()), (7, &expected[..7]));
        text.give_back(text.bytes.len());
        assert_eq!((text.len(), text.bytes.is_empty()), (0, false));
        text.give_back(text.bytes.len() - 1);
        assert_eq!((text.len(), text.bytes.capacity()), (0, 0));
    }

    #[test]
    fn texts_are_the_same_if_every_byte_is() {
        let source: Vec<u8> = (0..50).collect();
        for len in 0..source.len() {
            let mut other = source[..len].to_vec();
            assert!(same(&source[..len], &other) && !same(&source[..=len], &other));
            for at in 0..len {
                other[at] ^= 1;
                assert!(!same(&source[..len], &other), "{at} of {len}");
                other[at] ^= 1;
            }
        }
    }

    #[test]
    fn a_copy_has_all_and_touches_nothing_behind_it() {
        let source: Vec<u8> = (0..=255).collect();
        for len in 0..=source.len() {
            let mut to = [7; 300];
            copy(&source[..len], &mut to);
            assert_eq!(to[..len], source[..len]);
            assert!(to[len..].iter().all(|&byte| byte == 7), "{len}");
        }
    }
}
