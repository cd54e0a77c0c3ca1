//! How a report is kept: its line, and before it what is asked of it each time, in as few bytes as
//! there can be.
//!
//! ```text
//!  0        8            16       18                                           22 or 34
//!  | digest | nanoseconds | origin | client, position, time, length of the line | line
//! ```
//!
//! The four places are of one byte each in a small slot and of four in others. Nanoseconds that do
//! not fit in 64 bits, before 1677 or after 2262, are read from the line.

use crate::herd::ServerId;
use crate::report::{Layout, Report};
use crate::slots::SMALL;
use crate::time::Timestamp;

const FIXED: usize = 18;
const PLACES: usize = 4;

/// Stands for nanoseconds that do not fit.
const FAR: i64 = i64::MIN;

/// How many bytes a record of a line takes.
#[inline]
pub(crate) const fn len_for(line: usize) -> usize {
    let small = FIXED + PLACES + line;
    if small <= SMALL { small } else { FIXED + PLACES * size_of::<u32>() + line }
}

/// Writes a record of `report` to `slot`, which has at least [`len_for`] its line.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "places in a line are below 2 to the power of 32, in a small slot below 256"
)]
pub(crate) fn write(slot: &mut [u8], report: &Report<'_>, digest: u64) {
    let Layout { origin, at, client, position, time } = report.layout;
    let at = i64::try_from(at.as_nanos()).unwrap_or(FAR);
    let len = report.line.len();
    let places = [client, position, time, len as u32];
    let small = slot.len() <= SMALL;
    let (head, rest) = slot.split_first_chunk_mut::<FIXED>().expect("a record has a head");
    head[..8].copy_from_slice(&digest.to_le_bytes());
    head[8..16].copy_from_slice(&at.to_le_bytes());
    head[16..].copy_from_slice(&origin.0.to_le_bytes());
    let line = if small {
        let (small, line) = rest.split_first_chunk_mut::<PLACES>().expect("a record has its places");
        *small = places.map(|place| place as u8);
        line
    } else {
        let (long, line) = rest.split_at_mut(PLACES * size_of::<u32>());
        for (bytes, place) in long.chunks_exact_mut(size_of::<u32>()).zip(places) {
            bytes.copy_from_slice(&place.to_le_bytes());
        }
        line
    };
    line[..len].copy_from_slice(report.line);
}

/// Whether `report` is newer than the record in `slot`, going by the times alone; `None` where they
/// do not tell.
#[inline]
pub(crate) fn is_older_than(slot: &[u8], report: &Report<'_>) -> Option<bool> {
    let kept = word(slot, 8).cast_signed();
    let at = i64::try_from(report.layout.at.as_nanos()).ok()?;
    (kept != FAR && kept != at).then_some(kept < at)
}

/// The digest of the record in `slot`.
#[inline]
pub(crate) fn digest(slot: &[u8]) -> u64 {
    word(slot, 0)
}

/// The client of the record in `slot`.
#[inline]
pub(crate) fn client(slot: &[u8]) -> &[u8] {
    let ([client, position, ..], lines) = places(slot);
    &lines[client as usize..position as usize - 1]
}

/// The report of the record in `slot`.
#[inline]
pub(crate) fn report(slot: &[u8]) -> Report<'_> {
    let ([client, position, time, len], lines) = places(slot);
    let line = &lines[..len as usize];
    let at = match word(slot, 8).cast_signed() {
        FAR => Timestamp::parse(&line[time as usize..]).expect("only valid times are kept"),
        nanos => Timestamp::from_nanos(nanos.into()),
    };
    let origin = ServerId(u16::from_le_bytes([slot[16], slot[17]]));
    Report { line, layout: Layout { origin, at, client, position, time } }
}

/// The four places, and the bytes that begin with the line.
#[inline]
fn places(slot: &[u8]) -> ([u32; PLACES], &[u8]) {
    let rest = &slot[FIXED..];
    if slot.len() <= SMALL {
        let (places, line) = rest.split_first_chunk::<PLACES>().expect("a record has its places");
        (places.map(u32::from), line)
    } else {
        let (places, line) = rest.split_at(PLACES * size_of::<u32>());
        let (words, _) = places.as_chunks();
        (core::array::from_fn(|place| u32::from_le_bytes(words[place])), line)
    }
}

#[inline]
fn word(slot: &[u8], at: usize) -> u64 {
    crate::word::at(slot, at).expect("a record is longer")
}
