//! So many clients with IDs of 20 bytes in one server, for whoever measures memory and pauses:
//! `clients NUMBER`. Prints the bytes of resident memory for each, and how long the slowest passes
//! of 100 IAMATs of new clients took.

use std::fs;
use std::time::Instant;

use herd_benches::Bench;

/// IAMATs in one piece.
const PIECE: usize = 100;

fn main() {
    let Some(Ok(clients)) = std::env::args().nth(1).map(|argument| argument.parse::<u64>()) else {
        eprintln!("usage: clients NUMBER");
        std::process::exit(2);
    };
    let mut bench = Bench::new(0);
    let before = resident();
    let mut slowest = Vec::new();
    let mut lines = Vec::new();
    for first in (0..clients).step_by(PIECE) {
        lines.clear();
        for client in (first..clients).take(PIECE) {
            let line = format!("IAMAT c{client:08}.ucla.edu-x +34.068930-118.445127 1479413884.392014450\n");
            lines.extend_from_slice(line.as_bytes());
        }
        let start = Instant::now();
        bench.receive(&lines);
        slowest.push((start.elapsed(), first));
    }
    let grown = resident().saturating_sub(before);
    slowest.sort_unstable_by_key(|&(time, _)| std::cmp::Reverse(time));
    println!("{} bytes for each of {clients} clients; the slowest passes of {PIECE}:", grown / clients);
    for (time, first) in slowest.iter().take(8) {
        println!("{time:?} when there were {first}");
    }
}

/// What this process has of the machine's memory, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|kilobytes| kilobytes.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
