//! Whatever happens, and whenever the machine crashes: what was said to be safe is there.

use std::time::Duration;

use herd_disk::memory::{Faults, MemoryFolder};
use herd_disk::{Keeper, Now, Pace, SyncEvery};
use proptest::prelude::*;

use crate::support::{Kept, Node, open};

/// What happens next.
#[derive(Clone, Debug)]
enum Op {
    Report(u32),
    Reports(u32),
    /// Turns, for so many milliseconds.
    Run(u16),
    /// A single turn, also where none is due.
    Turn,
    Fail(Faults),
    Mend,
    Crash(u64),
    /// The machine crashes, and once more while it starts.
    CrashAgain(u64, u64),
    Kill,
    Stop,
}

fn faults() -> impl Strategy<Value = Faults> {
    prop_oneof![
        (0..20_000_u64).prop_map(|capacity| Faults { capacity: Some(capacity), ..Faults::default() }),
        Just(Faults { read_only: true, ..Faults::default() }),
        Just(Faults { writes: true, ..Faults::default() }),
        Just(Faults { syncs: true, ..Faults::default() }),
        (0..12_u64).prop_map(|after| Faults { once_after: Some(after), ..Faults::default() }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..12_u32).prop_map(Op::Report),
        4 => (0..60_u32).prop_map(Op::Reports),
        6 => (0..3000_u16).prop_map(Op::Run),
        6 => Just(Op::Turn),
        2 => faults().prop_map(Op::Fail),
        2 => Just(Op::Mend),
        3 => any::<u64>().prop_map(Op::Crash),
        2 => (any::<u64>(), 0..14_u64).prop_map(|(seed, after)| Op::CrashAgain(seed, after)),
        1 => Just(Op::Kill),
        1 => Just(Op::Stop),
    ]
}

/// One server, through crashes and starts.
struct World {
    folder: MemoryFolder,
    node: Node,
    /// What was found at the last start: it is safe from then on.
    started: Kept,
    keeper: Option<Keeper<MemoryFolder>>,
    now: Now,
    number: u64,
    pace: Pace,
}

impl World {
    fn new(sync: SyncEvery) -> Self {
        let pace = Pace { least_log: 3000, ..Pace::new(sync) };
        let now = Now { instant: Duration::ZERO, wall: 1_479_413_884 };
        let folder = MemoryFolder::default();
        let mut world =
            Self { folder, node: Node::default(), started: Kept::new(), keeper: None, now, number: 0, pace };
        world.start(&Kept::new());
        world
    }

    /// Starts, and looks whether everything is there.
    fn start(&mut self, safe: &Kept) {
        self.folder.set_faults(Faults::default());
        let (disk, _, kept) = open(&self.folder, false).expect("no crash is damage");
        for (client, number) in safe {
            let found = kept.get(client).copied().unwrap_or_default();
            assert!(found >= *number, "client {client}: {found} is older than {number}, which was safe");
        }
        for (client, number) in &kept {
            assert!(*number <= self.node.kept[client], "client {client}: {number} was never reported");
        }
        self.started = kept.clone();
        self.node = Node::of(kept, 4000);
        self.keeper = Some(Keeper::new(disk, self.pace, self.now));
    }

    /// What was safe when it ended.
    fn end(&mut self) -> Kept {
        let safe = self.safe();
        self.keeper = None;
        safe
    }

    fn safe(&self) -> Kept {
        match usize::try_from(self.keeper.as_ref().expect("it runs").safe()).expect("few") {
            0 => self.started.clone(),
            safe => self.node.at_take[safe - 1].clone(),
        }
    }

    fn turn(&mut self) {
        let keeper = self.keeper.as_mut().expect("it runs");
        keeper.turn(self.now, true, &mut self.node);
        assert_eq!(keeper.taken(), self.node.at_take.len() as u64);
        assert!(keeper.safe() <= keeper.taken());
    }

    fn run(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while self.now.instant <= end {
            let keeper = self.keeper.as_mut().expect("it runs");
            match keeper.turn(self.now, false, &mut self.node) {
                herd_disk::Next::Now => self.now.instant += Duration::from_millis(1),
                herd_disk::Next::At(at) => {
                    assert!(at > self.now.instant);
                    self.now.instant = at.min(end + Duration::from_nanos(1));
                }
            }
        }
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Report(client) => self.report(client),
            Op::Reports(count) => (0..count).for_each(|client| self.report(client)),
            Op::Run(millis) => self.run(Duration::from_millis(millis.into())),
            Op::Turn => self.turn(),
            Op::Fail(faults) => self.folder.set_faults(faults),
            Op::Mend => self.folder.set_faults(Faults::default()),
            Op::Crash(seed) => {
                let safe = self.end();
                self.folder.crash(&mut random(seed));
                self.start(&safe);
            }
            Op::CrashAgain(seed, after) => {
                let (safe, mut random) = (self.end(), random(seed));
                self.folder.crash(&mut random);
                self.folder.set_faults(Faults { once_after: Some(after), ..Faults::default() });
                drop(open(&self.folder, false));
                self.folder.crash(&mut random);
                self.start(&safe);
            }
            Op::Kill => {
                let safe = self.end();
                self.folder.kill();
                self.start(&safe);
            }
            Op::Stop => {
                let mut safe = self.safe();
                let closed = self.keeper.take().expect("it runs").close(self.now, &mut self.node);
                if closed.is_ok() {
                    safe = self.node.kept.clone();
                    self.folder.crash(&mut || 0);
                } else {
                    self.folder.kill();
                }
                self.start(&safe);
            }
        }
    }

    fn report(&mut self, client: u32) {
        self.number += 1;
        self.node.report(client, self.number);
    }

    /// Once the disk works, everything gets there.
    fn settle(&mut self) {
        self.folder.set_faults(Faults::default());
        self.run(Duration::from_secs(40));
        let keeper = self.keeper.as_mut().expect("it runs");
        assert!(!keeper.is_failing(), "{:?}", keeper.status());
        assert_eq!(keeper.safe(), keeper.taken(), "{:?}", keeper.status());
        assert_eq!(self.node.at_take.last(), Some(&self.node.kept));
        assert!(!keeper.status().behind);
        let kept = self.node.kept.iter().map(|(client, number)| crate::support::line(*client, *number).len() as u64);
        let most = self.pace.least_log * 2 + 3 * kept.sum::<u64>();
        assert_eq!(keeper.status().bytes + manifest(&self.folder), self.folder.bytes());
        assert!(keeper.status().bytes <= most, "{:?} of {most}", keeper.status());
    }
}

/// Numbers without end, of that seed.
fn random(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    }
}

fn manifest(folder: &MemoryFolder) -> u64 {
    folder.files().iter().filter(|(name, _)| name.starts_with("MANIFEST")).map(|(_, len)| *len as u64).sum()
}

fn check(ops: &[Op], sync: SyncEvery) {
    let mut world = World::new(sync);
    for op in ops {
        world.apply(op);
    }
    world.settle();
    let safe = world.end();
    world.folder.crash(&mut || 0);
    world.start(&safe);
}

proptest! {
    #[test]
    fn with_each_what_is_safe_is_there(ops in prop::collection::vec(op(), 1..60)) {
        check(&ops, SyncEvery::Each);
    }

    #[test]
    fn with_a_time_what_is_safe_is_there(ops in prop::collection::vec(op(), 1..60)) {
        check(&ops, SyncEvery::Time(Duration::from_secs(1)));
    }
}
