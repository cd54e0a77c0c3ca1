//! A hundred thousand IAMATs through session and node, for whoever counts instructions:
//! `iamat NEIGHBOURS ROUNDS`, with 100 IAMATs a round.

use herd_benches::{Bench, iamats};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let (Some(Ok(neighbours)), Some(Ok(rounds))) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: iamat NEIGHBOURS ROUNDS");
        std::process::exit(2);
    };
    let mut bench = Bench::new(neighbours);
    // Made beforehand, so that rounds can be told from what is made once: run with two numbers of
    // rounds and `--toggle-collect='*measured*'`.
    let batches: Vec<Vec<u8>> = (0..rounds as u64).map(iamats).collect();
    println!("{} bytes", measured(&mut bench, &batches));
}

/// What is counted: nothing in it but the core.
#[inline(never)]
fn measured(bench: &mut Bench, batches: &[Vec<u8>]) -> usize {
    let round = |batch: &Vec<u8>| {
        bench.second_passes();
        bench.receive(batch) + bench.drain()
    };
    batches.iter().map(round).sum()
}
