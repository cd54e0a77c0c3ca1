//! From a neighbour's address to a connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use herd::{Event, ServerId, Turn};

use super::closings::Closings;
use crate::address;
use crate::lock::lock;
use crate::runtime::{Runtime, Stream};
use crate::shared::Shared;

/// A connection that is being made, and the address that it leads to. Dropping it gives it up.
pub(super) type Opening<S> = Pin<Box<dyn Future<Output = io::Result<(S, SocketAddr)>> + Send>>;

/// Starts to connect to a neighbour, as soon as not too many other connections to it are being closed.
pub(super) fn open<R: Runtime>(shared: Arc<Shared<R>>, peer: ServerId, closings: Arc<Closings>) -> Opening<R::Stream> {
    Box::pin(async move {
        closings.room().await;
        connect(&shared, peer).await
    })
}

/// Connects to the first address that takes it. The name is looked up each time: an address may change while the
/// server runs, and the node believes only what comes from the present ones.
async fn connect<R: Runtime>(shared: &Arc<Shared<R>>, peer: ServerId) -> io::Result<(R::Stream, SocketAddr)> {
    let no_address = |what: &str| io::Error::new(io::ErrorKind::NotFound, what.to_owned());
    let address =
        shared.address_of(&shared.node.name(peer)).ok_or_else(|| no_address("it is no neighbour any more"))?;
    let addresses = address::resolve::<R>(address).await?;
    let ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
    shared.handle(&mut Turn::default(), Event::Resolved { peer, addresses: &ips });
    let mut failure = no_address("its address stands for no IP address");
    let connect_from = *lock(&shared.connect_from);
    for address in addresses {
        let from = connect_from.filter(|from| from.is_ipv4() == address.is_ipv4());
        let connected = R::connect(address, from).await;
        match connected.and_then(|stream| stream.set_nodelay().map(|()| stream)) {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
