//! The border to the runtimes: all that a server needs of one, and nothing else.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::TcpKeepalive;

/// What the threads that run tasks are called, for whoever looks at the process's threads.
pub const WORKER: &str = "herd-worker";

/// A runtime: tasks, timers, sockets. Each adapter implements it once, in its own idiom.
pub trait Runtime: Sized + Send + Sync + 'static {
    /// What accepts connections.
    type Listener: Send + Sync + 'static;
    /// A TCP connection.
    type Stream: Stream;

    /// Its name, for logs.
    const NAME: &'static str;

    /// Runs a future to its end, on a runtime that is made for it and left behind when it returns,
    /// with whatever is still running there. Tasks run on as many threads as `workers` says, each of
    /// which is called [`WORKER`].
    ///
    /// # Errors
    /// Where the runtime cannot be started.
    fn block_on<T>(workers: NonZeroUsize, future: impl Future<Output = T>) -> io::Result<T>;

    /// Starts a task. Every waker that it is polled with wakes it for as long as it runs.
    fn spawn(future: impl Future<Output = ()> + Send + 'static);

    /// Runs what may block, on a thread where that is allowed.
    fn spawn_blocking(work: impl FnOnce() + Send + 'static);

    /// Waits, and never for less than this.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send + 'static;

    /// Lets others have their turn: goes on only after every task that is ready now has run, and after the system was
    /// asked whose sockets are ready. Merely waking oneself is not enough: runtimes run tens or hundreds of tasks that
    /// are ready between two looks at the sockets.
    fn take_turns() -> impl Future<Output = ()> + Send;

    /// Takes over a listener, which is non-blocking.
    ///
    /// # Errors
    /// Where the runtime cannot watch it.
    fn listener(listener: std::net::TcpListener) -> io::Result<Self::Listener>;

    /// Waits for a connection.
    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Connects; `from` is the address of this machine to connect from, where it matters.
    fn connect(to: SocketAddr, from: Option<IpAddr>) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A wait that has been started, of whatever runtime.
pub(crate) type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A TCP connection of a runtime's.
pub trait Stream: Send + Unpin + 'static {
    /// Reads what is there; 0 bytes at the end of input.
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes what fits.
    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends what was taken by [`poll_write`](Self::poll_write) and is not on its way yet; ready when all of it is. A
    /// connection that writes at once has nothing to do.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = context;
        Poll::Ready(Ok(()))
    }

    /// Lets every write go out at once.
    ///
    /// # Errors
    /// Where the connection is gone already.
    fn set_nodelay(&self) -> io::Result<()>;

    /// Has TCP find out when the other end is gone without a word, though nothing is said.
    ///
    /// # Errors
    /// Where the connection is gone already.
    fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()>;

    /// Says that no more will be written.
    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// Writes until all is written, the other end takes no more, or it fails.
pub(crate) fn write_all<S: Stream>(
    stream: &mut S,
    context: &mut Context<'_>,
    bytes: &[u8],
) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match stream.poll_write(context, &bytes[written..]) {
            Poll::Ready(Ok(0)) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(more)) => written += more,
            Poll::Ready(Err(error)) => return (written, Some(error)),
            Poll::Pending => break,
        }
    }
    (written, None)
}
