//! Counts what a request takes in the steady state, and fails where it is more than it may be:
//! `cargo bench -p herd-benches --bench counts`.
//!
//! Instructions are counted by valgrind's callgrind, which runs this program again; the difference
//! between two numbers of rounds leaves out what happens once. Allocations are counted in place.

use std::env;
use std::process::{Command, ExitCode};

use herd_benches::{Bench, iamats, moving_iamats, newcomers, passed_on, whatsats, whole_iamats};

/// Rounds that a server is warmed up by before allocations are counted.
const WARM: u64 = 10;

/// What is counted, for how many requests a round, and the most that one of them may take.
struct Count {
    name: &'static str,
    what: &'static str,
    neighbours: usize,
    requests: u64,
    /// The most instructions.
    most: u64,
    /// Whether it may allocate.
    allocates: bool,
}

/// How many watch where lines to watchers are counted.
const WATCHERS: u64 = 100;

const COUNTS: [Count; 12] = [
    Count::new("an IAMAT alone", "iamat", 0, 600),
    Count::new("an IAMAT with two neighbours", "iamat", 2, 735),
    Count::new("an IAMAT with two neighbours, a secret and a token", "guarded", 2, 755),
    Count::new("an IAMAT with two neighbours, of a client that moves and is filed by where it is", "filed", 2, 850),
    Count::new("an IAMAT with two neighbours, where ten thousand others are watched", "watched", 2, 790),
    Count::new(
        "an IAMAT with two neighbours, filed, where ten thousand circles elsewhere are watched",
        "circled",
        2,
        960,
    ),
    Count {
        requests: 100 * WATCHERS,
        allocates: true,
        ..Count::new("a line to one of a hundred watchers, which read a hundred at a time", "told", 0, 620)
    },
    Count::new("an IAMAT with two neighbours, where arrivals are collected", "arrivals", 2, 750),
    Count::new("an IAMAT with whole numbers, alone", "whole", 0, 720),
    Count::new("an IAMAT with whole numbers and two neighbours", "whole", 2, 840),
    Count::new("an AT line with one neighbour to tell", "at", 2, 735),
    Count { requests: 50, allocates: true, ..Count::new("the AT part of a WHATSAT", "whatsat", 0, 385) },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [run, what, neighbours, rounds] = &arguments[..]
        && run == "run"
        && let (Ok(neighbours), Ok(rounds)) = (neighbours.parse(), rounds.parse())
    {
        let (mut bench, rounds) = prepare(what, neighbours, rounds);
        println!("{} bytes", measured(&mut bench, &rounds));
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let failures = COUNTS.iter().filter(|count| !count.holds()).count();
    let failures =
        failures + BYTES.iter().filter(|(name, anywhere, most)| !filed_within(name, *anywhere, *most)).count();
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What it takes more to have clients filed by where they are: whether those are anywhere on the globe, and the most
/// bytes for each.
const BYTES: [(&str, bool, u64); 2] =
    [("clients of one place that are filed", false, 40), ("clients all over the globe that are filed", true, 64)];

/// Files a hundred thousand clients; whether that takes no more for each.
fn filed_within(name: &str, anywhere: bool, most: u64) -> bool {
    const CLIENTS: u64 = 100_000;
    let mut bench = Bench::new(0);
    for first in (0..CLIENTS).step_by(100) {
        bench.receive(&newcomers(first..first + 100, anywhere));
    }
    let taken = allocation_counter::measure(|| bench.ask_who_is_near());
    let bytes = u64::try_from(taken.bytes_current).unwrap_or(0) / CLIENTS;
    println!("{name}: {bytes} bytes more each (at most {most})");
    (1..=most).contains(&bytes)
}

impl Count {
    /// What comes a hundred times a round, and does not allocate.
    const fn new(name: &'static str, what: &'static str, neighbours: usize, most: u64) -> Self {
        Self { name, what, neighbours, requests: 100, most, allocates: false }
    }

    fn holds(&self) -> bool {
        let Self { name, most, .. } = self;
        let (Some(few), Some(many)) = (self.instructions(WARM), self.instructions(WARM + 100)) else {
            eprintln!("{name}: valgrind could not count its instructions");
            return false;
        };
        let instructions = (many - few) / (100 * self.requests);
        let allocations = self.allocations();
        println!("{name}: {instructions} instructions (at most {most}), {allocations} allocations");
        instructions <= *most && (self.allocates || allocations == 0)
    }

    /// What so many rounds take.
    fn instructions(&self, rounds: u64) -> Option<u64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"])
            // A toggle inside what is counted leaves out the asking for places.
            .args(["--toggle-collect=*Pass*want*", "--toggle-collect=*uncounted*"])
            .arg(env::current_exe().ok()?)
            .args(["run", self.what, &self.neighbours.to_string(), &rounds.to_string()])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let collected = text.lines().find_map(|line| line.split_once("Collected :"))?;
        collected.1.trim().parse().ok()
    }

    /// How many allocations a hundred rounds make when all is warm.
    fn allocations(&self) -> u64 {
        let (mut bench, rounds) = prepare(self.what, self.neighbours, WARM + 100);
        let (warm, counted) = rounds.split_at(usize::try_from(WARM).expect("a few"));
        measured(&mut bench, warm);
        allocation_counter::measure(|| {
            measured(&mut bench, counted);
        })
        .count_total
    }
}

/// A server, and what a client will send to it.
fn prepare(what: &str, neighbours: usize, rounds: u64) -> (Bench, Vec<Vec<u8>>) {
    let mut bench = match what {
        "guarded" => Bench::guarded(neighbours),
        "filed" => Bench::filing(neighbours),
        "watched" => Bench::watched(neighbours, false),
        "circled" => Bench::watched(neighbours, true),
        "told" => Bench::followed(neighbours, WATCHERS),
        "arrivals" => Bench::collecting_arrivals(neighbours),
        _ => Bench::new(neighbours),
    };
    if what == "whatsat" {
        bench.receive(&iamats(0));
        return (bench, (0..rounds).map(|_| whatsats()).collect());
    }
    let lines = match what {
        "at" => passed_on,
        "filed" | "circled" => moving_iamats,
        "whole" => whole_iamats,
        _ => iamats,
    };
    (bench, (0..rounds).map(lines).collect())
}

/// What is counted: nothing in it but the core.
#[inline(never)]
fn measured(bench: &mut Bench, rounds: &[Vec<u8>]) -> usize {
    let round = |bytes: &Vec<u8>| {
        bench.second_passes();
        let replied = bench.receive(bytes);
        uncounted(bench);
        replied + bench.drain() + bench.tell()
    };
    rounds.iter().map(round).sum()
}

/// Its name ends the counting while it runs.
#[inline(never)]
fn uncounted(bench: &mut Bench) {
    bench.end_fetches();
}
