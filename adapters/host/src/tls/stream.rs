//! A connection, in plain text or within TLS.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use herd::Certificate;
use socket2::TcpKeepalive;

use super::layer::{Input, Layer, Step, lend_copy};
use super::material::Tls;
use crate::runtime::Stream;

/// The first byte of each TLS record of a handshake. No request begins with it.
const HANDSHAKE: u8 = 0x16;

/// TLS was spoken to a server that has none.
#[derive(Debug, thiserror::Error)]
#[error("TLS was spoken to a server without TLS: it has no [tls]")]
pub(crate) struct NoTls;

/// A connection of a runtime's, which may be within TLS.
pub(crate) struct Secured<S> {
    stream: S,
    state: State,
}

enum State {
    /// It was accepted, and nothing has come yet.
    Undecided,
    Plain,
    Tls(Box<Layer>),
    /// Nothing more is to be said on it: what comes is not looked at.
    Shut,
}

/// What one read brought.
#[derive(Debug)]
pub(crate) struct Taken {
    /// How far the handshake has come by it, where one is under way.
    pub(crate) step: Option<Step>,
    /// What came.
    pub(crate) input: Input,
}

impl<S: Stream> Secured<S> {
    /// A connection that was accepted: its first byte tells whether it is TLS.
    pub(crate) const fn accepted(stream: S) -> Self {
        Self { stream, state: State::Undecided }
    }

    /// A connection in plain text.
    pub(crate) const fn plain(stream: S) -> Self {
        Self { stream, state: State::Plain }
    }

    /// A connection within TLS.
    pub(super) fn within(stream: S, layer: Layer) -> Self {
        Self { stream, state: State::Tls(Box::new(layer)) }
    }

    /// Whether it is within TLS, and nobody has said that it is over.
    pub(crate) const fn is_encrypted(&self) -> bool {
        matches!(self.state, State::Tls(_))
    }

    /// What the other end has shown within TLS, as it is judged by now; nothing before the handshake is done.
    pub(crate) fn judge(&self, by: &Tls) -> Option<Result<Certificate, rustls::Error>> {
        self.layer().filter(|layer| !layer.is_handshaking()).map(|layer| layer.judge(by))
    }

    /// How much memory its output takes that the other end has not taken yet.
    pub(crate) fn unsent(&self) -> usize {
        self.layer().map_or(0, Layer::unsent)
    }

    /// How much memory what came takes that is not whole enough to be read.
    pub(crate) fn unread(&self) -> usize {
        self.layer().map_or(0, Layer::unread)
    }

    fn layer(&self) -> Option<&Layer> {
        match &self.state {
            State::Tls(layer) => Some(layer),
            State::Undecided | State::Plain | State::Shut => None,
        }
    }

    /// Reads once; `tls` is what the server shows to whoever begins with TLS.
    ///
    /// # Errors
    /// Those of the connection, and of TLS: the other end is told then, as far as it listens.
    pub(crate) fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
        tls: impl FnOnce() -> Option<Arc<Tls>>,
    ) -> Poll<io::Result<Taken>> {
        match &mut self.state {
            State::Plain | State::Shut => {
                Poll::Ready(Ok(Taken::plain(ready!(self.stream.poll_read(context, buffer))?)))
            }
            State::Tls(layer) => {
                let (step, input) = ready!(layer.poll_read(&mut self.stream, context, buffer))?;
                Poll::Ready(Ok(Taken { step, input }))
            }
            State::Undecided => {
                let len = ready!(self.stream.poll_read(context, buffer))?;
                if len == 0 || buffer[0] != HANDSHAKE {
                    self.state = State::Plain;
                    return Poll::Ready(Ok(Taken::plain(len)));
                }
                let tls = tls().ok_or_else(|| io::Error::other(NoTls))?;
                Poll::Ready(self.begin(context, buffer, len, tls))
            }
        }
    }

    /// The first bytes were ciphertext.
    fn begin(&mut self, context: &mut Context<'_>, buffer: &mut [u8], len: usize, tls: Arc<Tls>) -> io::Result<Taken> {
        let mut layer = Box::new(Layer::server(tls)?);
        let stream = &mut self.stream;
        let (step, input) =
            lend_copy(buffer, len, |ciphertext, plaintext| layer.take(stream, context, ciphertext, plaintext))?;
        self.state = State::Tls(layer);
        Ok(Taken { step, input })
    }
}

impl Taken {
    const fn plain(len: usize) -> Self {
        Self { step: None, input: if len == 0 { Input::End { is_whole: true } } else { Input::Bytes(len) } }
    }
}

impl<S: Stream> Stream for Secured<S> {
    /// Also at an end that the other end has not announced.
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let layer = match &mut self.state {
            State::Tls(layer) => layer,
            State::Undecided | State::Plain | State::Shut => return self.stream.poll_read(context, buffer),
        };
        loop {
            match ready!(layer.poll_read(&mut self.stream, context, buffer))?.1 {
                Input::Bytes(0) => {}
                Input::Bytes(len) => return Poll::Ready(Ok(len)),
                Input::End { .. } => return Poll::Ready(Ok(0)),
            }
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.state {
            State::Tls(layer) => layer.poll_write(&mut self.stream, context, bytes),
            State::Undecided | State::Plain | State::Shut => self.stream.poll_write(context, bytes),
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Tls(layer) => layer.poll_flush(&mut self.stream, context),
            State::Undecided | State::Plain | State::Shut => Poll::Ready(Ok(())),
        }
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.stream.set_nodelay()
    }

    fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()> {
        self.stream.set_keepalive(keepalive)
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let State::Tls(layer) = &mut self.state {
            ready!(layer.poll_close(&mut self.stream, context))?;
        }
        self.state = State::Shut;
        self.stream.poll_shutdown(context)
    }
}
