//! One herd, and what was measured of it.

use std::fmt;

use herd_sim::{Graph, MILLI, Network, Options, Outcome, Run, SECOND, Scenario, Seed, Shape};

/// Updates that each herd is told of, one after the other.
const UPDATES: usize = 20;

/// Milliseconds between two updates: the slowest herd needs half of that, and links stay open for twice as long.
const PAUSE: u64 = 5_000;

/// What one herd needs for an update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) servers: usize,
    links: usize,
    pub(crate) copies: f64,
    mean_hops: f64,
    most_hops: u64,
    pub(crate) millis: f64,
    pub(crate) bytes: f64,
    /// Bytes a second that all links carry together while nobody says anything.
    pub(crate) rest: f64,
}

impl Sample {
    pub(crate) fn take(shape: Shape, servers: usize) -> Self {
        let graph = shape.graph(servers, &mut Seed::new(1));
        let (told, quiet) = (play(&graph, UPDATES), play(&graph, 0));
        let spread = &told.stats.spread;
        assert_eq!(spread.updates, UPDATES as u64, "each update reaches all servers");
        let mean = |sum: u64, of: u64| sum as f64 / of as f64;
        Self {
            servers,
            links: graph.links.len(),
            copies: mean(spread.copies, spread.updates),
            mean_hops: mean(spread.hops, spread.reached),
            most_hops: spread.most_hops,
            millis: mean(spread.time, spread.updates) / MILLI as f64,
            bytes: (told.stats.link_bytes - quiet.stats.link_bytes) as f64 / UPDATES as f64,
            rest: quiet.stats.link_bytes as f64 / (quiet.stats.virtual_nanos as f64 / SECOND as f64),
        }
    }
}

/// Tells a herd of so many updates, at servers far apart; the same time goes by without any.
fn play(graph: &Graph, updates: usize) -> Outcome {
    // A millisecond for each link: servers of one region. All else is a multiple of it.
    let network = Network { latency: MILLI, jitter: MILLI / 10, ..Network::default() };
    let mut scenario = Scenario::build(graph).network(network);
    for index in 0..UPDATES {
        let server = index * graph.servers / UPDATES;
        let line =
            format!("IAMAT client-{index:03}.example.com +34.068930-118.445127 {}.392014450\n", 1_479_413_884 + index);
        let text = if index < updates { line.as_str() } else { "\n" };
        scenario = scenario.says(PAUSE * (index as u64 + 1), index, server, text);
    }
    let mut run = Run::with(scenario.scenario(), Options { spread: true, ..Options::default() }).expect("a herd");
    let outcome = run.play();
    assert_eq!(outcome.violation, None);
    outcome
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { servers, links, copies, mean_hops, most_hops, millis, bytes, rest } = self;
        let each = copies / *servers as f64;
        write!(
            f,
            "{servers} | {links} | {copies:.0} | {each:.2} | {mean_hops:.1} | {most_hops} | {millis:.1} | {bytes:.0} | {rest:.0}"
        )
    }
}
