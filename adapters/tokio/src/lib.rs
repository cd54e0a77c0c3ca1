//! The herd on tokio.
//!
//! `herd-tokio` is the program; [`Server`] is a server inside a program of one's own. `examples/embed.rs` has one.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use herd_host::{Runtime, SockRef, Stream, TcpKeepalive, WORKER};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;

/// A handle to a server that runs on tokio: on the runtime within which it was started, of whatever kind that is.
pub type Server = herd_host::Server<Tokio>;

/// tokio's multi-threaded runtime.
#[derive(Debug)]
pub enum Tokio {}

impl Runtime for Tokio {
    type Listener = TcpListener;
    type Stream = Connection;

    const NAME: &'static str = "tokio";

    fn block_on<T>(workers: NonZeroUsize, future: impl Future<Output = T>) -> io::Result<T> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(workers.get()).thread_name(WORKER).enable_all().build()?;
        let result = runtime.block_on(future);
        // Dropping it would wait for fetches that are still under way.
        runtime.shutdown_background();
        Ok(result)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(future);
    }

    fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
        tokio::task::spawn_blocking(work);
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep(time)
    }

    fn take_turns() -> impl Future<Output = ()> + Send {
        // Woken when the worker has nothing else to run and has looked at the sockets.
        tokio::task::yield_now()
    }

    fn listener(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(listener)
    }

    async fn accept(listener: &TcpListener) -> io::Result<(Connection, SocketAddr)> {
        let (stream, remote) = listener.accept().await?;
        Ok((Connection(stream), remote))
    }

    async fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Connection> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(from) = from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        Ok(Connection(socket.connect(to).await?))
    }
}

/// A TCP connection on tokio.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Stream for Connection {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.set_nodelay(true)
    }

    fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()> {
        SockRef::from(&self.0).set_tcp_keepalive(keepalive)
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
