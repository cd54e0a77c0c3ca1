//! The way to one neighbour: a task that runs as long as there is a link, and does what the node says.
//!
//! The task holds the one connection to its neighbour that there may be, and asks the node what to do about it. So
//! nothing is said to a connection that another one has replaced, and no connection waits for another's orders.

mod closings;
mod opening;

use std::future::poll_fn;
use std::io;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use herd::{Event, Instant, LinkStep, Parting, ServerId, ServerName, Turn};

use self::closings::Closings;
pub(crate) use self::closings::MOST_CLOSING;
use self::opening::{Opened, Opening, open, tls_with};
use crate::closing::Closing;
use crate::logs::Escaped;
use crate::runtime::{Runtime, Stream, write_all};
use crate::scratch::Scratch;
use crate::shared::Shared;
use crate::shutdown::{Phase, Role, Task};
use crate::tls::{Secured, certificate_fault};
use crate::wake_flag::WakeFlag;
use crate::whole;

/// How long a neighbour is taken not to speak TLS that did not when it was tried.
const PLAIN: Duration = Duration::from_mins(1);

/// Serves the link to a neighbour until there is none any more, or the server's stop is over; `flag` is set when there
/// is something to do.
pub(crate) async fn run<R: Runtime>(shared: Arc<Shared<R>>, peer: ServerId, flag: Arc<WakeFlag>, task: Task) {
    let to = shared.node.name(peer);
    let (connection, closings, turn) = (Connection::None, Arc::default(), Turn::default());
    let mut link =
        Link { shared, peer, to, flag, connection, try_tls_at: None, generation: 0, closings, turn, work: 0, task };
    while poll_fn(|context| link.poll(context)).await == TurnEnd::Spent {
        R::take_turns().await;
    }
}

/// How a turn of a link ends, where it does not end with waiting for something to happen.
#[derive(Debug, PartialEq, Eq)]
enum TurnEnd {
    /// It has done its [share](Turn::SHARE), and there may be more to do.
    Spent,
    /// The task is to end.
    Ended,
}

struct Link<R: Runtime> {
    shared: Arc<Shared<R>>,
    peer: ServerId,
    to: ServerName,
    flag: Arc<WakeFlag>,
    connection: Connection<R::Stream>,
    /// When TLS is tried again with a neighbour that did not speak it.
    try_tls_at: Option<Instant>,
    /// Of which [generation](crate::tls::TlsSlot::generation) the connection is.
    generation: u64,
    /// What it has given up and is not closed yet.
    closings: Arc<Closings>,
    turn: Turn,
    /// What it has read and written in this turn, in units of [work](Turn::work).
    work: u64,
    /// Last, since fields are dropped in this order: a task has ended when its connection is closed.
    task: Task,
}

/// The connection to the neighbour, as the node wants it.
enum Connection<S> {
    None,
    Opening(Opening<S>),
    /// `unsent` is what the neighbour has not taken yet of what the node had to send; `is_sending` until it has all of
    /// it, and the node knows.
    Open {
        stream: Secured<S>,
        unsent: Bytes,
        is_sending: bool,
    },
}

impl<R: Runtime> Link<R> {
    /// One turn. What the node wants comes first, also while the connection is stuck.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<TurnEnd> {
        let before = self.turn.work();
        self.work = 0;
        while self.work + self.turn.work().wrapping_sub(before) < Turn::SHARE {
            if self.task.phase(context.waker()) == Phase::Over {
                return Poll::Ready(TurnEnd::Ended);
            }
            if self.flag.take(context.waker()) && self.follow() {
                return Poll::Ready(TurnEnd::Ended);
            }
            self.renew();
            ready!(self.advance(context));
        }
        Poll::Ready(TurnEnd::Spent)
    }

    /// Does what the node says, until that is to wait, or there is no link any more; whether it is that.
    fn follow(&mut self) -> bool {
        let is_over = loop {
            match self.next_step() {
                LinkStep::Connect => {
                    if self.try_tls_at.is_some_and(|at| self.turn.now.instant >= at) {
                        self.shared.tls.may_be_spoken_by(self.peer);
                    }
                    (self.generation, self.try_tls_at) = (self.shared.tls.generation(), None);
                    let opening = open(Arc::clone(&self.shared), self.peer, Arc::clone(&self.closings));
                    self.connection = Connection::Opening(opening);
                }
                LinkStep::Send(lines) => self.send(lines),
                LinkStep::Close(why) => self.close(why),
                LinkStep::Wait(_) => break false,
                LinkStep::End => break true,
            }
        };
        self.shared.perform(&mut self.turn, None);
        is_over
    }

    fn next_step(&mut self) -> LinkStep {
        self.turn.now = self.shared.clock.now();
        let step = self.shared.node.poll_link(&mut self.turn, self.peer);
        if step != LinkStep::End {
            return step;
        }
        self.close(Parting::Removed);
        // Who makes it a neighbour again finds either no task and starts one, or this one, which goes on.
        let mut step = LinkStep::End;
        self.shared.neighbours.remove_if(self.peer, || {
            step = self.shared.node.poll_link(&mut self.turn, self.peer);
            step == LinkStep::End
        });
        step
    }

    /// Goes on with the connection that there is; ready when the node was told of something.
    fn advance(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.connection {
            Connection::None => return Poll::Pending,
            Connection::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                Ok(opened) => self.opened(opened),
                Err(error) => self.not_reached(&error),
            },
            Connection::Open { stream, unsent, is_sending, .. } => {
                if *is_sending {
                    match send(stream, context, unsent, &mut self.work) {
                        Err(error) => {
                            self.lost(&error);
                            return Poll::Ready(());
                        }
                        Ok(Poll::Ready(())) => {
                            *is_sending = false;
                            self.handle(Event::Sent { peer: self.peer });
                            return Poll::Ready(());
                        }
                        Ok(Poll::Pending) => {}
                    }
                }
                if let Err(error) = ready!(self.receive(context)) {
                    self.lost(&error);
                }
            }
        }
        Poll::Ready(())
    }

    fn opened(&mut self, opened: Opened<R::Stream>) {
        let Opened { stream, address } = opened;
        let is_encrypted = stream.is_encrypted();
        let (server, to) = (self.shared.name(), &self.to);
        tracing::debug!(target: "herd::links", server, %to, %address, tls = is_encrypted, "connection opened");
        if self.shared.tls.is_plain(self.peer) {
            self.try_tls_at = Some(self.shared.clock.instant() + PLAIN);
        }
        self.connection = Connection::Open { stream, unsent: Bytes::new(), is_sending: false };
        // The name in its certificate was demanded.
        self.handle(Event::Connected { peer: self.peer, proven: is_encrypted });
    }

    /// Has a connection made anew once nothing is on its way on it: in plain text where TLS can be spoken since, and within
    /// TLS where the certificate that the neighbour has shown is not valid any more.
    fn renew(&mut self) {
        let Connection::Open { stream, is_sending: false, .. } = &self.connection else { return };
        let generation = self.shared.tls.generation();
        if generation == self.generation {
            return;
        }
        let tls = tls_with(&self.shared, self.peer, &self.to);
        let is_outdated = tls.is_some_and(|tls| stream.judge(&tls).is_none_or(|judged| judged.is_err()));
        self.generation = generation;
        if is_outdated {
            self.handle(Event::Renew { peer: self.peer });
        }
    }

    /// No connection could be made. The node knows whether that is news.
    fn not_reached(&mut self, error: &io::Error) {
        self.connection = Connection::None;
        let (server, to) = (self.shared.name(), &self.to);
        let address = self.shared.address_of(to).unwrap_or_default();
        tracing::debug!(target: "herd::links", server, %to, %address, reason = %error, "neighbour not reached");
        match certificate_fault(error) {
            Some(why) => self.handle(Event::Untrusted { peer: self.peer, why: &why }),
            None => self.handle(Event::Lost { peer: self.peer, why: &error.to_string() }),
        }
    }

    /// The connection that there was is over by itself.
    fn lost(&mut self, error: &io::Error) {
        tracing::debug!(target: "herd::links", server = self.shared.name(), to = %self.to, reason = %error, "connection dropped");
        self.connection = Connection::None;
        self.handle(Event::Lost { peer: self.peer, why: &error.to_string() });
    }

    /// Gives the connection up, as the node wants. What the neighbour has not read yet may take it a while, which the
    /// next connection does not wait for, and a stop does.
    fn close(&mut self, why: Parting) {
        let (server, to) = (self.shared.name(), &self.to);
        if why == Parting::Refused {
            // It may want what it was not shown.
            self.shared.tls.may_be_spoken_by(self.peer);
        }
        match mem::replace(&mut self.connection, Connection::None) {
            Connection::None => {}
            Connection::Opening(_) => {
                tracing::debug!(target: "herd::links", server, %to, reason = %why, "connection given up");
            }
            Connection::Open { mut stream, .. } => {
                tracing::debug!(target: "herd::links", server, %to, reason = %why, "connection dropped");
                if why != Parting::TimedOut {
                    let mut task = Task::new(&self.shared.shutdown, Role::Link);
                    let is_closing = self.closings.begin();
                    whole::spawn::<R>(&self.shared.shutdown, async move {
                        Closing::new(&mut stream).await_end::<R>(&mut task).await;
                        // Only a connection that is closed has ended.
                        drop(stream);
                        drop(is_closing);
                        drop(task);
                    });
                }
            }
        }
    }

    fn send(&mut self, lines: Bytes) {
        if tracing::enabled!(target: "herd::wire", tracing::Level::DEBUG) {
            let (server, to) = (self.shared.name(), &self.to);
            for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                tracing::debug!(target: "herd::wire", server, %to, line = %Escaped(line), "sent");
            }
        }
        if let Connection::Open { unsent, is_sending, .. } = &mut self.connection {
            (*unsent, *is_sending) = (lines, true);
        }
    }

    /// Reads once, and passes on what the neighbour says.
    fn receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Connection::Open { stream, .. } = &mut self.connection else { return Poll::Pending };
        Scratch::lend(|scratch| {
            let len = ready!(stream.poll_read(context, &mut scratch.input))?;
            if len == 0 {
                return Poll::Ready(Err(io::Error::other("the neighbour closed it")));
            }
            self.work += Turn::work_of(len);
            let bytes = &scratch.input[..len];
            let (server, from) = (self.shared.name(), &self.to);
            tracing::debug!(target: "herd::wire", server, %from, line = %Escaped(bytes.trim_ascii_end()), "received");
            self.shared.handle(&mut self.turn, Event::Received { peer: self.peer, bytes });
            Poll::Ready(Ok(()))
        })
    }

    fn handle(&mut self, event: Event<'_>) {
        self.shared.handle(&mut self.turn, event);
    }
}

/// Sends what is `unsent`; ready when the neighbour has taken it.
fn send<S: Stream>(
    stream: &mut S,
    context: &mut Context<'_>,
    unsent: &mut Bytes,
    work: &mut u64,
) -> io::Result<Poll<()>> {
    let (written, error) = write_all(stream, context, unsent);
    unsent.advance(written);
    *work += Turn::work_of(written);
    match error {
        Some(error) => Err(error),
        None if unsent.is_empty() => match stream.poll_flush(context) {
            Poll::Ready(flushed) => flushed.map(Poll::Ready),
            Poll::Pending => Ok(Poll::Pending),
        },
        None => Ok(Poll::Pending),
    }
}
