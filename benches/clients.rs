//! So many clients with IDs of 20 bytes in one server, for whoever measures memory and pauses:
//! `clients NUMBER`. Prints the bytes of resident memory for each, and the longest that 100 IAMATs
//! of new clients took.

use std::fs;
use std::time::{Duration, Instant};

use herd_benches::Bench;

/// IAMATs in one piece.
const PIECE: u64 = 100;

fn main() {
    let Some(Ok(clients)) = std::env::args().nth(1).map(|argument| argument.parse::<u64>()) else {
        eprintln!("usage: clients NUMBER");
        std::process::exit(2);
    };
    let mut bench = Bench::new(0);
    let before = resident();
    let mut longest = Duration::ZERO;
    let mut lines = Vec::new();
    for first in (0..clients).step_by(PIECE as usize) {
        lines.clear();
        for client in first..(first + PIECE).min(clients) {
            let line = format!("IAMAT c{client:08}.ucla.edu-x +34.068930-118.445127 1479413884.392014450\n");
            lines.extend_from_slice(line.as_bytes());
        }
        let start = Instant::now();
        bench.receive(&lines);
        longest = longest.max(start.elapsed());
    }
    let grown = resident().saturating_sub(before);
    println!("{} bytes for each of {clients} clients, {longest:?} for the slowest {PIECE}", grown / clients);
}

/// What this process has of the machine's memory, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|kilobytes| kilobytes.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
