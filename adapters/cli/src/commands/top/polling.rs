//! Asks all servers, again and again.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::health::{Asker, Report, Silence};
use crate::server::Server;

/// What came of asking one server once.
pub(super) struct Poll {
    /// Which one, by its place among all.
    pub(super) server: usize,
    pub(super) report: Result<Report, Silence>,
}

/// The most threads that ask. Beyond, a thread asks several servers in turn.
const MOST_THREADS: usize = 64;

/// What comes of asking them.
pub(super) struct Polls {
    polls: Receiver<Poll>,
}

impl Polls {
    /// Asks each server as often as that, until this is dropped. One that takes long holds up only those that the same
    /// thread asks.
    pub(super) fn start(servers: Vec<Server>, interval: Duration) -> io::Result<Self> {
        let (sender, polls) = sync_channel(servers.len().max(1));
        let threads = servers.len().min(MOST_THREADS);
        let mut shares: Vec<Vec<(usize, Asker)>> = (0..threads).map(|_| Vec::new()).collect();
        for (index, server) in servers.into_iter().enumerate() {
            shares[index % threads].push((index, Asker::new(server)));
        }
        for share in shares {
            let sender = sender.clone();
            thread::Builder::new()
                .name("asking".into())
                .spawn(move || ask_again_and_again(share, interval, &sender))?;
        }
        Ok(Self { polls })
    }

    /// What has come, if anything has.
    ///
    /// # Errors
    /// If nobody asks any more, which would be a mistake in this program.
    pub(super) fn next(&self) -> Result<Option<Poll>, Failure> {
        match self.polls.try_recv() {
            Ok(poll) => Ok(Some(poll)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Failure::Output(io::Error::other("no server is asked any more"))),
        }
    }
}

/// Ends once nobody wants to know.
fn ask_again_and_again(mut servers: Vec<(usize, Asker)>, interval: Duration, sender: &SyncSender<Poll>) {
    loop {
        let start = Instant::now();
        for (server, asker) in &mut servers {
            let poll = Poll { server: *server, report: asker.ask() };
            if sender.send(poll).is_err() {
                return;
            }
        }
        thread::sleep(interval.saturating_sub(start.elapsed()));
    }
}
