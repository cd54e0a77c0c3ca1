//! All watches, found by what they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use slab::Slab;

use super::inbox::Inbox;
use super::watch::{Lines, Watch};
use crate::access::Rights;
use crate::bytes::Lock;
use crate::herd::Horizon;
use crate::pass::{Action, Bit, Bits, Interest, Shift, Turn, Work};
use crate::report::{ClientHash, HashKey, Record};
use crate::spatial::{Cell, Circle, Cover, Level};
use crate::store::{Shard, Store};
use crate::values::SessionId;
use crate::wire::Target;

/// A watch, among all of a server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WatchId(usize);

/// Some of them, in their order: one behind the other in memory, since all of them may be told of each report.
type WatchIds = Vec<WatchId>;

/// The watches whose watchers have gone, until somebody looks.
pub(super) type Abandoned = Lock<Vec<WatchId>>;

/// All watches and fences of a server.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    interest: Arc<Interest>,
    by_id: Slab<Box<Watch>>,
    by_client: BTreeMap<Box<[u8]>, WatchIds>,
    by_prefix: BTreeMap<Box<[u8]>, WatchIds>,
    /// How many prefixes of each length are watched.
    prefix_lens: BTreeMap<usize, usize>,
    /// Those of circles, by the blocks that have all cells of theirs.
    by_block: BTreeMap<(Level, u32), WatchIds>,
    /// Fences that wait, by the clients that count as inside and are not: of those they have to be told wherever they are.
    followed: BTreeMap<Box<[u8]>, WatchIds>,
    /// How many watches each session, or other watcher, has.
    sessions: BTreeMap<SessionId, usize>,
    /// How many fences wait.
    waiting_fences: usize,
    /// For how many watches each bit is set.
    bits: BTreeMap<Bit, usize>,
    /// How often what is watched has changed.
    changes: u64,
    pub(super) abandoned: Arc<Abandoned>,
}

/// A copy of a server has no watchers.
impl Clone for Watches {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Watches {
    /// A circle is found in no more blocks than this.
    const BLOCKS: usize = 64;

    pub(crate) fn new(interest: Arc<Interest>) -> Self {
        Self { interest, ..Self::default() }
    }

    /// Which clients somebody may watch.
    pub(crate) fn interest(&self) -> &Interest {
        &self.interest
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len() - self.abandoned.hold().len()
    }

    /// How many have some.
    pub(crate) fn watchers(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds one, of which nothing was gathered yet.
    pub(crate) fn add(
        &mut self,
        of: (SessionId, Arc<Lock<Inbox>>),
        number: u32,
        (target, hash_key): (Target, &HashKey),
        (rights, store, horizon): (&Rights, &Store, Horizon),
    ) -> WatchId {
        self.clear_out(hash_key);
        let id = WatchId(self.by_id.vacant_key());
        self.index(id, &target, hash_key, true);
        let mut watch = Watch::new(of, number, target);
        watch.begin(store, horizon, rights);
        count(&mut self.sessions, watch.session, true);
        self.by_id.insert(Box::new(watch));
        id
    }

    /// Removes one.
    pub(crate) fn remove(&mut self, id: WatchId, hash_key: &HashKey) {
        if let Some(watch) = self.by_id.try_remove(id.0) {
            count(&mut self.sessions, watch.session, false);
            watch.followed().for_each(|client| note(&mut self.followed, client.into(), id, false));
            self.index(id, &watch.target, hash_key, false);
        }
    }

    /// Removes those whose watchers have gone.
    pub(crate) fn clear_out(&mut self, hash_key: &HashKey) {
        let abandoned = core::mem::take(&mut *self.abandoned.hold());
        for id in abandoned {
            self.remove(id, hash_key);
        }
    }

    /// Has one begin anew.
    pub(crate) fn begin(&mut self, id: WatchId, rights: &Rights, store: &Store, horizon: Horizon) {
        if let Some(watch) = self.by_id.get_mut(id.0) {
            watch.followed().for_each(|client| note(&mut self.followed, client.into(), id, false));
            watch.begin(store, horizon, rights);
        }
    }

    /// Where a watch is found, and the bits that say so.
    fn index(&mut self, id: WatchId, target: &Target, hash_key: &HashKey, is_there: bool) {
        self.changes += 1;
        if target.tells.waits() {
            self.count_waiting(is_there);
        }
        if let Some(client) = target.pattern.only() {
            self.count(Bit::of(hash_key.hash(client)), is_there);
            note(&mut self.by_client, client.into(), id, is_there);
        } else if let Some((center, radius)) = target.circle {
            let (level, blocks) = Cover::of(&Circle::new(center, radius)).blocks(Self::BLOCKS);
            self.count(Bit::Level(level), is_there);
            for block in blocks {
                self.count(Bit::Block(level, block), is_there);
                note(&mut self.by_block, (level, block), id, is_there);
            }
        } else {
            let prefix = target.pattern.prefix();
            let first_bytes = match prefix.first() {
                Some(&byte) => byte..=byte,
                None => u8::MIN..=u8::MAX,
            };
            for byte in first_bytes {
                self.count(Bit::FirstByte(byte), is_there);
            }
            note(&mut self.by_prefix, prefix.into(), id, is_there);
            count(&mut self.prefix_lens, prefix.len(), is_there);
        }
    }

    /// A bit is set for one watch more, or one less.
    fn count(&mut self, bit: Bit, is_there: bool) {
        let is_set = count(&mut self.bits, bit, is_there);
        let bits = self.interest.change();
        // It may be set since somebody is followed, too.
        if is_set || self.waiting_fences == 0 || !matches!(bit, Bit::Client(_)) {
            bits.set(bit, is_set);
        }
        bits.set_any(!self.bits.is_empty());
    }

    /// A client of another region is shown, or is no more: of what becomes of it here all is told.
    pub(crate) fn show_guest(&mut self, client: ClientHash, is_shown: bool) {
        self.count(Bit::of(client), is_shown);
    }

    /// There is a fence more that waits, or one less.
    fn count_waiting(&mut self, is_there: bool) {
        self.waiting_fences = if is_there { self.waiting_fences + 1 } else { self.waiting_fences.saturating_sub(1) };
        let bits = self.interest.change();
        bits.set_follows(self.waiting_fences > 0);
        if self.waiting_fences == 0 {
            bits.follow_nobody(|bit| self.bits.contains_key(&bit));
        }
    }

    /// Tells all who watch a client what has become of it; how many they are.
    pub(crate) fn tell(&mut self, shift: &Shift<'_>, store: &Store, turn: &mut Turn) -> u64 {
        self.tell_some(shift, Reach::Everybody, store, turn)
    }

    /// Tells those who watch a client what has become of it; how many they are.
    pub(crate) fn tell_some(&mut self, shift: &Shift<'_>, to: Reach, store: &Store, turn: &mut Turn) -> u64 {
        let Some(lines) = Lines::of(shift) else { return 0 };
        let client = lines.client;
        let hash = store.hash(client);
        let was_followed = self.follows(client);
        let Self { interest, by_id, by_client, by_prefix, prefix_lens, by_block, followed, .. } = self;
        let prefixes = prefix_lens.keys().take_while(|&&len| len <= client.len());
        let by_prefix = prefixes.filter_map(|&len| by_prefix.get(&client[..len]));
        let blocks = interest.bits().map(|bits| blocks_of(shift, bits)).unwrap_or_default();
        let by_block = blocks.iter().filter_map(|block| by_block.get(block)).flatten();
        let by_circle: BTreeSet<WatchId> =
            by_block.chain(followed.get(client).into_iter().flatten()).copied().collect();
        let ids = by_client.get(client).into_iter().chain(by_prefix).flatten().chain(&by_circle);
        let mut count = 0;
        for &id in ids {
            let Some(watch) = by_id.get_mut(id.0) else { continue };
            let is_reached = match to {
                Reach::Everybody => true,
                Reach::WithoutGuests => !watch.has_met_guests,
                Reach::WithGuests => watch.has_met_guests,
            };
            if !is_reached {
                continue;
            }
            count += 1;
            // Who was not met yet will be, as it is then.
            if watch.has_met(store, hash, client) && watch.take(shift, &lines) {
                turn.actions.push(call(watch.session));
            }
            if watch.target.tells.waits() {
                note(followed, client.into(), id, watch.follows(client));
            }
        }
        self.changes += u64::from(self.follows(client) != was_followed);
        turn.spend(Work::told(count));
        count
    }

    /// Whether a client counts as inside a fence that waits, and is not.
    pub(crate) fn follows(&self, client: &[u8]) -> bool {
        self.followed.contains_key(client)
    }

    /// All of whom that is so.
    pub(crate) fn followed(&self) -> impl Iterator<Item = &[u8]> {
        self.followed.keys().map(|client| &**client)
    }

    /// Has a watch meet the clients of other regions: what each of them shows is a change from what is kept of it here.
    pub(crate) fn meet_guests<'a>(
        &mut self,
        id: WatchId,
        guests: impl Iterator<Item = Record<'a>>,
        store: &Store,
        out: &mut Vec<u8>,
    ) {
        if let Some(watch) = self.by_id.get_mut(id.0) {
            watch.meet_guests(guests, store, out);
        }
    }

    /// What is watched, by those who are no other regions.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.by_id
            .iter()
            .map(|(_, watch)| watch)
            .filter(|watch| watch.session != SessionId::REGIONS)
            .map(|watch| &watch.target)
    }

    /// How often what is watched has changed.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Who begins to watch something for which that is so has to wait for other regions no longer; whether others still do.
    pub(crate) fn await_no_region(&mut self, is_ready: impl Fn(&Target) -> bool, turn: &mut Turn) -> bool {
        let mut awaits = false;
        for watch in self.by_id.iter().map(|(_, watch)| watch).filter(|watch| !watch.has_met_guests) {
            let mut inbox = watch.inbox.hold();
            if inbox.awaits() && is_ready(&watch.target) {
                inbox.set_awaits(false);
                turn.actions.push(call(watch.session));
            }
            awaits |= inbox.awaits();
        }
        awaits
    }

    /// Which shard has clients that a watch has not met yet; none where it has met all.
    pub(crate) fn next_shard(&self, id: WatchId) -> Option<usize> {
        self.by_id.get(id.0)?.next_shard()
    }

    /// Has a watch meet some of what is in that shard; how much work it was.
    pub(crate) fn gather(&mut self, id: WatchId, shard: &Shard, out: &mut Vec<u8>) -> u64 {
        self.by_id.get_mut(id.0).map_or(0, |watch| watch.gather_in(shard, out))
    }
}

/// Who is told what has become of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All who watch it.
    Everybody,
    /// Those that know only what is so in this region: other regions, and who has not met guests yet.
    WithoutGuests,
    /// All others. The client was, or is, one of another region, which has told of it.
    WithGuests,
}

/// Has a watcher come.
const fn call(session: SessionId) -> Action {
    if session.0 == SessionId::REGIONS.0 { Action::Post } else { Action::Look { session } }
}

/// The blocks where a client was and is, of the levels at which any are watched.
fn blocks_of(shift: &Shift<'_>, bits: &Bits) -> Vec<(Level, u32)> {
    let cells = [shift.before, shift.now].into_iter().flatten().filter_map(|record| record.position_and_rest());
    let cells: Vec<Cell> = cells.map(Cell::of_valid).collect();
    let levels = Level::ALL.into_iter().filter(|level| bits.has_level(*level));
    levels.flat_map(|level| cells.iter().map(move |&cell| (level, level.block(cell))).collect::<Vec<_>>()).collect()
}

fn note<K: Ord>(index: &mut BTreeMap<K, WatchIds>, by: K, id: WatchId, is_there: bool) {
    if is_there {
        let ids = index.entry(by).or_default();
        if let Err(place) = ids.binary_search(&id) {
            ids.insert(place, id);
        }
    } else if let Some(ids) = index.get_mut(&by) {
        if let Ok(place) = ids.binary_search(&id) {
            ids.remove(place);
        }
        if ids.is_empty() {
            index.remove(&by);
        }
    }
}

/// Counts one more, or one less; whether there are any.
fn count<K: Ord>(counts: &mut BTreeMap<K, usize>, of: K, is_there: bool) -> bool {
    if is_there {
        *counts.entry(of).or_default() += 1;
        return true;
    }
    match counts.get_mut(&of) {
        Some(count) if *count > 1 => {
            *count -= 1;
            true
        }
        _ => {
            counts.remove(&of);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::herd::{Buffers, Limits, Share};
    use crate::report::{Record, SecretHasher};
    use crate::values::{ServerId, SplitMix64};
    use crate::wire::Sighting;

    /// The bits never say that nobody watches a client of which somebody is told.
    #[test]
    fn whoever_is_told_of_has_a_bit() {
        let key = HashKey::default();
        let store = Store::new(&Limits::default(), &key, &SecretHasher::new(1), 1);
        let mut told = 0;
        for seed in 0..60 {
            let mut random = SplitMix64::new(seed);
            let mut number = |most: u64| random.number() % most;
            let mut signed =
                |most: u64| if number(2) == 0 { format!("+{}", number(most)) } else { format!("-{}", number(most)) };
            let mut position = || match signed(4).as_str() {
                "+0" => format!("+89.9{}", signed(180)),
                "-0" => format!("{}.25+179.999", signed(90)),
                _ => format!("{}.5{}.125", signed(90), signed(180)),
            };
            let positions: Vec<String> = (0..40).map(|_| position()).collect();
            let (mut watches, mut ids) = (Watches::new(Arc::default()), Vec::new());
            for (index, place) in positions.iter().enumerate().take(8) {
                let radius = ["0", "1", "30", "500", "9000", "20016"][index % 6];
                let texts = [
                    vec![place.as_str(), radius],
                    vec![place.as_str(), radius, "c*"],
                    vec!["client-7"],
                    vec!["client-1*"],
                ];
                let fields: Vec<&[u8]> = texts[index % 4].iter().map(|text| text.as_bytes()).collect();
                let target = Target::watch(&fields).expect("a target");
                let share = Share::new(Arc::new(Buffers::new(usize::MAX)), SessionId(1));
                let inbox = Arc::new(Lock::new(Inbox::new(share, 1000)));
                let by = (&Rights::all(), &store, Horizon::NONE);
                ids.push(watches.add((SessionId(1), inbox), 1, (target, &key), by));
            }
            for (index, place) in positions.iter().enumerate() {
                let client = format!("client-{index}");
                let sighting = Sighting::new(client.as_bytes(), place.as_bytes(), b"1").expect("a sighting");
                let mut line = Vec::new();
                let write = |part: &[u8]| line.extend_from_slice(part);
                let head = Record::write(write, (ServerId(0), b"a"), b"+1.0", &sighting);
                let record = Record { line: &line, head };
                let bits = watches.interest.bits().expect("somebody watches");
                let cell = Cell::of_valid(record.position_and_rest().expect("a position"));
                let may = bits.may_watch(key.hash(client.as_bytes()), client.as_bytes()) || bits.has_cell(cell);
                let shift = Shift { before: None, now: Some(record) };
                watches.by_id.iter_mut().for_each(|(_, watch)| watch.end_gathering());
                let mut turn = Turn::default();
                watches.tell(&shift, &store, &mut turn);
                told += turn.actions.len();
                assert!(may || turn.actions.is_empty(), "seed {seed}: {client} at {place}");
                watches.by_id.iter_mut().for_each(|(_, watch)| watch.read_all());
            }
            for id in ids {
                watches.remove(id, &key);
            }
            assert!(watches.interest.bits().is_none() && watches.is_empty());
        }
        assert!(told > 1000, "{told}");
    }
}
