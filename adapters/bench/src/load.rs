//! A load on one server: what it is, and how it is run.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use herd::Token;

use super::dialect::Dialect;
use super::encryption::Encryption;
use super::ending::Stop;
use super::outcome::Outcome;
use super::process::{self, Process};
use super::progress::Progress;
use super::schedule::Schedule;
use super::touched::Touched;
use super::traffic::Traffic;
use super::worker::Worker;

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// As soon as everything before is answered: as fast as the server can.
    Closed,
    /// So many a second, whatever the server does. Latency counts from when a request was due, so that
    /// a stall is seen by every request that should have been sent while it lasted.
    Open(f64),
}

/// When a load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// After that time, warm-up not counted.
    Time(Duration),
    /// After so many requests, those of the warm-up not counted.
    Count(u64),
    /// After one update of each client, in order. There is no warm-up.
    EachClient,
}

/// How often to look whether the load is over.
const NAP: Duration = Duration::from_millis(20);

/// A load on one server.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Where the server is.
    pub(crate) address: SocketAddr,
    /// How it is talked to, if not in plain text.
    pub(crate) encryption: Option<Encryption>,
    /// What it understands.
    pub(crate) dialect: Dialect,
    /// What is said.
    pub(crate) traffic: Traffic,
    /// How many connections are open.
    pub(crate) connections: usize,
    /// How many requests may be on their way on each.
    pub(crate) pipeline: usize,
    /// How many threads share the connections.
    pub(crate) threads: usize,
    /// Whether every request has a connection of its own.
    pub(crate) connect_each: bool,
    /// When requests are sent.
    pub(crate) pace: Pace,
    /// What goes before, and is not measured.
    pub(crate) warm_up: Duration,
    /// When it ends.
    pub(crate) length: Length,
    /// How long a reply is waited for.
    pub(crate) patience: Duration,
    /// The server's process, if it is on this machine.
    pub(crate) pid: Option<u32>,
    /// What is said first on each connection.
    pub(crate) token: Option<Token>,
    /// What stops it before its end.
    pub(crate) stop: Stop,
    /// Where it is noted who was reported, if that is asked for.
    pub(crate) touched: Option<Touched>,
}

impl Load {
    /// A load of 50 connections on a server, one request at a time on each.
    pub(crate) fn new(address: SocketAddr, dialect: Dialect) -> Self {
        Self {
            address,
            encryption: None,
            dialect,
            traffic: Traffic::default(),
            connections: 50,
            pipeline: 1,
            threads: 1,
            connect_each: false,
            pace: Pace::Closed,
            warm_up: Duration::ZERO,
            length: Length::Time(Duration::from_secs(5)),
            patience: Duration::from_secs(10),
            pid: None,
            token: None,
            stop: Stop::default(),
            touched: None,
        }
    }

    /// The load that goes before this one where somebody asks: each client says once where it is, quickly.
    pub(crate) fn fill(&self) -> Self {
        Self {
            traffic: Traffic { questions: 0, ..self.traffic.clone() },
            pipeline: 100,
            connections: self.connections.min(10),
            threads: 1,
            connect_each: false,
            pace: Pace::Closed,
            warm_up: Duration::ZERO,
            length: Length::EachClient,
            ..self.clone()
        }
    }

    /// Runs it.
    pub(crate) fn run(&self, progress: &Progress) -> io::Result<Outcome> {
        let threads = self.threads.clamp(1, self.connections);
        let done = AtomicU64::new(0);
        let start = Instant::now();
        progress.begin(self);
        let mut outcome = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|index| {
                    let done = &done;
                    let run = move || Worker::connect(self, self.schedule(index, threads), index, start)?.run(done);
                    scope.spawn(run)
                })
                .collect();
            let (mut before, mut after) = (None, None);
            while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                let elapsed = start.elapsed();
                let next = if before.is_none() { Some(self.warm_up) } else { self.end() };
                match next {
                    Some(time) if elapsed < time => {}
                    Some(_) if before.is_none() => before = Some(self.cpu()),
                    // What is still on its way is not counted, so its cost must not be.
                    Some(_) if after.is_none() => after = Some(self.cpu()),
                    _ => {}
                }
                progress.show(self, elapsed, done.load(Ordering::Relaxed));
                let nap = next.map_or(NAP, |time| time.saturating_sub(elapsed).clamp(Duration::from_millis(1), NAP));
                std::thread::sleep(nap);
            }
            let after = after.unwrap_or_else(|| self.cpu());
            let mut all = Outcome::new();
            for worker in workers {
                all.add(&worker.join().expect("a worker does not panic")?);
            }
            if let Some(before) = before {
                all.server_cpu = after.0.zip(before.0).map(|(after, before)| after.saturating_sub(before));
                all.load_cpu = after.1.saturating_sub(before.1);
            }
            Ok::<_, io::Error>(all)
        })?;
        outcome.resident = self.pid.and_then(|pid| Process(pid).resident());
        progress.end();
        Ok(outcome)
    }

    /// When one of the threads sends what.
    fn schedule(&self, index: usize, threads: usize) -> Schedule {
        let share = |total: u64| {
            let (index, threads) = (index as u64, threads as u64);
            total * (index + 1) / threads - total * index / threads
        };
        let count = match self.length {
            Length::Time(_) => None,
            Length::Count(count) => Some(share(count)),
            Length::EachClient => Some(share(self.traffic.clients)),
        };
        let rate = match self.pace {
            Pace::Closed => None,
            #[expect(clippy::cast_precision_loss, reason = "there are few threads")]
            Pace::Open(rate) => Some(rate / threads as f64),
        };
        Schedule::new(rate, self.warm_up, self.end(), count)
    }

    /// When a load of some length ends.
    fn end(&self) -> Option<Duration> {
        match self.length {
            Length::Time(time) => Some(self.warm_up + time),
            Length::Count(_) | Length::EachClient => None,
        }
    }

    /// CPU time of the server, and our own.
    fn cpu(&self) -> (Option<Duration>, Duration) {
        (self.pid.and_then(|pid| Process(pid).cpu()), process::own_cpu())
    }
}
