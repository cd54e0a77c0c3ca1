//! What a server knows: the newest report of every client.

use core::mem;
use core::slice;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use parking_lot::MutexGuard;

use super::account::{Account, Room};
use super::intake::{Intake, Offer};
use super::kind_counts::KindCounts;
use super::seen::Seen;
use super::shard::Shard;
use crate::bytes::{Lock, Text, Writer};
use crate::herd::{Horizon, Limits};
use crate::pass::{Became, Entry, Lookup};
use crate::report::{ClientHash, HashKey, OwnedRecord, Record, SecretHasher};
use crate::values::Counters;
use crate::wire::{Refusal, Span};

/// How many shards there are.
pub(super) const SHARDS: usize = (1 << Span::RANGE_BITS) / Shard::RANGES;

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
    account: Account,
    hash_key: HashKey,
    secret: SecretHasher,
    /// Whether it is known where all clients are.
    is_filed: AtomicBool,
}

impl Store {
    pub(crate) fn new(limits: &Limits, hash_key: &HashKey, secret: &SecretHasher, seed: u64) -> Self {
        let shard = |_| Lock::new(Shard::new(hash_key.clone(), secret.clone(), seed));
        let shards = Box::new(core::array::from_fn(shard));
        Self {
            shards,
            account: Account::new(limits),
            hash_key: hash_key.clone(),
            secret: secret.clone(),
            is_filed: AtomicBool::new(false),
        }
    }

    /// There may be so many clients, and bytes of them, from now on. Those that are there stay.
    pub(crate) fn limit(&self, limits: &Limits) {
        self.account.limit(limits);
    }

    /// Remembers about so many older updates from now on, each shard its share.
    pub(crate) fn remember(&self, handled: usize) {
        self.shards.iter().for_each(|shard| shard.hold().remember(handled.div_ceil(SHARDS)));
    }

    /// The shard of a range, held.
    #[inline]
    pub(crate) fn shard(&self, range: usize) -> MutexGuard<'_, Shard> {
        self.shards[Shard::of(range) % SHARDS].hold()
    }

    /// Takes in reports; those of one client in their order, others in any. Which shards have something to feed now.
    ///
    /// # Errors
    /// Besides, where one must be refused: those before it were taken in, and no other.
    pub(crate) fn learn(&self, entries: &mut [Entry], intake: Intake<'_>) -> (Shards, Result<(), (usize, Refusal)>) {
        if entries.len() > 1
            && let Some(mut room) = self.account.room(entries.len())
        {
            return (self.learn_by_shards(entries, intake, &mut room), Ok(()));
        }
        // Somebody may have to be refused, and nothing that comes behind may be taken in.
        let mut shards = Shards::default();
        for (index, entry) in entries.iter_mut().enumerate() {
            let range = entry.client.range();
            shards.add_of(range);
            if !self.shard(range).learn(slice::from_mut(entry), 0, intake, &mut self.account.room_for_one()) {
                return (shards, Err((index, Refusal::Full)));
            }
        }
        (shards, Ok(()))
    }

    /// Takes in that a client has departed, and adds the shard that has something to feed now. What became of it, and what
    /// is kept of the client then, is looked at while nothing changes there.
    pub(crate) fn bury<T>(
        &self,
        entry: &Entry,
        intake: Intake<'_>,
        shards: &mut Shards,
        look: impl FnOnce(Became, Option<Record<'_>>) -> T,
    ) -> T {
        shards.add_of(entry.client.range());
        let mut shard = self.shard(entry.client.range());
        let became = shard.bury(entry, intake, &mut self.account.room_for_one());
        look(became, shard.get(entry.client, entry.record(intake.text).client()))
    }

    /// Holds each shard once. One that another thread holds is left for later, when the others are done.
    fn learn_by_shards(&self, entries: &mut [Entry], intake: Intake<'_>, room: &mut Room<'_>) -> Shards {
        let mut firsts = Self::chain(entries);
        let mut shards = Shards::default();
        for waits in [false, true] {
            let left = self.shards.iter().zip(&mut firsts).enumerate().filter(|(_, (_, first))| **first != Entry::NONE);
            for (number, (shard, first)) in left {
                let shard = if waits { Some(shard.hold()) } else { shard.hold_if_free() };
                let Some(mut shard) = shard else { continue };
                shards.add(number);
                let none_refused = shard.learn(entries, mem::replace(first, Entry::NONE), intake, room);
                debug_assert!(none_refused, "there is room for each");
            }
        }
        shards
    }

    /// Chains the entries of each shard; the first of each.
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more lines in a pass")]
    fn chain(entries: &mut [Entry]) -> [u32; SHARDS] {
        let mut firsts = [Entry::NONE; SHARDS];
        let mut index = entries.len() as u32;
        for entry in entries.iter_mut().rev() {
            index -= 1;
            entry.next = mem::replace(&mut firsts[Shard::of(entry.client.range()) % SHARDS], index);
        }
        firsts
    }

    /// Takes back a report of an earlier run; whether there was room for it.
    pub(crate) fn restore(&self, report: &Record<'_>) -> bool {
        let hash = self.hash_key.hash(report.client());
        self.shard(hash.range()).offer(hash, report, &mut self.account.room_for_one(), Horizon::NONE) != Offer::Full
    }

    /// Files clients by their positions, some hundreds more of them, and from the first time on all that come or change;
    /// whether that is done for all of them.
    pub(crate) fn index_step(&self) -> bool {
        if self.is_filed.load(Acquire) {
            return true;
        }
        let mut all = self.shards.iter().enumerate();
        let is_filed = all.all(|(number, shard)| {
            let mut shard = shard.hold();
            shard.is_filed() || shard.file_next(number, Self::SWEEP, &self.account) && number + 1 == SHARDS
        });
        self.is_filed.store(is_filed, Release);
        is_filed
    }

    /// Looks whether what is filed agrees with what is kept.
    #[cfg(test)]
    pub(super) fn check_filing(&self) {
        self.shards.iter().enumerate().for_each(|(number, shard)| shard.hold().check_filing(number));
    }

    /// Where a client belongs.
    pub(crate) fn hash(&self, client: &[u8]) -> ClientHash {
        self.hash_key.hash(client)
    }

    /// Its secret hash.
    pub(super) fn secret(&self, client: &[u8]) -> u64 {
        self.secret.hash(client)
    }

    /// One of some [`Shards`], held.
    pub(crate) fn shard_numbered(&self, number: usize) -> MutexGuard<'_, Shard> {
        self.shards[number % SHARDS].hold()
    }

    /// Appends to `answers` the AT lines of the clients that are asked for, whose IDs stand in `lines`, as far as these
    /// are known; how many come before the first who is not. Short ones are copied in short, if it is to be `fast`.
    pub(crate) fn find(
        &self,
        lookups: &mut [Lookup],
        lines: &[u8],
        answers: &mut Text,
        (fast, horizon): (bool, Horizon),
    ) -> usize {
        let mut found = 0;
        loop {
            // Whether a report is over takes a look at all of it.
            if fast && !horizon.expires() {
                found += self.find_short(&mut lookups[found..], lines, answers);
            }
            let Some(lookup) = lookups.get_mut(found) else { return found };
            let shard = self.shard(lookup.hash.range());
            let Some(report) = shard.report(lookup.hash, lookup.client(lines), horizon) else { return found };
            lookup.found(&report, answers);
            found += 1;
        }
    }

    /// Those that come before the first that is not short, or not found at once.
    #[inline(never)]
    fn find_short(&self, lookups: &mut [Lookup], lines: &[u8], answers: &mut Text) -> usize {
        let mut answers = answers.writer(lookups.len() * Lookup::ROOM);
        let (shards, all) = (&*self.shards, lookups.len());
        lookups.iter_mut().position(|lookup| find_short(shards, lookup, lines, &mut answers).is_none()).unwrap_or(all)
    }

    /// What is kept of `client`.
    pub(crate) fn get(&self, client: &[u8]) -> Option<OwnedRecord> {
        let hash = self.hash_key.hash(client);
        self.shard(hash.range()).get(hash, client).map(OwnedRecord::from)
    }

    /// The report that is kept of `client`, unless it is over.
    pub(crate) fn report(&self, client: &[u8], horizon: Horizon) -> Option<OwnedRecord> {
        let hash = self.hash_key.hash(client);
        self.shard(hash.range()).report(hash, client, horizon).map(OwnedRecord::from)
    }

    /// How many of the records are not reports.
    pub(crate) fn departed(&self) -> KindCounts {
        let mut all = KindCounts::default();
        self.shards.iter().for_each(|shard| all += shard.hold().departed());
        all
    }

    /// How many clients it knows.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.hold().len()).sum()
    }

    /// How many bytes it has set aside for them.
    pub(crate) fn bytes(&self) -> usize {
        self.account.bytes()
    }

    /// How much it keeps, and may keep.
    pub(super) const fn account(&self) -> &Account {
        &self.account
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
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shards.iter().map(|shard| shard.hold().seen().clone()).collect()
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        let Self { shards, account, hash_key, secret, is_filed } = self;
        Self {
            shards: shards.clone(),
            account: account.clone(),
            hash_key: hash_key.clone(),
            secret: secret.clone(),
            is_filed: AtomicBool::new(is_filed.load(Relaxed)),
        }
    }
}

/// Appends to `answers` the AT line of a client that is asked for, if it is short and found at once.
#[inline]
fn find_short(
    shards: &[Lock<Shard>; SHARDS],
    lookup: &mut Lookup,
    lines: &[u8],
    answers: &mut Writer<'_>,
) -> Option<()> {
    let (hash, client) = (lookup.hash, lookup.client_and_space(lines)?);
    let shard = shards[Shard::of(hash.range()) % SHARDS].hold();
    let (offsets, line) = shard.get_short(hash, client)?;
    lookup.found_short(offsets, line, answers);
    Some(())
}

/// Some shards, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Shards(u32);

const _: () = assert!(SHARDS <= u32::BITS as usize);

impl Shards {
    /// All of them.
    pub(crate) const fn all() -> Self {
        Self(u32::MAX >> (u32::BITS as usize - SHARDS))
    }

    fn add(&mut self, shard: usize) {
        self.0 |= 1 << shard;
    }

    /// Adds the shard of a range.
    pub(super) fn add_of(&mut self, range: usize) {
        self.add(Shard::of(range));
    }
}

impl Iterator for Shards {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let first = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (first < SHARDS).then_some(first)
    }
}

#[cfg(test)]
pub(super) mod tests;
