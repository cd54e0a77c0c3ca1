//! Servers from bind to stop.

use std::future::poll_fn;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use atomic_waker::AtomicWaker;
use herd::{Event, ServerId, ServerName, Turn};
use herd_places::Source;
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::Settings;
use crate::connection::Connection;
use crate::runtime::{Runtime, Stream};
use crate::shared::Shared;
use crate::{address, timer};

/// Connections that the system may hold for a server that is busy.
const BACKLOG: i32 = 1024;

/// Whether the system gives a connection that it accepts the options of its listener.
const INHERITS_OPTIONS: bool = cfg!(target_os = "linux");

/// How long to wait when the system gives no more connections, mostly for want of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that is bound and not yet running.
pub(crate) struct Bound {
    server: ServerId,
    listener: std::net::TcpListener,
}

/// Why a server cannot be started. Nothing was.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot listen on {listen}: {why}{}", remedy(.why))]
pub struct BindError {
    name: String,
    listen: String,
    why: io::Error,
}

fn remedy(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop what listens there, or name another port with --listen or in the config file"
        }
        io::ErrorKind::AddrNotAvailable => "; that address is not this machine's",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need rights that this user does not have",
        _ => "",
    }
}

impl Bound {
    /// Binds a server's port.
    pub(crate) fn new(settings: &Settings, server: ServerId) -> Result<Self, BindError> {
        let listen = settings.listen(server);
        match bind(listen) {
            Ok(listener) => Ok(Self { server, listener }),
            Err(why) => Err(BindError { name: settings.herd.name(server).to_string(), listen: listen.into(), why }),
        }
    }

    pub(crate) fn name<'a>(&self, settings: &'a Settings) -> &'a ServerName {
        settings.herd.name(self.server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Starts the server's tasks. It runs until the runtime ends.
    pub(crate) fn start<R: Runtime>(self, settings: &Settings, source: &Arc<dyn Source>) -> io::Result<()> {
        let address = self.address()?;
        let listener = R::listener(self.listener)?;
        let herd = &settings.herd;
        let shared: Arc<Shared<R>> = Arc::new(Shared::new(
            Arc::clone(herd),
            self.server,
            settings.limits.clone(),
            Arc::clone(source),
            seed(),
            connect_from_address(&herd.member(self.server).address),
        ));
        tracing::info!(target: "herd::server", server = shared.name(), %address, runtime = R::NAME, "server up");
        resolve_neighbours(&shared);
        R::spawn(timer::run(Arc::clone(&shared)));
        R::spawn(accept(Arc::clone(&shared), listener));
        shared.start_links();
        shared.handle(&mut Turn::default(), Event::Started);
        Ok(())
    }
}

fn bind(listen: &str) -> io::Result<std::net::TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "it stands for no address");
    for address in address::look_up(listen)? {
        match bind_to(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn bind_to(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server that was killed must be able to come back at once.
    socket.set_reuse_address(true)?;
    // For the connections that inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A number that nobody can guess: the standard library's own source of seeds for its hash tables.
fn seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

/// The address to connect to neighbours from, where the system would choose another one: a neighbour
/// believes only what comes from this server's `address`.
fn connect_from_address(address: &str) -> Option<IpAddr> {
    let ip = address::look_up(address).ok()?.first()?.ip();
    let is_default = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
    let is_ours = || std::net::UdpSocket::bind((ip, 0)).is_ok();
    (!is_default && !ip.is_unspecified() && is_ours()).then_some(ip)
}

/// Learns where neighbours may connect from, before the first of them does.
fn resolve_neighbours<R: Runtime>(shared: &Arc<Shared<R>>) {
    for &peer in shared.herd.neighbours(shared.me) {
        let neighbour = shared.herd.member(peer);
        match address::look_up(&neighbour.address) {
            Ok(addresses) => {
                let ips: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
                shared.handle(&mut Turn::default(), Event::Resolved { peer, addresses: &ips });
            }
            Err(error) => {
                let (server, neighbour, address) = (shared.name(), &neighbour.name, &neighbour.address);
                tracing::warn!(target: "herd::links", server, %neighbour, %address, %error, "neighbour's address cannot be looked up");
            }
        }
    }
}

async fn accept<R: Runtime>(shared: Arc<Shared<R>>, listener: R::Listener) {
    let slots = Arc::new(Slots { free: AtomicUsize::new(shared.limits.connections), waker: AtomicWaker::new() });
    loop {
        let slot = Slots::take(&slots).await;
        match R::accept(&listener).await {
            Ok((stream, remote)) => {
                if !INHERITS_OPTIONS {
                    // A connection that is gone already says so when it is read.
                    let _ = stream.set_nodelay();
                }
                let mut connection = Connection::new(Arc::clone(&shared), stream, remote);
                R::spawn(async move {
                    connection.serve().await;
                    // Only a connection that is closed gives its right to be to another one.
                    drop(connection);
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(target: "herd::server", server = shared.name(), %error, "a connection could not be accepted");
                R::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// How many more connections there may be. One task takes, all give back.
struct Slots {
    free: AtomicUsize,
    waker: AtomicWaker,
}

/// One connection's right to be.
struct Slot(Arc<Slots>);

impl Slots {
    async fn take(slots: &Arc<Self>) -> Slot {
        poll_fn(|context| {
            slots.waker.register(context.waker());
            let taken = slots.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, |free| free.checked_sub(1));
            if taken.is_ok() { Poll::Ready(Slot(Arc::clone(slots))) } else { Poll::Pending }
        })
        .await
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::AcqRel);
        self.0.waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn connections_inherit_what_they_are_not_told() {
        let listener = bind_to((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        listener.set_nonblocking(false).expect("a listener");
        let _client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let (accepted, _) = listener.accept().expect("the same connection");
        assert!(!INHERITS_OPTIONS || accepted.nodelay().expect("an option"));
    }
}
