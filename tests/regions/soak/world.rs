//! Three regions and a cluster of NATS, and what fails of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use herd::SplitMix64;
use herd_tests::Binaries;
use herd_tests::graphs::Graph;
use herd_tests::herd::{Herd, Plan};
use herd_tests::nats::{Cluster, Nats, NatsPlan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use super::clients::Clients;
use crate::support::{region, wait_until_joined};

/// What the regions are called.
pub(super) const REGIONS: [&str; 3] = ["us", "eu", "ap"];

/// What the servers of each are called.
pub(super) const SERVERS: [&str; 3] = ["A", "B", "C"];

/// A server: of which region, and which.
pub(super) type Place = (usize, &'static str);

pub(super) struct World {
    nats: Cluster,
    pub(super) regions: Vec<Herd>,
    failing: BTreeMap<Part, Failure>,
    /// How often something has failed.
    pub(super) troubles: usize,
}

/// What may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Server(Place),
    Nats(usize),
}

/// How it fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Killed,
    /// It does not go on for a while, and does not know that.
    Paused,
    /// A server of NATS does not hear the others any more, and clients reach it as ever.
    CutOff,
}

impl World {
    /// All of it, joined.
    pub(super) fn start() -> Self {
        let nats = Cluster::start(&NatsPlan::default());
        let urls: Vec<String> = nats.servers().iter().map(Nats::url).collect();
        let binaries = Binaries::mixed(env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))));
        let graph = Graph::new(&SERVERS, &[("A", "B"), ("B", "C"), ("A", "C")]);
        let start = |name: &str| {
            let table = format!("[region]\nname = {name:?}\nnats = {urls:?}\nreplicas = 3\n");
            Plan::new(&binaries, &graph).with_config(&table).start()
        };
        let regions: Vec<Herd> = REGIONS.iter().map(|name| start(name)).collect();
        regions.iter().for_each(wait_until_joined);
        Self { nats, regions, failing: BTreeMap::new(), troubles: 0 }
    }

    /// Whether a server can be talked to.
    fn is_up(&self, place: Place) -> bool {
        !self.failing.contains_key(&Part::Server(place))
    }

    /// All servers.
    pub(super) fn all() -> impl Iterator<Item = Place> {
        (0..REGIONS.len()).flat_map(|region| SERVERS.map(|server| (region, server)))
    }

    /// The servers of a region that can be talked to.
    pub(super) fn up(&self, region: usize) -> Vec<Place> {
        Self::all().filter(|&place| place.0 == region && self.is_up(place)).collect()
    }

    /// Where a server listens.
    pub(super) fn address(&self, (region, server): Place) -> SocketAddr {
        self.regions[region].address(server)
    }

    /// Asks a server something, and reads the first line of the reply.
    pub(super) fn ask(&self, (region, server): Place, request: &str) -> String {
        self.regions[region].client(server).ask(request)
    }

    /// Something fails, or works again.
    pub(super) fn trouble(&mut self, luck: &mut SplitMix64, clients: &mut Clients) {
        let part = self.pick(luck);
        if self.failing.contains_key(&part) {
            return self.mend(part);
        }
        // So more of it works than fails.
        if luck.below(2) == 0 {
            return;
        }
        let failure = match (part, luck.below(4)) {
            (Part::Nats(_), 0 | 1) => Failure::CutOff,
            (_, 0..3) => Failure::Killed,
            _ => Failure::Paused,
        };
        self.fail(part, failure, clients);
    }

    /// Anything, and a bridge more often than others.
    fn pick(&self, luck: &mut SplitMix64) -> Part {
        let index = |luck: &mut SplitMix64| usize::try_from(luck.below(3)).expect("a few");
        let (kind, region, server) = (luck.below(5), index(luck), SERVERS[index(luck)]);
        match kind {
            0 | 1 => Part::Nats(region),
            2 => Part::Server(self.bridge(region).unwrap_or((region, server))),
            _ => Part::Server((region, server)),
        }
    }

    fn bridge(&self, of: usize) -> Option<Place> {
        self.up(of).into_iter().find(|&(_, server)| region(&self.regions[of], server)["bridge"].is_u64())
    }

    fn fail(&mut self, part: Part, failure: Failure, clients: &mut Clients) {
        if let Part::Server(place @ (region, server)) = part {
            // What a region has acknowledged is lost if all of its servers that know of it are.
            let Some(other) = self.up(region).into_iter().find(|&other| other != place) else { return };
            match failure {
                Failure::Killed => {
                    clients.wait_until_known(self, place, other);
                    self.regions[region].kill(server);
                }
                Failure::Paused => self.regions[region].signal(server, Signal::STOP),
                Failure::CutOff => return,
            }
        }
        if let Part::Nats(server) = part {
            match failure {
                Failure::Killed => self.nats.server(server).kill(),
                Failure::Paused => self.nats.server(server).signal(Signal::STOP),
                Failure::CutOff => self.nats.cut_off(server),
            }
        }
        self.troubles += 1;
        println!("{part:?}: {failure:?}");
        self.failing.insert(part, failure);
    }

    fn mend(&mut self, part: Part) {
        let Some(failure) = self.failing.remove(&part) else { return };
        println!("{part:?}: works");
        match (part, failure) {
            (Part::Server((region, server)), Failure::Killed) => self.regions[region].start(server),
            (Part::Server((region, server)), _) => self.regions[region].signal(server, Signal::CONT),
            // Alone it is of no use, and others may be down.
            (Part::Nats(server), Failure::Killed) => self.nats.server(server).spawn(),
            (Part::Nats(server), Failure::Paused) => self.nats.server(server).signal(Signal::CONT),
            (Part::Nats(server), Failure::CutOff) => self.nats.join(server),
        }
    }

    /// All works again, and is joined.
    pub(super) fn mend_all(&mut self) {
        while let Some((&part, _)) = self.failing.first_key_value() {
            self.mend(part);
        }
        self.nats.servers().iter().for_each(Nats::wait);
        self.regions.iter().for_each(wait_until_joined);
        for herd in &self.regions {
            for server in herd.running() {
                wait_for("nothing to be wrong", || herd.wrong(&server).is_empty().then_some(()));
            }
        }
    }
}
