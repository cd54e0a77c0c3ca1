//! A runtime on which a task of a server panics, when it is given a word or a number that says which.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::task::{Context, Poll};
use std::time::Duration;

use herd_host::{Runtime, Stream, TcpKeepalive};

/// A client with this in its ID has the task of its connection panic.
pub(crate) const CONNECTION: &str = "panic-of-a-connection";

/// A client with this in its ID has the task of each link panic that tells of it.
pub(crate) const LINK: &str = "panic-of-a-link";

/// Who connects from here has the acceptor panic.
pub(crate) const ACCEPTOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));

/// Whoever sleeps for longer panics. The timer does where a link may rest for so long, and a stop where it may take so long.
/// It is more than a day, after which a server looks at its certificate.
pub(crate) const LONGEST: Duration = Duration::from_secs(100_000);

/// The runtime `R`, but for the panics.
#[derive(Debug)]
pub(crate) struct Panicky<R>(PhantomData<R>);

impl<R: Runtime> Runtime for Panicky<R> {
    type Listener = R::Listener;
    type Stream = PanickyStream<R::Stream>;

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

    async fn sleep(time: Duration) {
        assert!(time < LONGEST, "panic of a sleeper");
        R::sleep(time).await;
    }

    fn take_turns() -> impl Future<Output = ()> + Send {
        R::take_turns()
    }

    fn listener(listener: TcpListener) -> io::Result<R::Listener> {
        R::listener(listener)
    }

    async fn accept(listener: &R::Listener) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, remote) = R::accept(listener).await?;
        assert!(remote.ip() != ACCEPTOR, "panic of the acceptor");
        Ok((PanickyStream { stream, reads: CONNECTION, writes: "" }, remote))
    }

    async fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Self::Stream> {
        let stream = R::connect(to, from).await?;
        Ok(PanickyStream { stream, reads: "", writes: LINK })
    }
}

/// A connection whose task panics where it reads or writes a word; where that is empty it does not.
#[derive(Debug)]
pub(crate) struct PanickyStream<S> {
    stream: S,
    reads: &'static str,
    writes: &'static str,
}

fn look_for(word: &str, bytes: &[u8]) {
    let is_there = !word.is_empty() && bytes.windows(word.len()).any(|window| window == word.as_bytes());
    assert!(!is_there, "{word}");
}

impl<S: Stream> Stream for PanickyStream<S> {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = self.stream.poll_read(context, buffer);
        if let Poll::Ready(Ok(len)) = read {
            look_for(self.reads, &buffer[..len]);
        }
        read
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        look_for(self.writes, bytes);
        self.stream.poll_write(context, bytes)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.stream.set_nodelay()
    }

    fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()> {
        self.stream.set_keepalive(keepalive)
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_shutdown(context)
    }
}
