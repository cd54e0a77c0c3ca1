//! How a record is kept: its line, and before it what is asked of it each time, in as few bytes as
//! there can be.
//!
//! ```text
//!  0        8             16        22
//!  | digest | nanoseconds | offsets | line
//! ```
//!
//! The nanoseconds and the offsets are the [`Head`]. Where that says nothing of the line, four bytes between
//! offsets and line say how long it is. Behind the line of a tombstone stands when it came.

use crate::bytes::{SHORT, copy, same, word};
use crate::report::{Head, Record, digest_of};
use crate::spatial::Cell;
use crate::values::Instant;

/// What every record begins with.
const HEAD: usize = 16 + Head::OFFSETS;

/// How long a long line is.
const LEN: usize = size_of::<u32>();

/// Behind the line of a tombstone: when it came.
const CAME: usize = size_of::<u64>();

/// How many bytes a record of a report takes.
#[inline]
pub(crate) const fn len_for(report: &Record<'_>) -> usize {
    if report.head.is_whole() {
        return least_for(report);
    }
    LEN + least_for(report) + if report.is_tombstone() { CAME } else { 0 }
}

/// How many bytes a record takes of a report whose head is whole.
#[inline]
pub(crate) const fn least_for(report: &Record<'_>) -> usize {
    HEAD + report.line.len()
}

/// Writes a record of `report` to `slot`, which has at least [`len_for`] its line; its digest.
#[inline]
pub(crate) fn write(slot: &mut [u8], report: &Record<'_>) -> u64 {
    let Record { head, line } = *report;
    // Two bytes more than there are of the offsets: the line is written over them.
    let start = slot.first_chunk_mut::<{ HEAD + 2 }>().expect("a line is longer than two bytes");
    let digest = report.digest();
    start[..8].copy_from_slice(&digest.to_le_bytes());
    start[8..16].copy_from_slice(&head.at.to_le_bytes());
    start[16..].copy_from_slice(&head.offsets.to_le_bytes());
    if head.is_whole() {
        copy(line, &mut slot[HEAD..]);
    } else {
        write_long(&mut slot[HEAD..], line);
        if report.is_tombstone() {
            set_came(slot, Instant::default());
        }
    }
    digest
}

#[cold]
#[expect(clippy::cast_possible_truncation, reason = "a line has at most 2 to the power of 30 bytes")]
fn write_long(rest: &mut [u8], line: &[u8]) {
    rest[..LEN].copy_from_slice(&(line.len() as u32).to_le_bytes());
    rest[LEN..LEN + line.len()].copy_from_slice(line);
}

/// When the tombstone came to this server that is in the record in `slot`. One that was there before the server started
/// has come at the beginning of time.
pub(crate) fn came(slot: &[u8]) -> Instant {
    Instant::from_nanos(word::at(slot, came_at(slot)).unwrap_or_default())
}

/// Notes when it came.
pub(crate) fn set_came(slot: &mut [u8], came: Instant) {
    let at = came_at(slot);
    slot[at..at + CAME].copy_from_slice(&came.as_nanos().to_le_bytes());
}

fn came_at(slot: &[u8]) -> usize {
    HEAD + LEN + long_line(&slot[HEAD..]).len()
}

/// Writes `report` over `record`, which is as long as its own would be if its head is whole, if that is an older one
/// of the same client and server whose fields have the same lengths: its digest, and that of what was written over.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as `Shard::learn_usual`, which it is the most of")]
pub(crate) fn renew(record: &mut [u8], report: &Record<'_>) -> Option<(u64, u64)> {
    let Record { head, line } = *report;
    let (kept, kept_line) = record.split_first_chunk_mut::<HEAD>()?;
    // The first two bytes are the last of the time.
    let is_alike = field(kept, HEAD - 8) >> 16 == head.offsets;
    let at = field(kept, 8).cast_signed();
    if !(is_alike && at < head.at) {
        return None;
    }
    // Nowhere, if the head is not whole.
    let client = head.client_and_space();
    if !same(kept_line.get(client.clone())?, line.get(client)?) {
        return None;
    }
    let (digest, replaced) = (digest_of(line), field(kept, 0));
    kept[..8].copy_from_slice(&digest.to_le_bytes());
    kept[8..16].copy_from_slice(&head.at.to_le_bytes());
    copy(line, kept_line);
    Some((digest, replaced))
}

/// Whether a glance tells that `report`, if it is [written over](renew) `record`, is in the same cell.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as above")]
pub(crate) fn stays_in_cell(record: &[u8], report: &Record<'_>) -> bool {
    let [_, _, _, position, ..] = report.head.offsets.to_le_bytes();
    let (kept, new) = (record.get(HEAD + usize::from(position)..), report.line.get(position.into()..));
    kept.zip(new).is_some_and(|(kept, new)| Cell::are_same_at_a_glance(kept, new))
}

/// Whether the time of the record in `slot` is before that, in nanoseconds.
#[inline]
pub(crate) fn is_before(slot: &[u8], least: i64) -> bool {
    word::at(slot, 8).is_some_and(|at| at.cast_signed() < least)
}

/// The digest of the record in `slot`.
#[inline]
pub(crate) fn digest(slot: &[u8]) -> u64 {
    field(slot, 0)
}

/// The report of the record in `slot`.
#[inline]
pub(crate) fn read(slot: &[u8]) -> Record<'_> {
    let offsets = field(slot, 16) & ((1 << (8 * Head::OFFSETS)) - 1);
    let head = Head { at: field(slot, 8).cast_signed(), offsets };
    let line = if head.is_whole() { &slot[HEAD..HEAD + head.len()] } else { long_line(&slot[HEAD..]) };
    Record { line, head }
}

/// The offsets of the record in `slot`, and what its line begins, if that is short and of that client, who comes
/// with the space behind: so it is no other whose ID begins alike.
#[inline]
pub(crate) fn short_of<'a>(slot: &'a [u8], client_and_space: &[u8]) -> Option<(u64, &'a [u8; SHORT])> {
    let record: &[u8; HEAD + SHORT] = slot.first_chunk()?;
    // The first two bytes are the last of the time.
    let head = Head { at: 0, offsets: field(record, HEAD - 8) >> 16 };
    let line = record.last_chunk()?;
    if !head.is_whole() || head.len() > SHORT {
        return None;
    }
    let client = line.get(head.client_and_space().start..)?.get(..client_and_space.len())?;
    same(client, client_and_space).then_some((head.offsets, line))
}

#[cold]
fn long_line(rest: &[u8]) -> &[u8] {
    let (len, line) = rest.split_first_chunk().expect("it is there");
    &line[..u32::from_le_bytes(*len) as usize]
}

/// The client of the record in `slot`.
#[inline]
pub(crate) fn client(slot: &[u8]) -> &[u8] {
    read(slot).client()
}

/// Whether the record in `slot` is of that client.
#[inline]
pub(crate) fn is_of(slot: &[u8], wanted: &[u8]) -> bool {
    same(client(slot), wanted)
}

#[inline]
fn field(slot: &[u8], at: usize) -> u64 {
    word::at(slot, at).expect("a record is longer")
}
