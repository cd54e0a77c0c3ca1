//! One thread of a load: some of the connections, polled.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token};

use super::channel::{Broken, Channel};
use super::dialect::Asked;
use super::ending::Ending;
use super::load::{Length, Load};
use super::outcome::Outcome;
use super::schedule::{Next, Schedule, nanos};
use super::tally::Tally;
use super::timer::Timer;
use super::traffic::Requests;

/// The timer's token; no connection has it.
const TIMER: Token = Token(usize::MAX);

/// A load stops where it meets so many errors.
const MOST_ERRORS: u64 = 10_000;

/// How long a poll lasts where nothing comes.
const REST: Duration = Duration::from_millis(50);

/// One thread of a load.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    load: &'a Load,
    schedule: Schedule,
    requests: Requests<'a>,
    poll: Poll,
    timer: Timer,
    channels: Vec<Channel>,
    /// The connection that gets the next request, where they take turns.
    turn: usize,
    start: Instant,
    tally: Tally,
    /// Whether the server cannot be connected to any more.
    is_lost: bool,
}

impl<'a> Worker<'a> {
    /// Connects the thread's share of the connections.
    pub(crate) fn connect(load: &'a Load, schedule: Schedule, index: usize, start: Instant) -> io::Result<Self> {
        let threads = load.threads.clamp(1, load.connections);
        let poll = Poll::new()?;
        let timer = Timer::new(poll.registry(), TIMER)?;
        let each_once = load.length == Length::EachClient;
        let share = load.connections * (index + 1) / threads - load.connections * index / threads;
        let mut channels = Vec::with_capacity(share);
        for number in 0..share {
            let stream = std::net::TcpStream::connect_timeout(&load.address, load.patience)?;
            stream.set_nonblocking(true)?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            prepare(&poll, &mut stream, number)?;
            let mut channel = Channel::new(stream, load.encryption.clone(), load.token.as_ref())?;
            if load.connect_each {
                channel.close();
            }
            channels.push(channel);
        }
        let requests = Requests::new(&load.traffic, each_once, index, threads);
        let tally = Tally::new();
        Ok(Self { load, schedule, requests, poll, timer, channels, turn: 0, start, tally, is_lost: false })
    }

    /// Sends and reads until the schedule is over and every reply is there.
    pub(crate) fn run(mut self, done: &AtomicU64) -> io::Result<Outcome> {
        let mut events = Events::with_capacity(1024);
        let mut idle: Vec<usize> = (0..self.channels.len()).collect();
        let (mut over_since, mut ending) = (None, Ending::Whole);
        loop {
            let now = self.now();
            self.requests.tick();
            let next = if self.load.stop.is_set() && self.schedule.next(now) != Next::Over {
                ending = Ending::Interrupted;
                Next::Over
            } else if self.schedule.is_open() {
                self.send_due(now)
            } else {
                self.send_next(now, &mut idle)
            };
            if next == Next::Over {
                let since = *over_since.get_or_insert(now);
                if !self.is_waiting() {
                    break;
                }
                if now - since > nanos(self.load.patience) {
                    self.give_up();
                    break;
                }
            }
            let rest = match next {
                Next::Wait { until } => Duration::from_nanos(until.saturating_sub(now)),
                _ => REST,
            };
            if rest < REST {
                self.timer.set(rest)?;
            }
            match self.poll.poll(&mut events, Some(rest.clamp(Duration::from_millis(1), REST))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let before = self.tally.replies;
            for event in &events {
                if event.token() != TIMER {
                    self.serve(event, &mut idle);
                }
            }
            done.fetch_add(self.tally.replies - before, Ordering::Relaxed);
            if self.is_lost {
                self.count_lost();
            }
            if self.is_lost || self.tally.outcome.errors > MOST_ERRORS {
                ending = Ending::Broken;
                break;
            }
        }
        let now = over_since.unwrap_or_else(|| self.now());
        Ok(self.tally.finish(&self.schedule, (ending, now)))
    }

    /// Open loop: everything that is due goes out, the connections taking turns; what finds no room
    /// waits for it, and its time runs.
    fn send_due(&mut self, now: u64) -> Next {
        loop {
            let next = self.schedule.next(now);
            let Next::Send { due } = next else { return next };
            let Some(index) = self.room() else { return Next::Wait { until: now + nanos(REST) } };
            self.push(index, due);
            self.flush(index);
        }
    }

    /// A connection that takes one more request, if there is any.
    fn room(&mut self) -> Option<usize> {
        let len = self.channels.len();
        let pipeline = if self.load.connect_each { 1 } else { self.load.pipeline };
        let index = (0..len).map(|off| (self.turn + off) % len).find(|&at| self.channels[at].asked.len() < pipeline)?;
        self.turn = index + 1;
        Some(index)
    }

    /// Closed loop: who has every reply asks again, the whole pipeline in one write.
    fn send_next(&mut self, now: u64, idle: &mut Vec<usize>) -> Next {
        let pipeline = if self.load.connect_each { 1 } else { self.load.pipeline };
        while let Some(index) = idle.pop() {
            // A request's time begins when it is written, not with the pass.
            let now = if pipeline == 1 { self.now() } else { now };
            for _ in 0..pipeline {
                let Next::Send { due } = self.schedule.next(now) else { break };
                self.push(index, due);
            }
            self.flush(index);
            if self.channels[index].asked.is_empty() {
                // It is over, or the connection just broke: then it is tried again after the next poll.
                idle.push(index);
                break;
            }
        }
        self.schedule.next(now)
    }

    fn push(&mut self, index: usize, due: u64) {
        if self.load.connect_each && !self.channels[index].is_closed() {
            self.channels[index].close();
        }
        if self.channels[index].is_closed() && !self.channels[index].reconnect(self.load.address) {
            self.reopen(index);
        }
        self.schedule.sent(due);
        let request = self.requests.next();
        if let Some(touched) = &self.load.touched {
            touched.set(request.client);
        }
        let channel = &mut self.channels[index];
        channel.asked.push_back(Asked::new(&request, due));
        self.load.dialect.push(&mut channel.out, &self.load.traffic, &request);
    }

    fn flush(&mut self, index: usize) {
        if let Err(broken) = self.channels[index].flush() {
            self.broke(index, &broken);
        }
    }

    /// A connection can be read or written.
    fn serve(&mut self, event: &Event, idle: &mut Vec<usize>) {
        let index = event.token().0;
        let was_asked = !self.channels[index].asked.is_empty();
        if event.is_writable() {
            self.flush(index);
        }
        // What is only just connected, or closed, has nothing to read.
        if event.is_readable() && !self.channels[index].is_closed() {
            self.receive(index);
        }
        if was_asked && self.channels[index].asked.is_empty() && !self.schedule.is_open() {
            idle.push(index);
        }
    }

    /// Takes the replies that came on a connection.
    fn receive(&mut self, index: usize) {
        let channel = &mut self.channels[index];
        let now = nanos(self.start.elapsed());
        let (schedule, tally) = (&self.schedule, &mut self.tally);
        let received = channel.receive(self.load.dialect, |answer| tally.take(schedule, now, &answer));
        tally.settle(schedule, now);
        match received {
            Err(broken) => self.broke(index, &broken),
            // In a closed loop the next request comes at once: the end of the last connection and the next one come
            // to the server together, and wake it once.
            Ok(()) if self.load.connect_each && self.schedule.is_open() && channel.asked.is_empty() => channel.close(),
            Ok(()) => {}
        }
    }

    /// A connection is of no more use: what was asked on it gets no reply, and the next request opens another one.
    fn broke(&mut self, index: usize, broken: &Broken) {
        let unanswered = self.channels[index].give_up();
        self.tally.outcome.error(unanswered as u64, || broken.to_string());
        if let Broken::Failed(why) = broken
            && is_unreachable(why)
        {
            self.lose(why);
        }
    }

    /// Opens a closed connection anew.
    fn reopen(&mut self, index: usize) {
        let stream = mio::net::TcpStream::connect(self.load.address)
            .and_then(|mut stream| prepare(&self.poll, &mut stream, index).map(|()| stream));
        match stream {
            Ok(stream) => self.channels[index].replace(stream),
            Err(why) => self.lose(&why),
        }
    }

    /// Nobody answers there any more.
    fn lose(&mut self, why: &io::Error) {
        self.is_lost = true;
        self.tally.outcome.lost.get_or_insert_with(|| why.to_string());
    }

    /// Counts what has no reply on any connection, once those that have come are read.
    fn count_lost(&mut self) {
        for index in 0..self.channels.len() {
            if !self.channels[index].is_closed() {
                self.receive(index);
            }
        }
        self.give_up();
    }

    fn is_waiting(&self) -> bool {
        self.channels.iter().any(|channel| !channel.asked.is_empty())
    }

    /// What has no reply by now will not get one.
    fn give_up(&mut self) {
        let lost: usize = self.channels.iter_mut().map(Channel::give_up).sum();
        self.tally.outcome.error(lost as u64, || "no reply in time".into());
    }

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }
}

/// Whether it says of a new connection that nobody takes it.
fn is_unreachable(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable | TimedOut)
}

fn prepare(poll: &Poll, stream: &mut mio::net::TcpStream, index: usize) -> io::Result<()> {
    // It is not connected yet where it was just opened anew; the system takes the option anyway.
    stream.set_nodelay(true)?;
    poll.registry().register(stream, Token(index), Interest::READABLE | Interest::WRITABLE)
}
