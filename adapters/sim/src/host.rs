//! One simulated server: its node, its clocks, its disk, its places source.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use herd::{Node, Now, Timestamp};

use crate::clock::Clock;
use crate::disk::HostDisk;
use crate::list::{Ids, List};
use crate::listener::Listener;
use crate::nearby::Kept;
use crate::oracle::ReportId;
use crate::run::Stopping;
use crate::scenario::{BadScenario, Illness, Nanos, Scenario};

/// A server and the machine that it runs on.
#[derive(Debug)]
pub(crate) struct Host {
    /// Whether it is of an older make: it greets without fields, and understands no others.
    pub(crate) older: bool,
    /// How often it has moved to another address.
    pub(crate) moves: u32,
    /// How many there are who answer at its address while it is down.
    pub(crate) impostors: u32,
    /// When it last began to believe others.
    pub(crate) trusts_since: Nanos,
    /// Its list of servers, also while it is down.
    pub(crate) list: Arc<List>,
    /// Which ids these have at its node.
    pub(crate) ids: Arc<Ids>,
    /// None while it is down.
    pub(crate) node: Option<Arc<Node>>,
    /// Who listens to what changes in what it keeps.
    pub(crate) listener: Listener,
    /// All that it has kept in this life, one behind the other, and what it was seen to keep no more.
    pub(crate) kept_so_far: Vec<Kept>,
    /// How often it was started, and when it last was.
    pub(crate) life: u32,
    pub(crate) started_at: Nanos,
    /// While it stops in good order.
    pub(crate) stopping: Option<Stopping>,
    /// Of each client the newest report that it took from one in this life.
    pub(crate) acknowledged: BTreeMap<u32, ReportId>,
    /// While it is down: whether even its machine says nothing.
    pub(crate) silent: bool,
    /// While it is down: the event that did it.
    pub(crate) crashed_by: Option<u32>,
    /// Lines that it will find when it starts again, where it has no disk that can fail.
    kept: Vec<Vec<u8>>,
    /// Its disk, if it has one that can fail.
    pub(crate) disk: Option<HostDisk>,
    /// The earliest time for which the node asked since it was last woken.
    pub(crate) wake_at: Option<Nanos>,
    /// When it was last woken, and how often at that time.
    pub(crate) woken_at: Nanos,
    pub(crate) wakes: u32,
    pub(crate) illness: Option<Illness>,
    /// Whether its source is ever ill.
    pub(crate) excused: bool,
    pub(crate) clock: Clock,
    /// The latest time that it may have gone by in this life, before its clock was last set.
    pub(crate) trusted_before: Option<Timestamp>,
}

impl Host {
    /// A host for each server. Most have one and the same list.
    pub(crate) fn all(scenario: &Scenario) -> Result<Vec<Self>, BadScenario> {
        let share = |list: List| (Arc::new(Ids::of(&list)), Arc::new(list));
        let present = (0..scenario.servers.len()).find(|server| !scenario.absent.contains(server));
        let common = present.map(|server| List::first(scenario, server)).transpose()?.map(share);
        let host = |server| {
            let own = || List::first(scenario, server).map(share);
            let is_absent = scenario.absent.contains(&server);
            let (ids, list) = common
                .clone()
                .filter(|(_, list)| {
                    !is_absent && list.key == scenario.key(server) && list.trusting == scenario.trusting(server)
                })
                .map_or_else(own, Ok)?;
            let disk = HostDisk::of(scenario.data(server));
            Ok(Self { disk, ..Self::new(list, ids, scenario.older.contains(&server)) })
        };
        (0..scenario.servers.len()).map(host).collect()
    }

    fn new(list: Arc<List>, ids: Arc<Ids>, older: bool) -> Self {
        Self {
            older,
            moves: 0,
            impostors: 0,
            trusts_since: 0,
            list,
            ids,
            node: None,
            listener: Listener::default(),
            kept_so_far: Vec::new(),
            life: 0,
            started_at: 0,
            stopping: None,
            acknowledged: BTreeMap::new(),
            silent: false,
            crashed_by: None,
            kept: Vec::new(),
            disk: None,
            wake_at: None,
            woken_at: 0,
            wakes: 0,
            illness: None,
            excused: false,
            clock: Clock::default(),
            trusted_before: None,
        }
    }

    /// What its clocks say.
    pub(crate) fn now(&self, at: Nanos) -> Now {
        self.clock.now(at)
    }

    /// It starts with a new node, which takes back what is on the disk.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn start(&mut self, at: Nanos, name: &str, node: Node) -> Result<(), String> {
        for line in &self.kept {
            node.restore(line).expect("a node takes back its own lines");
        }
        let now = self.disk_now(at);
        if let Some(disk) = &mut self.disk {
            disk.open(name, now, &node).map_err(|error| error.to_string())?;
        }
        self.node = Some(Arc::new(node));
        self.life += 1;
        self.started_at = at;
        self.crashed_by = None;
        self.acknowledged.clear();
        self.trusted_before = None;
        self.wake_at = None;
        Ok(())
    }

    /// What its clocks say to its disk.
    pub(crate) fn disk_now(&self, at: Nanos) -> herd_disk::Now {
        let wall = self.now(at).wall.as_nanos() / 1_000_000_000;
        herd_disk::Now { instant: Duration::from_nanos(at), wall: u64::try_from(wall).unwrap_or(0) }
    }

    /// Whether it would know a record of a client again, or something newer, if it crashed now or is down.
    pub(crate) fn has_for_good(&self, client: u32, is_enough: impl Fn(ReportId) -> bool) -> bool {
        match &self.disk {
            Some(disk) => disk.safe.get(&client).is_some_and(|&id| is_enough(id)),
            None => !self.kept.is_empty(),
        }
    }

    /// Whether it takes connections.
    pub(crate) fn listens(&self) -> bool {
        self.node.is_some() && self.stopping.is_none()
    }

    /// It dies; what is on its disk is there when it starts again.
    pub(crate) fn crash(&mut self, by: u32, (silent, keeps): (bool, bool), random: &mut dyn FnMut() -> u64) {
        let node = self.node.take();
        self.kept.clear();
        match (&mut self.disk, node) {
            (Some(disk), Some(_)) => {
                if silent {
                    disk.crash(random);
                } else {
                    disk.kill();
                }
                if !keeps {
                    disk.replace();
                }
            }
            (None, Some(node)) if keeps => {
                self.kept.extend(node.records().map(|kept| {
                    let mut line = Vec::new();
                    kept.record().write_line(&mut line);
                    line
                }));
                // The order in a table is nothing to build a run on.
                self.kept.sort_unstable();
            }
            _ => {}
        }
        (self.silent, self.crashed_by, self.stopping) = (silent, Some(by), None);
    }
}

/// Where the server of that index connects from, when it has moved so often.
pub(crate) fn address(server: usize, moves: u32) -> IpAddr {
    let ([.., high, low], [.., moves]) = (server.to_be_bytes(), moves.to_be_bytes());
    IpAddr::V4(Ipv4Addr::new(10, moves, high, low))
}

/// Where strangers connect from who have no neighbour's address.
pub(crate) const STRANGERS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2));

/// Where all clients connect from.
pub(crate) const CLIENTS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1));
