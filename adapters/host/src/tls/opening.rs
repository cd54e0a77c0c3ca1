//! The TLS handshake of a connection to a neighbour.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use herd::ServerName;
use rustls::ClientConnection;
use rustls::pki_types::{DnsName, ServerName as PeerName};

use super::fault::is_not_spoken;
use super::layer::{Input, Layer};
use super::material::Tls;
use super::stream::Secured;
use crate::runtime::Stream;

/// Why there is no TLS on a connection to a neighbour.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The other end does not speak it: it closed the connection, or answered with something else.
    NotSpoken,
    /// Anything else.
    Failed(io::Error),
}

/// Does the handshake with the neighbour of that name, whose certificate has to have it. If `patience` ends before the
/// other end has said anything, it is taken not to speak TLS.
pub(crate) async fn open<S: Stream>(
    mut stream: S,
    tls: &Tls,
    name: &ServerName,
    mut patience: Option<impl Future<Output = ()> + Unpin>,
) -> Result<Secured<S>, NotOpened> {
    let mut handshake = Handshake::new(tls, name).map_err(NotOpened::Failed)?;
    poll_fn(|context| {
        let polled = handshake.poll(&mut stream, context);
        if polled.is_pending()
            && !handshake.is_heard
            && let Some(patience) = &mut patience
            && pin!(patience).poll(context).is_ready()
        {
            return Poll::Ready(Err(NotOpened::NotSpoken));
        }
        polled
    })
    .await?;
    Ok(Secured::within(stream, handshake.layer))
}

struct Handshake {
    layer: Layer,
    /// Whether the other end has said anything.
    is_heard: bool,
}

impl Handshake {
    fn new(tls: &Tls, name: &ServerName) -> io::Result<Self> {
        let name = DnsName::try_from(name.as_str().to_owned()).map_err(io::Error::other)?;
        let client = ClientConnection::new(tls.client().clone(), PeerName::DnsName(name)).map_err(io::Error::other)?;
        Ok(Self { layer: Layer::new(client.into()), is_heard: false })
    }

    fn poll<S: Stream>(&mut self, stream: &mut S, context: &mut Context<'_>) -> Poll<Result<(), NotOpened>> {
        loop {
            let flushed = self.layer.poll_flush(stream, context);
            if let Poll::Ready(Err(error)) = flushed {
                return Poll::Ready(Err(self.failed(error)));
            }
            if !self.layer.is_handshaking() {
                return flushed.map_err(NotOpened::Failed);
            }
            // No plaintext comes before this end has said something: there is no room for any.
            match ready!(self.layer.poll_read(stream, context, &mut [])) {
                Ok((_, Input::Bytes(_))) => self.is_heard = true,
                Ok((_, Input::End { .. })) => return Poll::Ready(Err(NotOpened::NotSpoken)),
                Err(error) => return Poll::Ready(Err(self.failed(error))),
            }
        }
    }

    /// An end that comes before the first word is that of a server which does not speak TLS; so is a first word that is
    /// none of TLS.
    fn failed(&self, error: io::Error) -> NotOpened {
        if !self.is_heard && is_not_spoken(&error) { NotOpened::NotSpoken } else { NotOpened::Failed(error) }
    }
}
