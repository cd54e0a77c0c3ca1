//! A runtime that counts how often something is written to connections that it accepted.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use herd_host::{Runtime, Stream, TcpKeepalive};

/// How often a line was among what was written that tells a watcher of a client.
pub(crate) static TOLD: AtomicU64 = AtomicU64::new(0);

/// The runtime `R`, which counts. One case at a time can use it.
#[derive(Debug)]
pub(crate) struct Counting<R>(PhantomData<R>);

impl<R: Runtime> Runtime for Counting<R> {
    type Listener = R::Listener;
    type Stream = CountingStream<R::Stream>;

    const NAME: &'static str = R::NAME;

    fn block_on<T>(workers: NonZeroUsize, future: impl Future<Output = T>) -> io::Result<T> {
        R::block_on(workers, future)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        R::spawn(future);
    }

    fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
        R::spawn_blocking(work);
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send + 'static {
        R::sleep(time)
    }

    fn take_turns() -> impl Future<Output = ()> + Send {
        R::take_turns()
    }

    fn listener(listener: TcpListener) -> io::Result<R::Listener> {
        R::listener(listener)
    }

    async fn accept(listener: &R::Listener) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, remote) = R::accept(listener).await?;
        Ok((CountingStream(stream), remote))
    }

    async fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Self::Stream> {
        R::connect(to, from).await.map(CountingStream)
    }
}

/// A connection of which writes are counted.
#[derive(Debug)]
pub(crate) struct CountingStream<S>(S);

impl<S: Stream> Stream for CountingStream<S> {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(context, buffer)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.starts_with(b"SEEN ") {
            TOLD.fetch_add(1, Ordering::Relaxed);
        }
        self.0.poll_write(context, bytes)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.set_nodelay()
    }

    fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()> {
        self.0.set_keepalive(keepalive)
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(context)
    }
}
