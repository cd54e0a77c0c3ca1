//! Many seeds, on many threads, told of in their order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};

/// Plays every seed, each on its own, and hands over the outcomes in the order of the seeds.
pub(crate) fn play<T: Send>(
    seeds: Range<u64>,
    threads: usize,
    play: impl Fn(u64) -> T + Sync,
    is_broken: impl Fn(&T) -> bool,
    mut take: impl FnMut(u64, T),
) {
    let bar = ProgressBar::new(seeds.end - seeds.start);
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} seeds, {per_sec}, {eta} left{msg}");
    bar.set_style(style.expect("the template is valid"));
    let next = AtomicU64::new(seeds.start);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, play, end) = (sender.clone(), &next, &play, seeds.end);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send((seed, play(seed))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = seeds.start;
        let mut broken = 0;
        for (seed, outcome) in receiver {
            bar.inc(1);
            if is_broken(&outcome) {
                broken += 1;
                bar.set_message(format!(", {broken} broken"));
            }
            early.insert(seed, outcome);
            while let Some(outcome) = early.remove(&due) {
                take(due, outcome);
                due += 1;
            }
        }
    });
    bar.finish_and_clear();
}
