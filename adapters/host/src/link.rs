//! The way to one neighbour: a task that runs as long as the server does, and does what the node says.
//!
//! The task holds the one connection to its neighbour that there may be, and asks the node what to do about it. So
//! nothing is said to a connection that another one has replaced, and no connection waits for another's orders.

mod opening;

use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use herd::{Event, LinkStep, Notice, Parting, ServerId, Turn};

use self::opening::{Opening, open};
use crate::closing::Closing;
use crate::logs::Escaped;
use crate::runtime::{Runtime, Stream, write_all};
use crate::scratch::Scratch;
use crate::shared::Shared;
use crate::wake_flag::WakeFlag;

/// Serves the link to a neighbour for as long as the server runs; `flag` is set when there is something to do.
pub(crate) async fn run<R: Runtime>(shared: Arc<Shared<R>>, peer: ServerId, flag: Arc<WakeFlag>) {
    let mut link = Link { shared, peer, flag, connection: Connection::None, turn: Turn::default() };
    poll_fn(|context| link.poll(context)).await;
}

struct Link<R: Runtime> {
    shared: Arc<Shared<R>>,
    peer: ServerId,
    flag: Arc<WakeFlag>,
    connection: Connection<R::Stream>,
    turn: Turn,
}

/// The connection to the neighbour, as the node wants it.
enum Connection<S> {
    None,
    Opening(Opening<S>),
    /// `unsent` is what the neighbour has not taken yet of what the node had to send.
    Open {
        stream: S,
        unsent: Bytes,
    },
}

impl<R: Runtime> Link<R> {
    /// Never ready. What the node wants comes first, also while the connection is stuck.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.flag.take(context.waker()) {
                self.follow();
            }
            ready!(self.advance(context));
        }
    }

    /// Does what the node says, until that is to wait.
    fn follow(&mut self) {
        loop {
            self.turn.now = self.shared.clock.now();
            match self.shared.node.poll_link(&mut self.turn, self.peer) {
                LinkStep::Connect => self.connection = Connection::Opening(open(Arc::clone(&self.shared), self.peer)),
                LinkStep::Send(lines) => self.send(lines),
                LinkStep::Close(why) => self.close(why),
                LinkStep::Wait(_) | LinkStep::End => break,
            }
        }
        self.shared.perform(&mut self.turn, None);
    }

    /// Goes on with the connection that there is; ready when the node was told of something.
    fn advance(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.connection {
            Connection::None => return Poll::Pending,
            Connection::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                Ok((stream, address)) => self.opened(stream, address),
                Err(error) => self.not_reached(&error),
            },
            Connection::Open { stream, unsent } => {
                if !unsent.is_empty() {
                    let (written, error) = write_all(stream, context, unsent);
                    unsent.advance(written);
                    if let Some(error) = error {
                        self.lost(&error);
                        return Poll::Ready(());
                    }
                    if unsent.is_empty() {
                        self.handle(Event::Sent { peer: self.peer });
                        return Poll::Ready(());
                    }
                }
                if let Err(error) = ready!(self.receive(context)) {
                    self.lost(&error);
                }
            }
        }
        Poll::Ready(())
    }

    fn opened(&mut self, stream: R::Stream, address: SocketAddr) {
        let (server, to) = (self.shared.name(), self.shared.herd.name(self.peer));
        tracing::info!(target: "herd::links", server, %to, %address, "connection opened");
        self.connection = Connection::Open { stream, unsent: Bytes::new() };
        self.handle(Event::Connected { peer: self.peer });
    }

    /// No connection could be made. A server that is down for a day is worth a line in the log, and not one for each
    /// attempt: the node knows which is the first.
    fn not_reached(&mut self, error: &io::Error) {
        self.connection = Connection::None;
        self.shared.tell(&mut self.turn, Event::Lost { peer: self.peer });
        let (server, to) = (self.shared.name(), self.shared.herd.name(self.peer));
        let address = &self.shared.herd.member(self.peer).address;
        if self.turn.notices.contains(&Notice::NeighbourDown { peer: self.peer }) {
            tracing::info!(target: "herd::links", server, %to, %address, reason = %error, "neighbour not reached");
        } else {
            tracing::debug!(target: "herd::links", server, %to, %address, reason = %error, "neighbour still not reached");
        }
        self.shared.perform(&mut self.turn, None);
    }

    /// The connection that there was is over by itself.
    fn lost(&mut self, error: &io::Error) {
        let (server, to) = (self.shared.name(), self.shared.herd.name(self.peer));
        tracing::info!(target: "herd::links", server, %to, reason = %error, "connection dropped");
        self.connection = Connection::None;
        self.handle(Event::Lost { peer: self.peer });
    }

    /// Gives the connection up, as the node wants. What the neighbour has not read yet may take it a while, which the
    /// next connection does not wait for.
    fn close(&mut self, why: Parting) {
        let (server, to) = (self.shared.name(), self.shared.herd.name(self.peer));
        match mem::replace(&mut self.connection, Connection::None) {
            Connection::None => {}
            Connection::Opening(_) => {
                tracing::info!(target: "herd::links", server, %to, reason = %why, "connection given up");
            }
            Connection::Open { mut stream, .. } => {
                tracing::info!(target: "herd::links", server, %to, reason = %why, "connection dropped");
                if why != Parting::TimedOut {
                    R::spawn(async move { Closing::new(&mut stream).await_end::<R>().await });
                }
            }
        }
    }

    fn send(&mut self, lines: Bytes) {
        if tracing::enabled!(target: "herd::wire", tracing::Level::DEBUG) {
            let (server, to) = (self.shared.name(), self.shared.herd.name(self.peer));
            for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                tracing::debug!(target: "herd::wire", server, %to, line = %Escaped(line), "sent");
            }
        }
        if let Connection::Open { unsent, .. } = &mut self.connection {
            *unsent = lines;
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
            let bytes = &scratch.input[..len];
            let (server, from) = (self.shared.name(), self.shared.herd.name(self.peer));
            tracing::debug!(target: "herd::wire", server, %from, line = %Escaped(bytes.trim_ascii_end()), "received");
            self.shared.handle(&mut self.turn, Event::Received { peer: self.peer, bytes });
            Poll::Ready(Ok(()))
        })
    }

    fn handle(&mut self, event: Event<'_>) {
        self.shared.handle(&mut self.turn, event);
    }
}
