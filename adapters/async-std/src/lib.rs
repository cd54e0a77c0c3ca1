//! The herd on async-std.
//!
//! `herd-async-std` is the program; [`Server`] is a server inside a program of one's own.

mod reactor;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_global_executor::GlobalExecutorConfig;
use async_io::Async;
use async_std::task;
use futures_io::{AsyncRead, AsyncWrite};
use herd_host::{Runtime, SockRef, Stream, TcpKeepalive, WORKER, connect_from};

/// A handle to a server that runs on async-std's global executor.
pub type Server = herd_host::Server<AsyncStd>;

/// async-std's global executor.
#[derive(Debug)]
pub enum AsyncStd {}

impl Runtime for AsyncStd {
    type Listener = Async<TcpListener>;
    type Stream = Connection;

    const NAME: &'static str = "async-std";

    fn block_on<T>(workers: NonZeroUsize, future: impl Future<Output = T>) -> io::Result<T> {
        start_workers(workers.get());
        Ok(task::block_on(future))
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        task::spawn(future);
    }

    fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
        task::spawn_blocking(work);
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send + 'static {
        task::sleep(time)
    }

    fn take_turns() -> impl Future<Output = ()> + Send {
        reactor::looked()
    }

    fn listener(listener: TcpListener) -> io::Result<Async<TcpListener>> {
        Async::new(listener)
    }

    async fn accept(listener: &Async<TcpListener>) -> io::Result<(Connection, SocketAddr)> {
        let (stream, remote) = listener.accept().await?;
        Ok((Connection::new(stream), remote))
    }

    async fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Connection> {
        let stream = match from {
            None => Async::<TcpStream>::connect(to).await?,
            // async-std cannot bind before it connects.
            Some(from) => Async::new(task::spawn_blocking(move || connect_from(to, from)).await?)?,
        };
        Ok(Connection::new(stream))
    }
}

/// Starts the global executor before async-std does, which would ask a variable of its own for the number of threads.
fn start_workers(count: usize) {
    // The executor lets a variable go before what it is told. None has an empty name.
    let config = GlobalExecutorConfig::default().with_env_var("").with_min_threads(count).with_max_threads(count);
    async_global_executor::init_with_config(config.with_thread_name_fn(|| WORKER.into()));
}

/// A TCP connection on async-std's reactor.
///
/// async-std's own `TcpStream` is this too, but tries each read before it waits. After a read that took all there was
/// that is a call to the system for nothing, which is much for a client that waits for its reply.
#[derive(Debug)]
pub struct Connection {
    stream: Async<TcpStream>,
    /// Whether the last read took all that there was, and nothing has come since.
    is_drained: bool,
}

impl Connection {
    fn new(stream: Async<TcpStream>) -> Self {
        Self { stream, is_drained: false }
    }
}

impl Stream for Connection {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.is_drained {
            ready!(self.stream.poll_readable(context))?;
            self.is_drained = false;
        }
        let len = ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.is_drained = len < buffer.len();
        Poll::Ready(Ok(len))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.stream.get_ref().set_nodelay(true)
    }

    fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()> {
        SockRef::from(self.stream.get_ref()).set_tcp_keepalive(keepalive)
    }

    fn poll_shutdown(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // `poll_close` of async-std flushes, and tells the other end nothing.
        Poll::Ready(self.stream.get_ref().shutdown(std::net::Shutdown::Write))
    }
}
