//! From a neighbour's address to a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use herd::{Event, ServerId, ServerName, Turn};

use super::closings::Closings;
use crate::address;
use crate::lock::lock;
use crate::runtime::{Runtime, Stream};
use crate::shared::Shared;
use crate::tls::{self, NotOpened, Secured, Tls};
use herd::Certificates;

/// A connection that is being made. Dropping it gives it up.
pub(super) type Opening<S> = Pin<Box<dyn Future<Output = io::Result<Opened<S>>> + Send>>;

/// A connection that was made.
pub(super) struct Opened<S> {
    pub(super) stream: Secured<S>,
    /// Where it leads to.
    pub(super) address: SocketAddr,
}

/// How long a neighbour that may speak TLS, or not, has to answer: a plain server waits for the end of a line that never
/// comes.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// Starts to connect to a neighbour, as soon as not too many other connections to it are being closed.
pub(super) fn open<R: Runtime>(shared: Arc<Shared<R>>, peer: ServerId, closings: Arc<Closings>) -> Opening<R::Stream> {
    Box::pin(async move {
        closings.room().await;
        connect(&shared, peer).await
    })
}

/// Connects to the first address that takes it. The name is looked up each time: an address may change while the
/// server runs, and the node believes only what comes from the present ones.
async fn connect<R: Runtime>(shared: &Arc<Shared<R>>, peer: ServerId) -> io::Result<Opened<R::Stream>> {
    let no_address = |what: &str| io::Error::new(io::ErrorKind::NotFound, what.to_owned());
    let name = shared.node.name(peer);
    let address = shared.address_of(&name).ok_or_else(|| no_address("it is no neighbour any more"))?;
    let addresses = address::resolve::<R>(address).await?;
    let ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
    shared.handle(&mut Turn::default(), Event::Resolved { peer, addresses: &ips });
    let mut failure = no_address("its address stands for no IP address");
    let connect_from = *lock(&shared.connect_from);
    let tls = tls_with(shared, peer, &name);
    for address in addresses {
        let from = connect_from.filter(|from| from.is_ipv4() == address.is_ipv4());
        let connected = match &tls {
            None => reach::<R>(address, from).await.map(|stream| Opened::plain(stream, address)),
            Some(tls) => encrypted(shared, peer, (address, from), tls).await,
        };
        match connected {
            Ok(opened) => return Ok(opened),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The TLS that is to be spoken with that neighbour.
pub(super) fn tls_with<R: Runtime>(shared: &Shared<R>, peer: ServerId, name: &ServerName) -> Option<Arc<Tls>> {
    let tls = shared.tls.get()?;
    let is_spoken = match tls.neighbours {
        Certificates::Off => false,
        Certificates::Optional => !shared.tls.is_plain(peer),
        Certificates::Required => true,
    };
    (is_spoken && !shared.node.herd().trust().plain.contains(name)).then_some(tls)
}

async fn reach<R: Runtime>(address: SocketAddr, from: Option<IpAddr>) -> io::Result<R::Stream> {
    let stream = R::connect(address, from).await?;
    stream.set_nodelay()?;
    Ok(stream)
}

/// Connects within TLS; where that is left open and the other end does not speak it, in plain text, on another
/// connection.
async fn encrypted<R: Runtime>(
    shared: &Shared<R>,
    peer: ServerId,
    (address, from): (SocketAddr, Option<IpAddr>),
    tls: &Tls,
) -> io::Result<Opened<R::Stream>> {
    let is_optional = tls.neighbours == Certificates::Optional;
    let stream = reach::<R>(address, from).await?;
    let patience = is_optional.then(|| Box::pin(R::sleep(FIRST_WORD)));
    match tls::open(stream, tls, &shared.node.name(peer), patience).await {
        Ok(stream) => Ok(Opened { stream, address }),
        Err(NotOpened::NotSpoken) if is_optional => {
            shared.tls.is_not_spoken_by(peer);
            Ok(Opened::plain(reach::<R>(address, from).await?, address))
        }
        Err(NotOpened::NotSpoken) => Err(io::Error::other("the other end does not speak TLS")),
        Err(NotOpened::Failed(error)) => Err(error),
    }
}

impl<S: Stream> Opened<S> {
    const fn plain(stream: S, address: SocketAddr) -> Self {
        Self { stream: Secured::plain(stream), address }
    }
}
