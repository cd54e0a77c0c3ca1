//! A connection that this server opened to a neighbour.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use bytes::{Buf, BytesMut};
use herd::{Attempt, Event, Parting, ServerId};

use crate::address;
use crate::closing::Closing;
use crate::lock::lock;
use crate::logs::Escaped;
use crate::runtime::{Runtime, Stream, write_all};
use crate::scratch::Scratch;
use crate::shared::Shared;

/// What the node has to say to the task of one connection.
#[derive(Debug, Default)]
pub(crate) struct LinkBox {
    forward: AtomicBool,
    disconnect: std::sync::Mutex<Option<Parting>>,
    waker: AtomicWaker,
}

impl LinkBox {
    /// There is something to send.
    pub(crate) fn forward(&self) {
        self.forward.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// It is to be closed.
    pub(crate) fn disconnect(&self, why: Parting) {
        *lock(&self.disconnect) = Some(why);
        self.waker.wake();
    }

    fn parting(&self) -> Option<Parting> {
        *lock(&self.disconnect)
    }
}

/// Connects to a neighbour, and serves that connection until it is over.
pub(crate) async fn run<R: Runtime>(shared: Arc<Shared<R>>, peer: ServerId, attempt: Attempt, link: Arc<LinkBox>) {
    if let Some(stream) = connect(&shared, peer, attempt, &link).await {
        serve(&shared, peer, attempt, &link, stream).await;
    }
    shared.forget_link(peer, attempt);
}

async fn connect<R: Runtime>(
    shared: &Arc<Shared<R>>,
    peer: ServerId,
    attempt: Attempt,
    link: &LinkBox,
) -> Option<R::Stream> {
    let to = shared.herd.name(peer);
    let server = shared.name();
    match unless_parting(link, open::<R>(shared, peer)).await {
        Ok(Ok((stream, address))) => {
            tracing::info!(target: "herd::links", server, %to, %address, "connection opened");
            shared.is_news(peer, true);
            shared.handle(Event::Connected { peer, attempt });
            Some(stream)
        }
        Ok(Err(error)) => {
            let address = &shared.herd.server(peer).address;
            if shared.is_news(peer, false) {
                tracing::info!(target: "herd::links", server, %to, %address, reason = %error, "neighbour not reached");
            } else {
                tracing::debug!(target: "herd::links", server, %to, %address, reason = %error, "neighbour still not reached");
            }
            shared.handle(Event::Lost { peer, attempt });
            None
        }
        Err(why) => {
            tracing::info!(target: "herd::links", server, %to, reason = %why, "connection given up");
            None
        }
    }
}

/// Runs `work` to its end, unless the link is to be closed before.
async fn unless_parting<T>(link: &LinkBox, work: impl Future<Output = T>) -> Result<T, Parting> {
    let mut work = std::pin::pin!(work);
    poll_fn(|context| {
        link.waker.register(context.waker());
        match link.parting() {
            Some(why) => Poll::Ready(Err(why)),
            None => work.as_mut().poll(context).map(Ok),
        }
    })
    .await
}

async fn open<R: Runtime>(shared: &Arc<Shared<R>>, peer: ServerId) -> io::Result<(R::Stream, SocketAddr)> {
    let addresses = address::resolve::<R>(shared.herd.server(peer).address.clone()).await?;
    let ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
    shared.handle(Event::Resolved { peer, addresses: &ips });
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "its address stands for no IP address");
    for address in addresses {
        let from = shared.connect_from.filter(|from| from.is_ipv4() == address.is_ipv4());
        let connected = R::connect(address, from).await;
        match connected.and_then(|stream| stream.set_nodelay().map(|()| stream)) {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn serve<R: Runtime>(
    shared: &Arc<Shared<R>>,
    peer: ServerId,
    attempt: Attempt,
    link: &LinkBox,
    stream: R::Stream,
) {
    let mut outgoing = Outgoing { shared, peer, attempt, link, stream, unsent: BytesMut::new() };
    let end = poll_fn(|context| outgoing.poll(context)).await;
    let (server, to) = (shared.name(), shared.herd.name(peer));
    match end {
        Ok(why) => {
            tracing::info!(target: "herd::links", server, %to, reason = %why, "connection dropped");
            if why != Parting::TimedOut {
                Closing::new(&mut outgoing.stream).await_end::<R>().await;
            }
        }
        Err(error) => {
            tracing::info!(target: "herd::links", server, %to, reason = %error, "connection dropped");
            shared.handle(Event::Lost { peer, attempt });
        }
    }
}

struct Outgoing<'a, R: Runtime> {
    shared: &'a Arc<Shared<R>>,
    peer: ServerId,
    attempt: Attempt,
    link: &'a LinkBox,
    stream: R::Stream,
    unsent: BytesMut,
}

impl<R: Runtime> Outgoing<'_, R> {
    /// Ready when the node wants it closed, or with the reason when the neighbour closed it.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Parting>> {
        self.link.waker.register(context.waker());
        while self.send(context)?.is_ready() && self.take() {}
        match self.link.parting() {
            Some(Parting::TimedOut) => return Poll::Ready(Ok(Parting::TimedOut)),
            Some(why) if self.unsent.is_empty() => return Poll::Ready(Ok(why)),
            _ => {}
        }
        self.receive(context).map(Err)
    }

    /// Takes what the node has to send, if it said that there is something.
    fn take(&mut self) -> bool {
        if !self.link.forward.swap(false, Ordering::AcqRel) {
            return false;
        }
        self.unsent = self.shared.node.take(self.shared.clock.instant(), self.peer, self.attempt);
        if tracing::enabled!(target: "herd::wire", tracing::Level::DEBUG) {
            let (server, to) = (self.shared.name(), self.shared.herd.name(self.peer));
            for line in self.unsent[..].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                tracing::debug!(target: "herd::wire", server, %to, line = %Escaped(line), "sent");
            }
        }
        !self.unsent.is_empty()
    }

    /// Ready when nothing is left to send.
    fn send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let (written, error) = write_all(&mut self.stream, context, &self.unsent);
        if let Some(error) = error {
            return Poll::Ready(Err(error));
        }
        self.unsent.advance(written);
        if !self.unsent.is_empty() {
            return Poll::Pending;
        }
        self.shared.handle(Event::Sent { peer: self.peer, attempt: self.attempt });
        Poll::Ready(Ok(()))
    }

    /// Passes on what the neighbour says; ready with the reason when it says no more.
    fn receive(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let mut input = Scratch::lend(|scratch| std::mem::take(&mut scratch.input));
        let end = loop {
            match self.stream.poll_read(context, &mut input) {
                Poll::Pending => break Poll::Pending,
                Poll::Ready(Err(error)) => break Poll::Ready(error),
                Poll::Ready(Ok(0)) => break Poll::Ready(io::Error::other("the neighbour closed it")),
                Poll::Ready(Ok(len)) => {
                    self.log_received(&input[..len]);
                    self.shared.handle(Event::Received {
                        peer: self.peer,
                        attempt: self.attempt,
                        bytes: &input[..len],
                    });
                }
            }
        };
        Scratch::lend(|scratch| scratch.input = input);
        end
    }

    fn log_received(&self, bytes: &[u8]) {
        let (server, from) = (self.shared.name(), self.shared.herd.name(self.peer));
        tracing::debug!(target: "herd::wire", server, %from, line = %Escaped(bytes.trim_ascii_end()), "received");
    }
}
