//! What a server knows: the newest report of every client.

use core::mem;
use core::sync::atomic::{AtomicUsize, Ordering};
use parking_lot::MutexGuard;

use bytes::BufMut;

use crate::batch::{Ask, Entry};
use crate::counters::Counters;
use crate::handled::Handled;
use crate::limits::Limits;
use crate::lock::Lock;
use crate::message::Refusal;
use crate::place::{Place, Secret};
use crate::repair::{Span, Step};
use crate::report::{Kept, Report};
use crate::shard::{Chain, Learned, Offer, Shard};
use crate::sketch::Sketch;
use crate::text::{Text, Writer};

/// Appends to `answers` the AT line that a WHATSAT asks for, if it is found at once.
#[inline]
fn find_at_once(shards: &[Lock<Shard>; SHARDS], ask: &mut Ask, text: &[u8], answers: &mut Writer<'_>) -> Option<()> {
    let (place, client) = (ask.place, ask.client_and_space(text)?);
    let shard = shards[Shard::of(place.range()) % SHARDS].hold();
    let (places, line) = shard.get_short(place, client)?;
    ask.answer_short(places, line, answers);
    Some(())
}

/// How many shards there are.
const SHARDS: usize = (1 << Span::RANGE_BITS) / Shard::RANGES;

/// The newest report of every client, in ranges that each know a digest of what they hold, and shards of
/// many ranges that are each held by one thread at a time.
///
/// A client's range comes from a hash that is the same on every server, so two servers can compare
/// what they hold range by range; its place inside the range comes from a hash with a secret seed,
/// so nobody can choose client IDs that collide. Each range grows by itself and at its own time, so
/// none ever stops the server for long to move all it has.
#[derive(Debug)]
pub(crate) struct Store {
    shards: Box<[Lock<Shard>; SHARDS]>,
    /// How many clients are known, or may become known while somebody has [`Room`] for them.
    taken: AtomicUsize,
    most: usize,
}

/// Room for clients that are not known yet. What is left of it is given back.
struct Room<'a> {
    left: usize,
    taken: &'a AtomicUsize,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.left, Ordering::Relaxed);
    }
}

impl Store {
    pub(crate) fn new(limits: &Limits, secret: &Secret, seed: u64) -> Self {
        let shard = |_| Lock::new(Shard::new(secret.clone(), limits.handled.div_ceil(SHARDS), seed));
        let shards = Box::new(core::array::from_fn(shard));
        Self { shards, taken: AtomicUsize::new(0), most: limits.clients }
    }

    /// The shard of a range, held.
    #[inline]
    pub(crate) fn shard(&self, range: usize) -> MutexGuard<'_, Shard> {
        self.shards[Shard::of(range) % SHARDS].hold()
    }

    /// Takes in reports, whose lines are in `text`; those of one client in their order, others in any. Which of them
    /// were handled before is appended to `known`. `is_own` tells whether clients said them, not a neighbour.
    ///
    /// # Errors
    /// Where one must be refused: those before it were taken in, and no other.
    pub(crate) fn learn(
        &self,
        entries: &mut [Entry],
        text: &[u8],
        is_own: bool,
        known: &mut Vec<usize>,
    ) -> Result<(), (usize, Refusal)> {
        if entries.len() > 1
            && let Some(mut room) = self.room(entries.len())
        {
            self.learn_by_shards(entries, text, is_own, &mut room.left, known);
            return Ok(());
        }
        // Somebody may have to be refused, and nothing that comes behind may be taken in.
        for (index, entry) in entries.iter().enumerate() {
            let mut shard = self.shard(entry.place.range());
            shard.count(1, is_own);
            if shard.learn_usual(entry, text).is_some() {
                continue;
            }
            match shard.learn(entry, text, is_own, &mut self.room_for_one().left) {
                Learned::New => {}
                Learned::Known => known.push(index),
                Learned::Full => return Err((index, Refusal::Full)),
            }
        }
        Ok(())
    }

    /// Holds each shard once. One that another thread holds is left for later, when the others are done.
    fn learn_by_shards(
        &self,
        entries: &mut [Entry],
        text: &[u8],
        is_own: bool,
        room: &mut usize,
        known: &mut Vec<usize>,
    ) {
        let mut firsts = Self::chain(entries);
        for waits in [false, true] {
            for (shard, first) in self.shards.iter().zip(&mut firsts).filter(|(_, first)| **first != Entry::NONE) {
                let shard = if waits { Some(shard.hold()) } else { shard.hold_if_free() };
                let Some(mut shard) = shard else { continue };
                let chain = Chain { entries, next: mem::replace(first, Entry::NONE) };
                shard.learn_all(chain, text, is_own, room, known);
            }
        }
    }

    /// Chains the entries of each shard; the first of each.
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more lines in a pass")]
    fn chain(entries: &mut [Entry]) -> [u32; SHARDS] {
        let mut firsts = [Entry::NONE; SHARDS];
        let mut index = entries.len() as u32;
        for entry in entries.iter_mut().rev() {
            index -= 1;
            entry.next = mem::replace(&mut firsts[Shard::of(entry.place.range()) % SHARDS], index);
        }
        firsts
    }

    /// Takes a report that came by repair; whether it is kept.
    pub(crate) fn mend(&self, report: &Report<'_>) -> bool {
        let place = Place::of(report.client());
        self.shard(place.range()).mend(place, report, &mut self.room_for_one().left)
    }

    /// Takes back a report of an earlier run; whether there was room for it.
    pub(crate) fn restore(&self, report: &Report<'_>) -> bool {
        let place = Place::of(report.client());
        self.shard(place.range()).offer(place, report, &mut self.room_for_one().left) != Offer::Full
    }

    /// Appends to `answers` the AT lines that WHATSATs ask for, whose clients stand in `text`, as far as these are
    /// known; how many come before the first who is not.
    pub(crate) fn find(&self, asks: &mut [Ask], text: &[u8], answers: &mut Text) -> usize {
        let mut found = 0;
        loop {
            found += self.find_short(&mut asks[found..], text, answers);
            let Some(ask) = asks.get_mut(found) else { return found };
            let shard = self.shard(ask.place.range());
            let Some(report) = shard.get(ask.place, ask.client(text)) else { return found };
            ask.answer(&report, answers);
            found += 1;
        }
    }

    /// The same, up to the first that is not found at once.
    #[inline(never)]
    fn find_short(&self, asks: &mut [Ask], text: &[u8], answers: &mut Text) -> usize {
        let mut answers = answers.writer(asks.len() * Ask::ROOM);
        let (shards, all) = (&*self.shards, asks.len());
        let not_found = |ask| find_at_once(shards, ask, text, &mut answers).is_none();
        asks.iter_mut().position(not_found).unwrap_or(all)
    }

    /// What is kept of `client`.
    pub(crate) fn get(&self, client: &[u8]) -> Option<Kept> {
        let place = Place::of(client);
        self.shard(place.range()).get(place, client).map(Kept::from)
    }

    /// How many clients it knows.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.hold().len()).sum()
    }

    /// Every report that is kept, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Kept> {
        self.shards.iter().flat_map(|shard| shard.hold().iter().map(Kept::from).collect::<Vec<_>>())
    }

    /// Works out all digests that are not, some ranges at a time so that nobody waits long for a shard: who asks for
    /// them later finds few that have changed since.
    pub(crate) fn work_out_digests(&self) {
        for group in 0..Step::GROUPS {
            drop(self.range_digests(group));
        }
    }

    /// The digest of what is in each range of a group.
    pub(crate) fn range_digests(&self, group: usize) -> Vec<u64> {
        const { assert!(Shard::RANGES.is_multiple_of(Step::GROUPS)) };
        let first = group * Step::GROUPS;
        self.shard(first).digests(first..first + Step::GROUPS).collect()
    }

    /// The digest of what is in each group of ranges.
    pub(crate) fn group_digests(&self) -> Vec<u64> {
        (0..Step::GROUPS).map(|group| self.range_digests(group).iter().fold(0, |all, range| all ^ range)).collect()
    }

    /// Whether nothing is kept of the clients of a span.
    pub(crate) fn is_empty(&self, span: Span) -> bool {
        self.shard(span.range()).span(span).next().is_none()
    }

    /// A sketch, of so many cells, of what is kept of the clients of a span.
    pub(crate) fn sketch(&self, span: Span, cells: usize) -> Sketch {
        Sketch::of(self.shard(span.range()).span(span).map(|(digest, _)| digest), cells)
    }

    /// Appends a `KEPT` line, with that `closing`, for each report of a span whose digest is lacked; how many
    /// there were.
    pub(crate) fn push_lacked(
        &self,
        span: Span,
        mut lacks: impl FnMut(u64) -> bool,
        closing: &[u8],
        out: &mut impl BufMut,
    ) -> u64 {
        let mut lacked = 0;
        for (_, report) in self.shard(span.range()).span(span).filter(|&(digest, _)| lacks(digest)) {
            lacked += 1;
            report.write_copy(b"KEPT ", closing, out);
        }
        lacked
    }

    /// One number for all that is kept: two servers that hold the same have the same.
    pub(crate) fn digest(&self) -> u64 {
        self.group_digests().iter().fold(0, |digest, group| digest ^ group)
    }

    /// Adds up what the shards have counted.
    pub(crate) fn count(&self, counters: &mut Counters) {
        self.shards.iter().for_each(|shard| counters.add(&shard.hold().counters));
    }

    /// What the shards remember of what was handled.
    pub(crate) fn handled(&self) -> Vec<Handled> {
        self.shards.iter().map(|shard| shard.hold().handled().clone()).collect()
    }

    fn room(&self, clients: usize) -> Option<Room<'_>> {
        let more = |taken: usize| taken.checked_add(clients).filter(|&taken| taken <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Room { left: clients, taken: &self.taken })
    }

    /// Room for one client more, or none.
    fn room_for_one(&self) -> Room<'_> {
        self.room(1).unwrap_or(Room { left: 0, taken: &self.taken })
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        let taken = AtomicUsize::new(self.taken.load(Ordering::Relaxed));
        Self { shards: self.shards.clone(), taken, most: self.most }
    }
}

#[cfg(test)]
mod tests;
