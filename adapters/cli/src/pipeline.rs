//! Requests without end, each with its reply, over as many connections as that takes.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Instant;

use crate::client::Client;
use crate::connection::is_timeout;
use crate::failure::Failure;
use crate::reply::{Expected, Replies, Reply};
use crate::transport::Transport;

/// A request, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The number of its line, from 1 on.
    pub(crate) number: usize,
    /// Without its LF.
    pub(crate) line: Vec<u8>,
}

/// How many requests are read ahead, and wait for their replies, at most.
const MOST_WAITING: usize = 4096;

/// What is waited for.
enum Happened {
    /// The input has one more; nothing at its end.
    Input(Option<io::Result<Request>>),
    /// The connection with that number brought bytes; none at its end.
    Came(u64, io::Result<Vec<u8>>),
}

/// What to do behind a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Go on.
    GoOn,
    /// Let all be that is not answered yet.
    Stop,
}

/// Sends each request as soon as there is a server that takes it, and hands its reply to `take`; lines of watches without a
/// request. Whatever a connection leaves unanswered is sent again on the next one, to the same server if that has answered
/// anything, otherwise to the next.
///
/// # Errors
/// Where requests cannot be read; where no server answers; what `take` fails for.
pub(crate) fn run(
    client: &mut Client,
    requests: impl Iterator<Item = io::Result<Request>> + Send + 'static,
    take: impl FnMut(Option<&Request>, &Reply) -> Result<Then, Failure>,
) -> Result<(), Failure> {
    let (sender, happened) = channel();
    let (room, places) = sync_channel(MOST_WAITING);
    let input = sender.clone();
    // It is not waited for: it may be in the middle of reading from a terminal when all is over.
    thread::spawn(move || read_requests(requests, &room, &input));
    let mut pipeline = Pipeline {
        client,
        take,
        sender,
        places,
        line: None,
        number: 0,
        unanswered: VecDeque::new(),
        end: None,
        failures: Vec::new(),
        active: Instant::now(),
    };
    // Whoever cannot be reached at all is told before anything is read.
    pipeline.open()?;
    pipeline.run(&happened)
}

/// Reads requests for as long as there is room for them.
fn read_requests(requests: impl Iterator<Item = io::Result<Request>>, room: &SyncSender<()>, input: &Sender<Happened>) {
    let requests =
        requests.filter(|request| !request.as_ref().is_ok_and(|request| Expected::of(&request.line).is_none()));
    for request in requests {
        let is_last = request.is_err();
        if room.send(()).is_err() || input.send(Happened::Input(Some(request))).is_err() || is_last {
            return;
        }
    }
    // Nobody is left to be told where all is over.
    let _ = input.send(Happened::Input(None));
}

struct Pipeline<'a, F> {
    client: &'a mut Client,
    take: F,
    sender: Sender<Happened>,
    /// One for each request that was read and is not answered.
    places: Receiver<()>,
    line: Option<Line>,
    /// How many connections there were.
    number: u64,
    /// Requests in their order.
    unanswered: VecDeque<Request>,
    /// How the input has ended.
    end: Option<io::Result<()>>,
    /// Why the servers do not answer that were tried since one did.
    failures: Vec<Failure>,
    /// When something was sent or came last.
    active: Instant,
}

/// The present connection.
struct Line {
    transport: Transport,
    replies: Replies,
    /// Whether it was of any use.
    has_answered: bool,
    watches: bool,
    is_finished: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.transport.close();
    }
}

impl<F: FnMut(Option<&Request>, &Reply) -> Result<Then, Failure>> Pipeline<'_, F> {
    fn run(mut self, happened: &Receiver<Happened>) -> Result<(), Failure> {
        while !self.is_over() {
            let next = match self.patience() {
                None => happened.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(time) => happened.recv_timeout(time),
            };
            let Ok(next) = next else {
                self.lost(&io::ErrorKind::TimedOut.into())?;
                continue;
            };
            // What is there at once goes out together.
            let mut requests = Vec::new();
            for happened in std::iter::once(next).chain(happened.try_iter().take(MOST_WAITING)) {
                match happened {
                    Happened::Input(Some(Ok(request))) => requests.push(request),
                    Happened::Input(Some(Err(why))) => self.end = Some(Err(why)),
                    Happened::Input(None) => self.end = Some(Ok(())),
                    Happened::Came(number, came) if number == self.number => {
                        if self.came(came)? == Then::Stop {
                            return Ok(());
                        }
                    }
                    Happened::Came(..) => {}
                }
            }
            self.send(requests)?;
            self.finish();
        }
        match self.end {
            Some(Err(why)) => Err(Failure::of_input(why)),
            _ => Ok(()),
        }
    }

    fn is_over(&self) -> bool {
        self.end.is_some() && self.unanswered.is_empty()
    }

    /// How long a reply may still take; for ever where none is owed, since requests may come from a pipe that takes its time.
    fn patience(&self) -> Option<std::time::Duration> {
        (!self.unanswered.is_empty()).then(|| self.client.server().timeout().saturating_sub(self.active.elapsed()))
    }

    /// Sends these behind those that are not answered yet.
    fn send(&mut self, requests: Vec<Request>) -> Result<(), Failure> {
        if requests.is_empty() {
            return Ok(());
        }
        if self.unanswered.is_empty() {
            self.active = Instant::now();
        }
        let sent = self.line.as_mut().map(|line| line.send(requests.iter()));
        self.unanswered.extend(requests);
        match sent {
            None => self.open(),
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => self.lost(&why),
        }
    }

    /// Connects, and sends what is not answered.
    fn open(&mut self) -> Result<(), Failure> {
        loop {
            let transport = self.client.connect()?.into_transport();
            self.number += 1;
            let (reader, sender, number) = (transport.clone(), self.sender.clone(), self.number);
            thread::spawn(move || read_replies(&reader, number, &sender));
            let mut line = Line {
                transport,
                replies: Replies::default(),
                has_answered: false,
                watches: false,
                is_finished: false,
            };
            self.active = Instant::now();
            match line.send(self.unanswered.iter()) {
                Ok(()) => {
                    self.line = Some(line);
                    self.finish();
                    return Ok(());
                }
                Err(why) => self.failed(&why)?,
            }
        }
    }

    /// Says that no more is sent, where that is so: some servers read to the end before they answer.
    fn finish(&mut self) {
        if let Some(line) = &mut self.line
            && self.end.is_some()
            && !std::mem::replace(&mut line.is_finished, true)
        {
            // Where it is lost, reading says so.
            let _ = line.transport.finish();
        }
    }

    /// Bytes came, or the end.
    fn came(&mut self, came: io::Result<Vec<u8>>) -> Result<Then, Failure> {
        let Some(line) = &mut self.line else { return Ok(Then::GoOn) };
        match came {
            Ok(bytes) if !bytes.is_empty() => line.replies.take(&bytes),
            Err(why) => return self.lost(&why).map(|()| Then::GoOn),
            Ok(_) => {
                let closed = io::Error::other("it closed the connection before it had answered everything");
                return self.lost(&closed).map(|()| Then::GoOn);
            }
        }
        self.active = Instant::now();
        while let Some(reply) = line.replies.next() {
            if matches!(reply, Reply::Told(_)) {
                (self.take)(None, &reply)?;
                continue;
            }
            let Some(request) = self.unanswered.pop_front() else { break };
            line.has_answered = true;
            line.watches |= matches!(&reply, Reply::Line(line) if line.starts_with(b"WATCHING "));
            self.failures.clear();
            // The place is there, since it was taken before.
            let _ = self.places.try_recv();
            if (self.take)(Some(&request), &reply)? == Then::Stop {
                return Ok(Then::Stop);
            }
            if matches!(reply, Reply::Refused(_)) {
                // The server closes, and has dropped what came behind it.
                self.line = None;
                if !self.unanswered.is_empty() {
                    self.open()?;
                }
                break;
            }
        }
        Ok(Then::GoOn)
    }

    /// The connection is of no more use.
    fn lost(&mut self, why: &io::Error) -> Result<(), Failure> {
        let Some(line) = self.line.take() else { return Ok(()) };
        if line.watches {
            // What happened since cannot be asked for.
            return Err(self.client.server().broken(why));
        }
        if self.unanswered.is_empty() {
            return Ok(());
        }
        if !line.has_answered {
            self.failed(why)?;
        }
        self.open()
    }

    /// The server has taken requests and answered none: the next one has its turn, if all have not failed since one answered.
    fn failed(&mut self, why: &io::Error) -> Result<(), Failure> {
        self.failures.push(self.client.server().broken(why));
        if self.failures.len() >= self.client.count() {
            return Err(Failure::of_all(std::mem::take(&mut self.failures)));
        }
        self.client.turn();
        Ok(())
    }
}

impl Line {
    fn send<'a>(&mut self, requests: impl Iterator<Item = &'a Request>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for request in requests {
            if let Some(expected) = Expected::of(&request.line) {
                self.replies.expect(expected);
            }
            bytes.extend_from_slice(&request.line);
            bytes.push(b'\n');
        }
        self.transport.write_all(&bytes)
    }
}

/// Hands on what comes, to the end.
fn read_replies(reader: &Transport, number: u64, sender: &Sender<Happened>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let came = match reader.read(&mut buffer) {
            Err(why) if is_timeout(&why) || why.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map(|len| buffer[..len].to_vec()),
        };
        let is_last = came.as_ref().map_or(true, Vec::is_empty);
        if sender.send(Happened::Came(number, came)).is_err() || is_last {
            return;
        }
    }
}
