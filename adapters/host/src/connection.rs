//! A connection that was accepted: bytes to its session, replies from it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use herd::{Answer, Requests, Session};

use crate::closing::Closing;
use crate::logs::Escaped;
use crate::mailbox::Mailbox;
use crate::runtime::{Runtime, Sleep, Stream, write_all};
use crate::scratch::Scratch;
use crate::shared::Shared;

/// How many reads one connection may do before others have their turn.
const READS_A_TURN: usize = 16;

/// Serves a connection until it is closed.
pub(crate) async fn serve<R: Runtime>(shared: Arc<Shared<R>>, stream: R::Stream, remote: SocketAddr) {
    let session = shared.node.session(shared.session_id(), Some(remote.ip()), shared.clock.instant());
    let mut connection = Connection {
        shared,
        stream,
        remote,
        session,
        unsent: Vec::new(),
        mailbox: Arc::default(),
        expects_answers: false,
        sleep: None,
        neighbour_logged: false,
    };
    let end = std::future::poll_fn(|context| connection.poll(context)).await;
    connection.log_end(&end);
    if connection.expects_answers {
        connection.shared.expect_no_answers(connection.session.id(), connection.session.is_waiting());
    }
    if let Ok(End::Finished) = end {
        Closing::new(connection.stream).await_end::<R>().await;
    }
}

/// How a connection came to its end.
#[derive(Debug)]
enum End {
    /// Everything owed has been sent, and nothing more will be.
    Finished,
    /// It was at rest for too long.
    Idle,
}

struct Connection<R: Runtime> {
    shared: Arc<Shared<R>>,
    stream: R::Stream,
    remote: SocketAddr,
    session: Session,
    /// Output that the other end has not taken yet.
    unsent: Vec<u8>,
    mailbox: Arc<Mailbox<Answer>>,
    expects_answers: bool,
    /// Made when the connection first rests, moved on only when it ends too early.
    sleep: Option<Sleep>,
    neighbour_logged: bool,
}

impl<R: Runtime> Connection<R> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<End>> {
        for _ in 0..READS_A_TURN {
            self.take_answers(context)?;
            if self.session.can_resume(self.unsent.len()) {
                self.pass(context, |session, now, scratch| {
                    session.receive(now, &[], std::mem::take(&mut scratch.batch))
                })?;
                continue;
            }
            if self.flush(context)?.is_ready() && self.session.is_finished() {
                return Poll::Ready(Ok(End::Finished));
            }
            if self.session.can_resume(self.unsent.len()) {
                continue;
            }
            let progress = self.session.wants_input(self.unsent.len()) && self.read(context)?.is_ready();
            if !progress {
                return self.rest(context).map(|()| Ok(End::Idle));
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, and passes on what came.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut input = Scratch::lend(|scratch| std::mem::take(&mut scratch.input));
        let read = self.stream.poll_read(context, &mut input);
        let result = match read {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(0)) => Poll::Ready(
                self.pass(context, |session, now, scratch| session.finish(now, std::mem::take(&mut scratch.batch))),
            ),
            Poll::Ready(Ok(len)) => Poll::Ready(self.pass(context, |session, now, scratch| {
                session.receive(now, &input[..len], std::mem::take(&mut scratch.batch))
            })),
        };
        Scratch::lend(|scratch| scratch.input = input);
        result
    }

    /// One pass: what the session parsed goes to the node, its replies to the connection.
    fn pass(
        &mut self,
        context: &mut Context<'_>,
        parse: impl FnOnce(&mut Session, herd::Now, &mut Scratch) -> Requests,
    ) -> io::Result<()> {
        Scratch::lend(|scratch| {
            let now = self.shared.clock.now();
            let requests = parse(&mut self.session, now, scratch);
            self.log_received(&requests);
            if requests.ask_for_places() {
                self.expect_answers();
            }
            let replies = requests.skip().unwrap_or_else(|requests| {
                let session = &self.session;
                self.shared.with_node(|node| node.serve(now, session, requests, &mut scratch.actions))
            });
            if let Some(refused) = replies.refused() {
                tracing::debug!(target: "herd::wire", server = self.shared.name(), client = %self.remote, %refused, "refusing");
            }
            scratch.batch = self.session.reply(replies, &mut scratch.output);
            if !scratch.actions.is_empty() {
                let own = (self.session.id(), &mut scratch.answers);
                self.shared.perform(now, &mut scratch.actions, Some(own));
                for answer in scratch.answers.drain(..) {
                    self.session.answer(answer, &mut scratch.output);
                }
            }
            self.log_neighbour();
            self.send(context, &mut scratch.output)
        })
    }

    fn take_answers(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if !self.expects_answers {
            return Ok(());
        }
        let answers = self.mailbox.take(context.waker());
        if answers.is_empty() {
            return Ok(());
        }
        Scratch::lend(|scratch| {
            for answer in answers {
                self.session.answer(answer, &mut scratch.output);
            }
            self.send(context, &mut scratch.output)
        })
    }

    fn expect_answers(&mut self) {
        if !self.expects_answers {
            self.expects_answers = true;
            self.shared.expect_answers(self.session.id(), &self.mailbox);
        }
    }

    /// Writes `output` and keeps what the other end does not take.
    fn send(&mut self, context: &mut Context<'_>, output: &mut Vec<u8>) -> io::Result<()> {
        self.log_sent(output);
        if self.unsent.is_empty() {
            let written = match write_all(&mut self.stream, context, output) {
                (written, None) => written,
                (_, Some(error)) => return Err(error),
            };
            if written > 0 {
                self.session.sent(self.shared.clock.instant());
            }
            self.unsent.extend_from_slice(&output[written..]);
        } else {
            self.unsent.extend_from_slice(output);
        }
        output.clear();
        Ok(())
    }

    /// Ready when nothing is left to send.
    fn flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let (written, error) = write_all(&mut self.stream, context, &self.unsent);
        if written > 0 {
            self.session.sent(self.shared.clock.instant());
        }
        if let Some(error) = error {
            return Poll::Ready(Err(error));
        }
        if written == self.unsent.len() {
            self.unsent = Vec::new();
            return Poll::Ready(Ok(()));
        }
        self.unsent.drain(..written);
        Poll::Pending
    }

    /// Waits for something to happen; ready when nothing did for too long.
    fn rest(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(deadline) = self.session.deadline() else {
                return Poll::Pending;
            };
            let left = deadline.saturating_since(self.shared.clock.instant());
            if left == Duration::ZERO {
                return Poll::Ready(());
            }
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(R::sleep(left)));
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
    }

    fn log_received(&self, requests: &Requests) {
        if tracing::enabled!(target: "herd::wire", tracing::Level::DEBUG) {
            for line in requests.lines() {
                tracing::debug!(target: "herd::wire", server = self.shared.name(), from = %self.remote, line = %Escaped(line), "received");
            }
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
            let neighbour = self.shared.herd.name(neighbour);
            tracing::info!(target: "herd::links", server = self.shared.name(), from = %neighbour, address = %self.remote, "connection opened");
        }
    }

    fn log_end(&self, end: &io::Result<End>) {
        let server = self.shared.name();
        let why: &dyn std::fmt::Display = match end {
            Ok(End::Finished) => &"it ended",
            Ok(End::Idle) => &"idle for too long",
            Err(error) => error,
        };
        match self.session.neighbour() {
            Some(neighbour) => {
                let neighbour = self.shared.herd.name(neighbour);
                tracing::info!(target: "herd::links", server, from = %neighbour, address = %self.remote, reason = %why, "connection dropped");
            }
            None => {
                tracing::debug!(target: "herd::wire", server, client = %self.remote, reason = %why, "connection closed");
            }
        }
    }
}
