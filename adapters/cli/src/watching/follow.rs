//! The loop: a connection after the other, and what comes of each.

use std::io;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use herd::wire::WatchWord;

use super::Subject;
use super::attempt::{self, Event};
use super::ending::on_interrupt;
use super::follower::Follower;
use super::line::Line;
use super::options::WatchOptions;
use super::pauses::Pauses;
use super::teller::Teller;
use crate::failure::Failure;
use crate::format::Format;
use crate::refusal;
use crate::server::Server;
use crate::terminal::columns;
use herd_command::readable;

/// What is waited for.
enum Happened {
    /// Ctrl-C.
    Interrupt,
    /// Something about the connection with that number.
    Attempt(u64, Event),
}

/// How much may have come that was not told yet: then the server is not read.
const MOST_WAITING: usize = 16;

/// Tells what happens to what is watched, at whichever server can be followed, in turn.
///
/// # Errors
/// Where nobody can be followed at the start; later, where all refuse.
pub(crate) fn follow(
    subject: &Subject,
    servers: &[Server],
    options: &WatchOptions,
    format: Format,
) -> Result<ExitCode, Failure> {
    let (sender, happened) = sync_channel(MOST_WAITING);
    on_interrupt(sender.clone(), || Happened::Interrupt)?;
    let out = io::BufWriter::new(io::stdout().lock());
    let mut following = Following {
        subject,
        servers,
        deadline: options.lasts.and_then(|lasts| Instant::now().checked_add(lasts)),
        is_once: options.once,
        follower: Follower::default(),
        teller: Teller::new(subject, format.is_json(), columns(), out),
        pauses: Pauses::new(u32::try_from(servers.len()).unwrap_or(u32::MAX)),
        number: 0,
        present: Arc::default(),
        since: None,
        has_begun: false,
        failures: Vec::new(),
        sender,
        happened,
    };
    while following.next()?.is_continue() {}
    following.teller.flush()?;
    Ok(ExitCode::SUCCESS)
}

struct Following<'a, W: io::Write> {
    subject: &'a Subject,
    servers: &'a [Server],
    deadline: Option<Instant>,
    is_once: bool,
    follower: Follower,
    teller: Teller<'a, W>,
    pauses: Pauses,
    /// Which connection it is, from 1 on.
    number: u64,
    /// The same, for threads of earlier ones.
    present: Arc<AtomicU64>,
    /// Since when all that is so has been told, and each change is.
    since: Option<Instant>,
    /// Whether that was so at any time.
    has_begun: bool,
    /// Why those were lost that were tried since.
    failures: Vec<Failure>,
    sender: SyncSender<Happened>,
    happened: Receiver<Happened>,
}

impl<W: io::Write> Following<'_, W> {
    /// The server whose turn it is.
    fn server(&self) -> &Server {
        let turn = self.number.saturating_sub(1) % (self.servers.len() as u64);
        &self.servers[usize::try_from(turn).unwrap_or_default()]
    }

    /// Follows the next server until it is lost, and waits until another one may be tried; breaks where all is over.
    fn next(&mut self) -> Result<ControlFlow<()>, Failure> {
        self.number += 1;
        self.present.store(self.number, Ordering::Relaxed);
        self.follower.begin();
        let (server, request, present) = (self.server().clone(), self.subject.request(), Arc::clone(&self.present));
        attempt::start((server, request), (self.number, present), self.sender.clone(), Happened::Attempt);
        let why = loop {
            match self.wait(None) {
                Some(Happened::Attempt(number, event)) if number == self.number => match event {
                    Event::Lost(why) => break why,
                    Event::Lines(lines) => match self.take(&lines)? {
                        ControlFlow::Continue(()) => {}
                        ControlFlow::Break(None) => return Ok(ControlFlow::Break(())),
                        ControlFlow::Break(Some(why)) => break why,
                    },
                },
                Some(Happened::Attempt(..)) => {}
                Some(Happened::Interrupt) | None => return Ok(ControlFlow::Break(())),
            }
        };
        self.lost(why)
    }

    /// What happens next; nothing where the time is over. What happens within a pause ends that only if it ends everything.
    fn wait(&self, until: Option<Instant>) -> Option<Happened> {
        let end = [until, self.deadline].into_iter().flatten().min();
        let Some(end) = end else { return self.happened.recv().ok() };
        self.happened.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
    }

    /// Tells what lines say; breaks where the connection is lost by that, or with nothing where all is over.
    fn take(&mut self, lines: &[Vec<u8>]) -> Result<ControlFlow<Option<Failure>>, Failure> {
        for line in lines {
            if let Some(refused) = line.strip_prefix(b"? ") {
                return Ok(ControlFlow::Break(Some(self.refused(refused))));
            }
            let Some(line) = Line::parse(line, self.subject.target.as_bytes()) else {
                let strange = io::Error::other("its answer is not what a herd says");
                return Ok(ControlFlow::Break(Some(self.server().broken(&strange))));
            };
            let (is_whole, name) = (line == Line::Watch(WatchWord::Watching), self.server().to_string());
            match line {
                Line::Watch(WatchWord::Again) => self.teller.again(&name)?,
                Line::Watch(WatchWord::Unwatched) => {
                    let ended = io::Error::other("it ended the watch");
                    return Ok(ControlFlow::Break(Some(self.server().broken(&ended))));
                }
                Line::Watch(_) | Line::Client(..) => {}
            }
            let teller = &mut self.teller;
            self.follower.take(line, |change, record| teller.change(change, record))?;
            if is_whole {
                self.teller.watching(&name, self.follower.count())?;
                self.since.get_or_insert_with(Instant::now);
                self.has_begun = true;
                self.failures.clear();
                if self.is_once {
                    return Ok(ControlFlow::Break(None));
                }
            }
        }
        self.teller.flush()?;
        Ok(ControlFlow::Continue(()))
    }

    fn refused(&self, request: &[u8]) -> Failure {
        let server = self.server();
        let why = refusal::why(self.subject.request().as_bytes(), server.is_encrypted());
        Failure::Refused { server: server.to_string(), request: readable(request), why }
    }

    /// The server was lost, or could not be had: waits for the turn of the next.
    fn lost(&mut self, why: Failure) -> Result<ControlFlow<()>, Failure> {
        let followed = self.since.take();
        if followed.is_some() {
            let server = self.server().to_string();
            self.teller.gap(&server, &why.why())?;
        }
        self.teller.flush()?;
        let followed = followed.map_or(Duration::ZERO, |since| since.elapsed());
        let pause = self.pauses.next(followed, chance());
        self.failures.push(why);
        if self.failures.len() >= self.servers.len() {
            let is_refusal = |why: &Failure| matches!(why, Failure::Refused { .. } | Failure::WrongToken { .. });
            let refusal = self.failures.iter().position(is_refusal);
            if !self.has_begun || self.failures.iter().all(is_refusal) {
                return Err(match refusal {
                    Some(refusal) => self.failures.swap_remove(refusal),
                    None => Failure::of_all(std::mem::take(&mut self.failures)),
                });
            }
            self.failures.clear();
        }
        Ok(self.rest(pause))
    }

    /// Waits so long; breaks where all is over before.
    fn rest(&self, pause: Duration) -> ControlFlow<()> {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            match self.wait(Some(until)) {
                Some(Happened::Interrupt) => return ControlFlow::Break(()),
                Some(Happened::Attempt(..)) | None => {}
            }
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// From 0 to 1; somewhere in the middle where the system gives no random numbers.
fn chance() -> f64 {
    let mut random = [128];
    let _ = getrandom::fill(&mut random);
    f64::from(random[0]) / 255.0
}
