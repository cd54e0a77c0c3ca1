//! A server's disk, with the very engine on it that servers have.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::time::Duration;

use herd::{Cursor, Node};
use herd_disk::memory::{Faults, MemoryFolder};
use herd_disk::{Disk, Keeper, Now, OpenError, Options, Pace, Source, SyncEvery, Taken};

use crate::oracle::ReportId;
use crate::scenario::{Ailment, Data, MILLI, Nanos};

/// How many bytes of logs are not worth a snapshot: few, so that there are many.
const LEAST_LOG: u64 = 1500;

/// How old a log may be.
const DAY: Duration = Duration::from_secs(12);

/// A disk, and what is known to be on it.
pub(crate) struct HostDisk {
    folder: MemoryFolder,
    keeper: Option<Keeper<MemoryFolder>>,
    pub(crate) awaits: bool,
    sync: SyncEvery,
    feed: Feed,
    /// When the engine is to be called, until when it is busy, and how long each sync takes.
    pub(crate) turn_at: Option<Nanos>,
    pub(crate) busy_until: Nanos,
    slow: Nanos,
    /// Whether it has been ill, or has rotted, since it was opened.
    was_ill: bool,
    has_rotted: bool,
    /// The last call whose changes somebody waits for, and the last one of which it is known here that they are safe.
    awaited: u64,
    pub(crate) told: u64,
    /// What changed that is not known to be safe: in which call it was taken.
    changed: VecDeque<(u64, u32, ReportId)>,
    /// Of each client what must be there after a crash.
    pub(crate) safe: BTreeMap<u32, ReportId>,
}

/// What is new for the engine.
#[derive(Default)]
struct Feed {
    changes: Vec<u8>,
    taken: Vec<u8>,
    cursor: Cursor,
}

/// A node and its feed.
struct NodeSource<'a>(&'a Node, &'a mut Feed);

impl Source for NodeSource<'_> {
    fn take(&mut self) -> Taken<'_> {
        let Feed { changes, taken, .. } = self.1;
        taken.clear();
        mem::swap(changes, taken);
        Taken { lines: taken, missed: 0 }
    }

    fn begin_copy(&mut self) {
        self.1.cursor = Cursor::default();
    }

    fn copy(&mut self, out: &mut Vec<u8>) -> bool {
        self.0.copy_next(&mut self.1.cursor, out)
    }
}

impl HostDisk {
    /// An empty one, if a server has one at all.
    pub(crate) fn of(data: Data) -> Option<Self> {
        let sync = match data {
            Data::None => return None,
            Data::Each => SyncEvery::Each,
            Data::Every(period) => SyncEvery::Time(Duration::from_nanos(period)),
        };
        Some(Self {
            folder: MemoryFolder::default(),
            keeper: None,
            awaits: data == Data::Each,
            sync,
            feed: Feed::default(),
            turn_at: None,
            busy_until: 0,
            slow: 0,
            was_ill: false,
            has_rotted: false,
            awaited: 0,
            told: 0,
            changed: VecDeque::new(),
            safe: BTreeMap::new(),
        })
    }

    /// Reads what is on it for a server that starts, and keeps what changes from now on. What has rotted may be damaged, and
    /// then the server starts with what is whole.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn open(&mut self, name: &str, now: Now, node: &Node) -> Result<(), OpenError> {
        self.folder.set_faults(Faults::default());
        let options = Options { server: name.into(), recover: self.has_rotted, salt: 7, now: now.wall };
        let mut restore = |lines: &[u8]| {
            for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                node.restore(line).map_err(|why| why.to_string())?;
            }
            Ok(())
        };
        let (disk, _) = Disk::open(self.folder.reopened(), &options, &mut restore)?;
        let pace = Pace { least_log: LEAST_LOG, day: DAY, ..Pace::new(self.sync) };
        self.keeper = Some(Keeper::new(disk, pace, now));
        self.feed = Feed::default();
        (self.awaited, self.told, self.slow) = (0, 0, 0);
        (self.turn_at, self.busy_until) = (None, 0);
        (self.was_ill, self.has_rotted) = (false, false);
        Ok(())
    }

    /// Takes a record that is kept now.
    pub(crate) fn take(&mut self, client: u32, id: ReportId, line: &[u8]) {
        if let Some(keeper) = &self.keeper {
            self.changed.push_back((keeper.taken() + 1, client, id));
            self.feed.changes.extend_from_slice(line);
        }
    }

    /// Nothing is kept of a client any more.
    pub(crate) fn forget(&mut self, client: u32) {
        self.safe.remove(&client);
        self.changed.retain(|&(_, other, _)| other != client);
    }

    /// In which call everything is taken that has changed by now; somebody waits for that to be safe.
    pub(crate) fn await_all(&mut self) -> u64 {
        self.awaited = self.keeper.as_ref().map_or(0, |keeper| keeper.taken() + 1);
        self.awaited
    }

    /// Has the engine do what is due. When it is to be called again, in nanoseconds from now.
    pub(crate) fn turn(&mut self, now: Now, node: &Node, at: Nanos) -> Nanos {
        let Some(keeper) = &mut self.keeper else { return 0 };
        self.told = keeper.safe();
        let is_awaited = self.awaited > keeper.taken();
        let next = keeper.turn(now, is_awaited, &mut NodeSource(node, &mut self.feed));
        let (safe, has_synced) = (keeper.safe(), keeper.safe() > self.told);
        drop(keeper.events());
        self.settle(safe);
        let busy = MILLI / 5 + if has_synced { self.slow } else { 0 };
        let pause = match next {
            _ if has_synced => 0,
            herd_disk::Next::Now => 0,
            herd_disk::Next::At(at) => Nanos::try_from(at.saturating_sub(now.instant).as_nanos()).unwrap_or(Nanos::MAX),
        };
        self.busy_until = at + busy;
        busy.max(pause.min(1000 * MILLI))
    }

    /// What was taken in that call or before is safe.
    fn settle(&mut self, call: u64) {
        while let Some((_, client, id)) = self.changed.pop_front_if(|(taken, ..)| *taken <= call) {
            self.safe.insert(client, id);
        }
    }

    /// The server stops in order.
    ///
    /// # Errors
    /// Where not everything could be written, though nothing was wrong with the disk.
    pub(crate) fn close(&mut self, now: Now, node: &Node) -> Result<(), String> {
        let Some(keeper) = self.keeper.take() else { return Ok(()) };
        match keeper.close(now, &mut NodeSource(node, &mut self.feed)) {
            Ok(()) => self.settle(u64::MAX),
            Err(_) if self.was_ill => {}
            Err(error) => return Err(format!("it could not close its folder: {error}")),
        }
        self.kill();
        Ok(())
    }

    /// The process is killed: what was written stays.
    pub(crate) fn kill(&mut self) {
        if let Some(keeper) = self.keeper.take().filter(|_| !self.was_ill) {
            self.settle(keeper.taken());
        }
        self.folder.kill();
        self.changed.clear();
    }

    /// The machine crashes.
    pub(crate) fn crash(&mut self, random: &mut dyn FnMut() -> u64) {
        self.keeper = None;
        self.folder.crash(random);
        self.changed.clear();
    }

    /// It is replaced by an empty one.
    pub(crate) fn replace(&mut self) {
        self.folder = MemoryFolder::default();
        self.safe.clear();
        self.has_rotted = false;
    }

    pub(crate) fn set_ill(&mut self, how: Option<Ailment>) {
        let mut faults = Faults::default();
        self.slow = 0;
        self.was_ill |= how.is_some();
        match how {
            None => {}
            Some(Ailment::Slow(slow)) => self.slow = slow,
            Some(Ailment::Full) => faults.capacity = Some(self.folder.bytes()),
            Some(Ailment::ReadOnly) => faults.read_only = true,
            Some(Ailment::Writes) => faults.writes = true,
            Some(Ailment::Syncs) => faults.syncs = true,
            Some(Ailment::Once(after)) => faults.once_after = Some(after),
        }
        self.folder.set_faults(faults);
    }

    /// A bit flips: nothing that was safe must be there any more.
    pub(crate) fn rot(&mut self, bit: u64) {
        let files = self.folder.files();
        let all: u64 = files.iter().map(|(_, len)| *len as u64 * 8).sum();
        let Some(mut bit) = bit.checked_rem(all) else { return };
        for (name, len) in files {
            if let Ok(at) = usize::try_from(bit / 8)
                && at < len
            {
                self.folder.damage(&name, |bytes| bytes[at] ^= 1 << (bit % 8));
                break;
            }
            bit -= len as u64 * 8;
        }
        self.has_rotted = true;
        self.safe.clear();
        self.changed.clear();
    }
}

impl std::fmt::Debug for HostDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostDisk").field("folder", &self.folder).field("safe", &self.safe).finish_non_exhaustive()
    }
}
