//! The herd on async-std.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_global_executor::GlobalExecutorConfig;
use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use futures_io::{AsyncRead, AsyncWrite};
use herd_host::{Runtime, Stream, WORKER, connect_from};

/// async-std's global executor.
#[derive(Debug)]
pub enum AsyncStd {}

impl Runtime for AsyncStd {
    type Listener = TcpListener;
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

    fn listener(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(TcpListener::from(listener))
    }

    async fn accept(listener: &TcpListener) -> io::Result<(Connection, SocketAddr)> {
        let (stream, remote) = listener.accept().await?;
        Ok((Connection(stream), remote))
    }

    async fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Connection> {
        let stream = match from {
            None => TcpStream::connect(to).await?,
            // async-std cannot bind before it connects.
            Some(from) => task::spawn_blocking(move || connect_from(to, from)).await?.into(),
        };
        Ok(Connection(stream))
    }
}

/// Starts the global executor before async-std does, which would ask a variable of its own for the number of threads.
fn start_workers(count: usize) {
    // The executor lets a variable go before what it is told. None has an empty name.
    let config = GlobalExecutorConfig::default().with_env_var("").with_min_threads(count).with_max_threads(count);
    async_global_executor::init_with_config(config.with_thread_name_fn(|| WORKER.into()));
}

/// A TCP connection on async-std.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Stream for Connection {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.set_nodelay(true)
    }

    fn poll_shutdown(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // `poll_close` of async-std flushes, and tells the other end nothing.
        Poll::Ready(self.0.shutdown(std::net::Shutdown::Write))
    }
}
