//! A connection that was accepted: bytes to its session, replies from it.

mod called;
mod handshake;
mod piece;
mod stopping;
mod unsent;
mod withheld;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use herd::{Instant, Node, Received, Refusal, Seat, Session, SessionId, Turn};
use socket2::TcpKeepalive;

use self::called::Called;
use self::unsent::Unsent;
use self::withheld::Withheld;
use crate::logs::Escaped;
use crate::mailbox::Mailbox;
use crate::runtime::{Runtime, Sleep, Stream};
use crate::scratch::{Input, Scratch};
use crate::shared::{Letter, Shared};
use crate::shutdown::{Phase, Task};
use crate::tls::{Input as Came, Secured};

/// How long nothing is said on a connection that watches before TCP asks whether the other end is there, and how long until
/// it asks again: some times, and then the connection is over.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_AGAIN: Duration = Duration::from_secs(10);

/// How a turn of a connection ends, where it does not end with waiting for something to happen.
#[derive(Debug)]
enum TurnEnd {
    /// It has done its [share](Turn::SHARE), and there is more to do.
    Spent,
    /// The connection is at its end.
    Ended(End),
}

/// How a connection came to its end.
#[derive(Debug)]
enum End {
    /// Everything owed has been sent, and nothing more will be.
    Finished,
    /// It was at rest for too long.
    Idle,
    /// A line was not whole in time.
    MidLine,
    /// All buffers together were full, and it had the most.
    NoRoom,
    /// The server stops, and everything owed has been sent.
    Stopped,
    /// The server has stopped, whatever was still owed.
    CutOff,
}

/// How the input of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InputEnd {
    /// As the other end wanted.
    Whole,
    /// Within TLS, and the other end has not said so: somebody between may have chosen where.
    Cut,
}

/// A connection that somebody opened to this server.
pub(crate) struct Connection<R: Runtime> {
    shared: Arc<Shared<R>>,
    stream: Secured<R::Stream>,
    remote: SocketAddr,
    session: Session,
    /// Output that the other end has not taken yet, and how much of its end may not be sent yet.
    unsent: Unsent,
    withheld: Withheld,
    /// Where answers come to, once some are expected, and the word to close, once it has large buffers. What a client
    /// watches wakes its connection by this, too.
    mailbox: Option<Arc<Mailbox<Letter>>>,
    alarm: Option<Alarm>,
    /// Who watches what it has brought.
    called: Called,
    /// How its input ended, once all was read that there will ever be.
    input_end: Option<InputEnd>,
    /// Why a line of it was refused: it is closed then.
    refused: Option<Refusal>,
    /// Whether it is closed because its client has lost a right.
    is_revoked: bool,
    neighbour_logged: bool,
    /// Of which [generation](crate::tls::TlsSlot::generation) what was shown within TLS was judged by.
    tls_generation: u64,
    /// Whether TCP asks now and then whether the other end is there, since it watches.
    is_kept_alive: bool,
    /// What it has done in this turn, in units of [work](Turn::work).
    work: u64,
    /// Last, since fields are dropped in this order: only a connection that is closed makes room for another one.
    _seat: Seat,
    task: Task,
}

/// Wakes a connection that rests. It is set when the connection first does, and again only when it goes off too early.
struct Alarm {
    at: Instant,
    sleep: Sleep,
}

impl<R: Runtime> Connection<R> {
    pub(crate) fn new(shared: Arc<Shared<R>>, task: Task, seat: Seat, stream: R::Stream, remote: SocketAddr) -> Self {
        let session = shared.node.session(shared.session_id(), Some(remote.ip()), shared.clock.instant());
        let tls_generation = shared.tls.generation();
        Self {
            shared,
            stream: Secured::accepted(stream),
            remote,
            session,
            unsent: Unsent::default(),
            withheld: Withheld::default(),
            work: 0,
            mailbox: None,
            alarm: None,
            called: Called::default(),
            input_end: None,
            refused: None,
            is_revoked: false,
            neighbour_logged: false,
            tls_generation,
            is_kept_alive: false,
            _seat: seat,
            task,
        }
    }

    /// Serves it until it is to be closed.
    pub(crate) async fn serve(&mut self) {
        let end = loop {
            let turn = std::future::poll_fn(|context| {
                let turn = match self.task.phase(context.waker()) {
                    Phase::Running => self.poll(context),
                    Phase::Stopping => self.poll_stopping(context),
                    Phase::Over => Poll::Ready(Ok(TurnEnd::Ended(End::CutOff))),
                };
                let goes_on = matches!(turn, Poll::Ready(Ok(TurnEnd::Spent)));
                let left = if goes_on { self.session.input_left() } else { 0 };
                self.called.end_turn(left, |watcher| self.shared.wake(watcher));
                turn
            });
            match turn.await {
                Ok(TurnEnd::Spent) => R::take_turns().await,
                Ok(TurnEnd::Ended(end)) => break Ok(end),
                Err(error) => break Err(error),
            }
        };
        self.log_end(&end);
        if self.mailbox.is_some() {
            self.shared.expect_no_letters(self.session.id(), self.session.is_waiting());
        }
        self.close(&end).await;
    }

    /// One turn.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<TurnEnd>> {
        let mut now = None;
        self.work = 0;
        self.judge_anew();
        while self.work < Turn::SHARE {
            if self.take_letters(context)? {
                return Poll::Ready(Ok(TurnEnd::Ended(End::NoRoom)));
            }
            if self.session.is_behind(&self.shared.node) {
                now = Some(self.catch_up(context)?);
                continue;
            }
            if self.session.can_resume() {
                now = Some(self.pass(context, |session, node, turn| session.receive(node, turn, &[]))?);
                continue;
            }
            if self.flush(context)?.is_ready() && self.is_finished() {
                return Poll::Ready(Ok(TurnEnd::Ended(End::Finished)));
            }
            if self.work >= Turn::SHARE || self.session.can_resume() {
                continue;
            }
            let read = if self.wants_input() { self.read(context)? } else { Poll::Pending };
            let Poll::Ready(read_at) = read else {
                let now = now.unwrap_or_else(|| self.shared.clock.instant());
                return self.rest(context, now).map(|end| Ok(TurnEnd::Ended(end)));
            };
            now = Some(read_at);
        }
        Poll::Ready(Ok(TurnEnd::Spent))
    }

    /// One pass that brings nothing, since something was taken away perhaps.
    fn catch_up(&mut self, context: &mut Context<'_>) -> io::Result<Instant> {
        let was_open = self.session.wants_input();
        let now = self.pass(context, |session, node, turn| session.receive(node, turn, &[]))?;
        self.is_revoked |= was_open && !self.session.wants_input();
        Ok(now)
    }

    fn is_cut(&self) -> bool {
        self.input_end == Some(InputEnd::Cut)
    }

    fn wants_input(&self) -> bool {
        !self.is_cut() && self.session.wants_input()
    }

    /// Whether nothing more will come out of it. A line whose end was cut off is none: only a part of it may have come.
    fn is_finished(&self) -> bool {
        self.session.is_finished() || (self.is_cut() && !self.session.is_waiting())
    }

    /// Reads once, and passes on what came; when that was.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Instant>> {
        let (mut input, shared) = (Input::borrow(), &self.shared);
        let unread = self.stream.unread();
        let taken = ready!(self.stream.poll_take(context, &mut input, || shared.tls.get()))?;
        if let Some(step) = taken.step {
            self.handshake(step)?;
        }
        match taken.input {
            Came::Bytes(0) => Poll::Ready(Ok(self.count_unread(unread))),
            Came::Bytes(len) => {
                self.called.read(len);
                Poll::Ready(self.pass(context, |session, node, turn| session.receive(node, turn, &input[..len])))
            }
            Came::End { is_whole: true } => {
                self.input_end = Some(InputEnd::Whole);
                Poll::Ready(self.pass(context, Session::finish))
            }
            Came::End { is_whole: false } => {
                self.input_end = Some(InputEnd::Cut);
                Poll::Ready(Ok(self.shared.clock.instant()))
            }
        }
    }

    /// One pass: what the session takes in goes to the node, its replies to the connection; when that was.
    fn pass(
        &mut self,
        context: &mut Context<'_>,
        take_in: impl for<'a> FnOnce(&'a mut Session, &'a Node, &'a mut Turn) -> Received<'a>,
    ) -> io::Result<Instant> {
        Scratch::lend(|Scratch { turn, output, .. }| {
            let (shared, id) = (&self.shared, self.session.id());
            turn.now = shared.clock.now();
            let before = turn.work();
            let mut received = take_in(&mut self.session, &shared.node, turn);
            log_received(shared.name(), self.remote, &received);
            if received.may_wait() {
                open(&mut self.mailbox, shared, id);
            }
            if received.asks_for_status() {
                received.tell(shared.status());
            }
            let served = received.serve();
            self.refused = served.refused();
            if let Some(refused) = self.refused {
                log_refused(shared.name(), self.remote, refused);
            }
            let brings = served.brings();
            served.reply(output);
            // What a pass brings is among the changes when it has ended.
            let data = shared.data.as_ref().filter(|data| brings && data.is_each);
            let ticket = data.map(|data| data.ticket());
            self.called.take(&mut turn.actions, id);
            shared.perform(turn, Some((&mut self.session, output)));
            let now = turn.now.instant;
            self.work += Turn::CALL + turn.work().wrapping_sub(before);
            self.log_neighbour();
            self.listen_for_changes()?;
            self.send(context, (now, ticket), output)?;
            self.count_buffers(turn);
            Ok(now)
        })
    }

    /// A connection whose client watches is woken by what others bring, and is never at rest: so TCP has to find out when
    /// nobody is there any more.
    fn listen_for_changes(&mut self) -> io::Result<()> {
        if self.is_kept_alive || !self.session.is_watching() {
            return Ok(());
        }
        open(&mut self.mailbox, &self.shared, self.session.id());
        self.is_kept_alive = true;
        self.stream.set_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_AGAIN))
    }

    /// Tells the node how much is unsent.
    fn count_buffers(&mut self, turn: &mut Turn) {
        let unsent = self.unsent.room() + self.stream.unsent();
        self.session.set_unread(self.stream.unread());
        if self.session.is_large(unsent) {
            open(&mut self.mailbox, &self.shared, self.session.id());
        }
        self.session.holds(&self.shared.node, turn, unsent);
        self.shared.perform(turn, None);
    }

    /// Takes what came for its session, as far as its turn goes; whether it is to be closed.
    fn take_letters(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let Some(mailbox) = &self.mailbox else {
            return Ok(false);
        };
        mailbox.listen(context.waker());
        let Some(first) = mailbox.take() else {
            return Ok(false);
        };
        let mailbox = Arc::clone(mailbox);
        Scratch::lend(|Scratch { output, turn, .. }| {
            let mut next = Some(first);
            while let Some(letter) = next {
                let Letter::Answer(answer) = letter else { return Ok(true) };
                let start = output.len();
                self.session.answer(answer, output);
                self.work += Turn::work_of(output.len() - start);
                next = if self.work < Turn::SHARE { mailbox.take() } else { None };
            }
            turn.now = self.shared.clock.now();
            self.send(context, (turn.now.instant, None), output)?;
            self.count_buffers(turn);
            Ok(false)
        })
    }

    /// Writes `output`, unless it has to wait for its ticket, and keeps what the other end does not take.
    fn send(
        &mut self,
        context: &mut Context<'_>,
        (now, ticket): (Instant, Option<u64>),
        output: &[u8],
    ) -> io::Result<()> {
        self.log_sent(output);
        self.withheld.push(output.len(), ticket);
        let mut rest = output;
        if self.unsent.is_empty() && self.withheld.is_empty() {
            let written = unsent::write(&mut self.stream, context, &mut rest, &mut self.work)?;
            if written {
                self.session.sent(now);
            }
        }
        self.unsent.push(rest);
        Ok(())
    }

    /// Ready when nothing is left to send.
    fn flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(data) = self.shared.data.as_ref().filter(|_| !self.withheld.is_empty()) {
            self.withheld.release(data, context.waker())?;
        }
        let before = self.stream.unsent();
        let is_flushed = self.stream.poll_flush(context)?.is_ready();
        if is_flushed && self.unsent.is_empty() && before == self.stream.unsent() {
            return Poll::Ready(Ok(()));
        }
        let written = self.unsent.flush(self.withheld.len(), &mut self.stream, context, &mut self.work)?;
        if written || before != self.stream.unsent() {
            Scratch::lend(|Scratch { turn, .. }| {
                turn.now = self.shared.clock.now();
                self.session.sent(turn.now.instant);
                self.count_buffers(turn);
            });
        }
        if self.unsent.is_empty() { self.stream.poll_flush(context) } else { Poll::Pending }
    }

    /// Waits for something to happen; ready when nothing did for too long.
    fn rest(&mut self, context: &mut Context<'_>, mut now: Instant) -> Poll<End> {
        loop {
            let Some(deadline) = self.session.deadline() else {
                return Poll::Pending;
            };
            let left = deadline.saturating_since(now);
            if left == Duration::ZERO {
                return Poll::Ready(if self.session.is_mid_line() { End::MidLine } else { End::Idle });
            }
            // A line that was begun may have to be whole before a rest would have ended.
            self.alarm.take_if(|alarm| deadline < alarm.at);
            if self.alarm.as_ref().is_some_and(|alarm| now < alarm.at) {
                // When it goes off it wakes this task, whichever of the task's wakers it has.
                return Poll::Pending;
            }
            let alarm = self.alarm.get_or_insert_with(|| Alarm { at: deadline, sleep: Box::pin(R::sleep(left)) });
            ready!(alarm.sleep.as_mut().poll(context));
            self.alarm = None;
            now = self.shared.clock.instant();
        }
    }

    fn log_sent(&self, output: &[u8]) {
        if tracing::enabled!(target: "herd::wire", tracing::Level::DEBUG) {
            for line in output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                tracing::debug!(target: "herd::wire", server = self.shared.name(), to = %self.remote, line = %Escaped(line), "sent");
            }
        }
    }

    fn log_neighbour(&mut self) {
        if let Some(neighbour) = self.session.neighbour().filter(|_| !self.neighbour_logged) {
            self.neighbour_logged = true;
            let neighbour = self.shared.node.name(neighbour);
            tracing::debug!(target: "herd::links", server = self.shared.name(), from = %neighbour, address = %self.remote, "connection opened");
        }
    }

    fn log_end(&self, end: &io::Result<End>) {
        if let Err(error) = end {
            self.log_tls(error);
        }
        let server = self.shared.name();
        let why: &dyn std::fmt::Display = match end {
            Ok(End::Finished) => match &self.refused {
                Some(refused) => refused,
                None if self.is_cut() => &"cut off",
                None if self.input_end.is_some() => &"closed by the other end",
                None if self.is_revoked => &"its rights were taken away",
                None => &"closed after its reply",
            },
            Ok(End::Idle) => &"idle for too long",
            Ok(End::NoRoom) => &"buffers full",
            Ok(End::MidLine) => &"a line was not whole in time",
            Ok(End::Stopped) => &"server stopping",
            Ok(End::CutOff) => &"drain ran out",
            Err(error) => error,
        };
        match self.session.neighbour() {
            Some(neighbour) => {
                let neighbour = self.shared.node.name(neighbour);
                tracing::debug!(target: "herd::links", server, from = %neighbour, address = %self.remote, reason = %why, "connection dropped");
            }
            None => {
                tracing::debug!(target: "herd::wire", server, client = %self.remote, reason = %why, "connection closed");
            }
        }
    }
}

/// Opens the way for what others have for a session, if it is not open.
fn open<R: Runtime>(mailbox: &mut Option<Arc<Mailbox<Letter>>>, shared: &Shared<R>, session: SessionId) {
    if mailbox.is_none() {
        shared.expect_letters(session, mailbox.insert(Arc::default()));
    }
}

fn log_refused(server: &str, from: SocketAddr, refused: Refusal) {
    tracing::debug!(target: "herd::wire", server, client = %from, %refused, "refusing");
    if refused.is_denial() {
        tracing::info!(target: "herd::server", server, %from, reason = %refused, "request denied");
    }
}

fn log_received(server: &str, from: SocketAddr, received: &Received<'_>) {
    if tracing::enabled!(target: "herd::wire", tracing::Level::DEBUG) {
        for line in received.lines() {
            tracing::debug!(target: "herd::wire", server, %from, line = %Escaped(line), "received");
        }
    }
}
