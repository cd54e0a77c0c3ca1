//! The rows of the table: which load, on which systems, with which targets.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::group::Shape;
use super::measure::Measure::{
    self, BesideShare, ClientMemory, ConnectionMemory, DiskShare, Level, LinkShare, MadeUp, NatsShare, P50, P99, Rate,
    Restart, ServerCpu,
};
use super::system::System::{
    self, Asyncio, BareHyper, HerdAsyncStd, HerdAsyncStdHttp, HerdAsyncStdTls, HerdTokio, HerdTokioDisk, HerdTokioEach,
    HerdTokioHttp, HerdTokioTls, Memcached, Node, RedisAlways, RedisEverysec, RedisFull, RedisGeo, RedisPartial,
    RedisSet, RedisTls, RustlsEcho,
};
use super::target::{Bound, Target};
use crate::load::{Load, Pace};
use crate::traffic::{PARIS, Traffic, WESTWOOD};

/// A load that systems are compared under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    /// One server alone, pipeline of 100
    Pipeline,
    /// One server alone, one request at a time on each connection
    Single,
    /// A connection for each request, 20 at a time
    Connect,
    /// Flooding to two neighbours, pipeline of 100
    Flood,
    /// 1,000,000 clients, pipeline of 100
    Million,
    /// WHATSAT 10 km, 5 places, in Westwood
    Westwood,
    /// WHATSAT 50 km, 20 places, in Paris
    Paris,
    /// NEAR 10 km, 20 clients, among 1,000,000, one request at a time on each connection
    Near,
    /// 1,000 NEARs a second together with 100,000 IAMATs a second, and each without the other
    NearMoving,
    /// 1,000 connections that watch all clients, with one update at a time
    Watch,
    /// 1,000 connections that watch all clients, with a hundred updates at a time
    WatchHundred,
    /// From one server to the farthest of five, at 10,000 updates a second
    Propagation,
    /// One client's IAMATs during attacks: greedy clients, chosen IDs, each message of a neighbour at full speed
    Attacks,
    /// A server that was stopped while all clients moved: 10,000 to 10,000,000 of them
    CatchUp,
    /// One server alone with data on disk, synced every second, and its start with 1,000,000 clients
    Disk,
    /// One server alone with data on disk, synced before each reply
    DiskEach,
    /// One client beside 1,000,000 others with 200,000 updates a second, during a snapshot and between snapshots
    DiskSnapshot,
    /// Three regions joined by NATS: WHATSAT for clients of another region, 100,000 clients that move, NATS down
    Regions,
    /// One server alone with TLS, pipeline of 100
    Tls,
    /// One server alone over HTTP, one request at a time on each connection
    Http,
    /// Python asyncio, Node.js, async-std and tokio: pipeline of 100
    Baselines,
    /// Python asyncio, Node.js, async-std and tokio: one request at a time
    BaselinesSingle,
}

impl Row {
    /// Every one, in the order of the table.
    pub(crate) const ALL: [Self; 22] = [
        Self::Pipeline,
        Self::Single,
        Self::Connect,
        Self::Flood,
        Self::Million,
        Self::Westwood,
        Self::Paris,
        Self::Near,
        Self::NearMoving,
        Self::Watch,
        Self::WatchHundred,
        Self::Propagation,
        Self::Attacks,
        Self::CatchUp,
        Self::Disk,
        Self::DiskEach,
        Self::DiskSnapshot,
        Self::Regions,
        Self::Tls,
        Self::Http,
        Self::Baselines,
        Self::BaselinesSingle,
    ];

    /// What the load is, for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Pipeline => "IAMAT, pipeline of 100",
            Self::Single => "IAMAT, one at a time",
            Self::Connect => "IAMAT, a connection each",
            Self::Flood => "IAMAT, two neighbours",
            Self::Million => "IAMAT, 1,000,000 clients",
            Self::Westwood => "WHATSAT 10 km 5, Westwood",
            Self::Paris => "WHATSAT 50 km 20, Paris",
            Self::Near => "NEAR 10 km 20, 1,000,000 clients",
            Self::NearMoving => "NEAR beside IAMAT",
            Self::Watch => "1,000 watchers, an update at a time",
            Self::WatchHundred => "1,000 watchers, 100 at a time",
            Self::Propagation => "to the farthest of five",
            Self::Attacks => "IAMAT beside attacks",
            Self::CatchUp => "catch up",
            Self::Disk => "IAMAT, disk, synced each second",
            Self::DiskEach => "IAMAT, disk, synced before each reply",
            Self::DiskSnapshot => "IAMAT beside a snapshot",
            Self::Regions => "three regions",
            Self::Tls => "IAMAT within TLS, pipeline of 100",
            Self::Http => "PUT over HTTP, one at a time",
            Self::Baselines => "plain servers, pipeline of 100",
            Self::BaselinesSingle => "plain servers, one at a time",
        }
    }

    /// On whom it is run, in the order of the first round.
    pub(crate) const fn systems(self) -> &'static [System] {
        match self {
            Self::Pipeline => &[HerdTokio, RedisSet, HerdAsyncStd, RedisGeo, Memcached],
            Self::Flood => &[HerdTokio, RedisSet, HerdAsyncStd, RedisGeo],
            Self::Single | Self::Connect | Self::Million | Self::Watch | Self::WatchHundred => {
                &[HerdTokio, RedisSet, HerdAsyncStd]
            }
            Self::Westwood | Self::Paris | Self::Near => &[HerdTokio, RedisGeo, HerdAsyncStd],
            Self::Propagation | Self::Attacks | Self::NearMoving | Self::Regions => &[HerdTokio, HerdAsyncStd],
            Self::CatchUp => &[HerdTokio, HerdAsyncStd, RedisPartial, RedisFull],
            Self::Disk => &[HerdTokioDisk, RedisEverysec],
            Self::DiskEach => &[HerdTokioEach, RedisAlways],
            Self::DiskSnapshot => &[HerdTokioDisk],
            Self::Tls => &[HerdTokioTls, RustlsEcho, HerdTokio, RedisTls, HerdAsyncStdTls],
            Self::Http => &[HerdTokioHttp, HerdTokio, BareHyper, HerdAsyncStdHttp],
            Self::Baselines | Self::BaselinesSingle => &[HerdTokio, Asyncio, HerdAsyncStd, Node],
        }
    }

    /// How often it is run on each system, where nobody says.
    pub(crate) const fn repeats(self) -> u32 {
        match self {
            Self::Attacks | Self::NearMoving | Self::DiskSnapshot | Self::Regions => 7,
            _ => 3,
        }
    }

    /// How many servers there are, and who talks with whom.
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::Flood => Shape::Star,
            Self::Propagation => Shape::Ring,
            Self::CatchUp => Shape::Pair,
            _ => Shape::Alone,
        }
    }

    /// Makes the load this row's.
    pub(crate) fn apply(self, load: &mut Load) {
        match self {
            Self::Pipeline | Self::Flood | Self::Baselines | Self::Tls | Self::Disk | Self::DiskEach => {
                load.pipeline = 100;
            }
            // The last seven have loads of their own.
            Self::Single
            | Self::BaselinesSingle
            | Self::Http
            | Self::Attacks
            | Self::NearMoving
            | Self::Watch
            | Self::WatchHundred
            | Self::CatchUp
            | Self::DiskSnapshot
            | Self::Regions => {}
            Self::Connect => (load.connections, load.connect_each) = (20, true),
            Self::Million => (load.pipeline, load.traffic.clients) = (100, 1_000_000),
            Self::Westwood | Self::Paris => {
                let (centre, radius, bound) = if self == Self::Paris { (PARIS, "50", 20) } else { (WESTWOOD, "10", 5) };
                load.traffic = Traffic {
                    questions: 65_536,
                    centre,
                    spread: 10_000,
                    radius: radius.into(),
                    bound,
                    ..Traffic::default()
                };
                load.pipeline = 10;
            }
            Self::Near => {
                load.dialect = load.dialect.near();
                (load.traffic.clients, load.traffic.questions, load.traffic.bound) = (1_000_000, 65_536, 20);
            }
            Self::Propagation => (load.pace, load.pipeline) = (Pace::Open(10_000.0), 100),
        }
    }

    /// Whether memory is measured: it takes a process of its own that has done nothing else.
    pub(crate) const fn measures_memory(self) -> bool {
        matches!(self, Self::Million | Self::Baselines)
    }

    /// What the herd is to reach.
    pub(crate) fn targets(self) -> Vec<Target> {
        use Bound::{AtLeast, AtMost};
        let tokio = |measure, against, bound| Target { measure, of: HerdTokio, against: Some(against), bound };
        let both = |measure: Measure, bound| Target { measure, of: HerdAsyncStd, against: Some(HerdTokio), bound };
        let alone = |measure, bound| Target { measure, of: HerdTokio, against: None, bound };
        let of_one = |of, measure, bound| Target { measure, of, against: None, bound: AtMost(bound) };
        match self {
            Self::Pipeline => vec![
                tokio(ServerCpu, RedisSet, AtMost(0.40)),
                tokio(ServerCpu, RedisGeo, AtMost(0.12)),
                both(ServerCpu, AtMost(1.3)),
                tokio(Rate, RedisSet, AtLeast(1.6)),
                both(Rate, AtLeast(0.75)),
            ],
            Self::Single => vec![
                tokio(Rate, RedisSet, AtLeast(1.1)),
                both(Rate, AtLeast(0.75)),
                tokio(P99, RedisSet, AtMost(1.0)),
                both(P99, AtMost(1.5)),
            ],
            Self::Connect => vec![tokio(Rate, RedisSet, AtLeast(1.0)), both(Rate, AtLeast(0.75))],
            Self::Flood => vec![
                tokio(ServerCpu, RedisSet, AtMost(0.45)),
                both(ServerCpu, AtMost(1.3)),
                tokio(Rate, RedisSet, AtLeast(1.3)),
                both(Rate, AtLeast(0.75)),
            ],
            Self::Million => vec![
                tokio(ServerCpu, RedisSet, AtMost(0.35)),
                both(ServerCpu, AtMost(1.3)),
                alone(ClientMemory, AtMost(128.0)),
            ],
            Self::Westwood => vec![tokio(Rate, RedisGeo, AtLeast(1.5)), both(Rate, AtLeast(0.75))],
            Self::Paris => vec![tokio(Rate, RedisGeo, AtLeast(4.0)), both(Rate, AtLeast(0.75))],
            Self::Near => vec![tokio(Rate, RedisGeo, AtLeast(5.0)), both(Rate, AtLeast(0.75))],
            Self::NearMoving => [HerdTokio, HerdAsyncStd].map(|of| of_one(of, BesideShare, 2.0)).into(),
            Self::Watch => vec![tokio(ServerCpu, RedisSet, AtMost(1.0)), both(ServerCpu, AtMost(1.3))],
            Self::WatchHundred => vec![tokio(ServerCpu, RedisSet, AtMost(0.5)), both(ServerCpu, AtMost(1.3))],
            Self::Propagation => vec![
                alone(P50, AtMost(300.0)),
                alone(P99, AtMost(2_000.0)),
                both(P50, AtMost(1.5)),
                both(P99, AtMost(1.5)),
            ],
            Self::Attacks => {
                let each = |of| [(P50, 1_000.0), (P99, 10_000.0)].map(|(measure, bound)| of_one(of, measure, bound));
                [HerdTokio, HerdAsyncStd].into_iter().flat_map(each).collect()
            }
            Self::CatchUp => {
                let each = |of| [(Level, 20.0), (LinkShare, 1.5)].map(|(measure, bound)| of_one(of, measure, bound));
                [HerdTokio, HerdAsyncStd].into_iter().flat_map(each).collect()
            }
            Self::Disk => {
                let against =
                    |measure, bound| Target { measure, of: HerdTokioDisk, against: Some(RedisEverysec), bound };
                vec![
                    against(ServerCpu, AtMost(0.35)),
                    against(Rate, AtLeast(2.0)),
                    against(Restart, AtMost(0.5)),
                    of_one(HerdTokioDisk, DiskShare, 3.0),
                ]
            }
            Self::DiskEach => {
                let against = |measure, bound| Target { measure, of: HerdTokioEach, against: Some(RedisAlways), bound };
                vec![against(ServerCpu, AtMost(0.35)), against(Rate, AtLeast(2.0))]
            }
            Self::Regions => {
                let most = [(NatsShare, 3.0), (Level, 5.0), (BesideShare, 1.2), (MadeUp, 10.0)];
                let rate = |of| Target { measure: Rate, of, against: None, bound: AtLeast(10_000.0) };
                let each = |of| most.map(|(measure, bound)| of_one(of, measure, bound)).into_iter().chain([rate(of)]);
                [HerdTokio, HerdAsyncStd].into_iter().flat_map(each).collect()
            }
            Self::DiskSnapshot => vec![of_one(HerdTokioDisk, BesideShare, 2.0)],
            Self::Tls => {
                let limits = [(RustlsEcho, 1.25), (HerdTokio, 2.0), (RedisTls, 0.40)];
                let bounded = |(against, bound)| Target {
                    measure: ServerCpu,
                    of: HerdTokioTls,
                    against: Some(against),
                    bound: AtMost(bound),
                };
                limits.into_iter().map(bounded).collect()
            }
            Self::Http => {
                let of = |of, measure, against, bound| Target { measure, of, against: Some(against), bound };
                vec![
                    of(HerdTokioHttp, Rate, HerdTokio, AtLeast(0.5)),
                    of(HerdTokioHttp, ServerCpu, BareHyper, AtMost(1.3)),
                    of(HerdAsyncStdHttp, ServerCpu, HerdTokioHttp, AtMost(1.3)),
                ]
            }
            Self::Baselines => vec![alone(ConnectionMemory, AtMost(4096.0))],
            Self::BaselinesSingle => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_there_and_measures_whom_it_judges() {
        assert_eq!(Row::ALL, Row::value_variants());
        for row in Row::ALL {
            for target in row.targets() {
                assert!(row.systems().contains(&target.of), "{target:?}");
                assert!(target.against.is_none_or(|against| row.systems().contains(&against)), "{target:?}");
            }
        }
    }
}
