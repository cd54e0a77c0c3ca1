//! A runtime's stream, in plain text or within TLS, as hyper wants it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use herd::{Buffer, Turn};
use herd_web::{Letters as _, Peer};
use hyper::rt::{Read, ReadBufCursor, Write};

use super::host::HostLetters;
use crate::runtime::{Runtime, Stream};
use crate::scratch;
use crate::shared::Shared;
use crate::tls::{Input, Secured, Step};

/// As much as hyper holds of what the other end does not read, about.
const UNSENT: usize = 64 << 10;

/// How far the output of a connection has come.
#[derive(Debug, Default)]
pub(crate) struct Written {
    bytes: AtomicU64,
    is_blocked: AtomicBool,
    is_to_be_closed: AtomicBool,
}

impl Written {
    /// While the other end does not read: how much it has.
    pub(super) fn blocked_at(&self) -> Option<u64> {
        self.is_blocked.load(Ordering::Relaxed).then(|| self.bytes.load(Ordering::Relaxed))
    }

    /// Whether buffers are full, and this one has the most.
    pub(super) fn is_to_be_closed(&self) -> bool {
        self.is_to_be_closed.load(Ordering::Relaxed)
    }
}

/// A connection.
pub(crate) struct HttpStream<R: Runtime> {
    shared: Arc<Shared<R>>,
    stream: Secured<R::Stream>,
    peer: Arc<Peer>,
    written: Arc<Written>,
    /// What was read, and hyper had no room for.
    held: Vec<u8>,
    /// What it counts among the buffers, once the other end did not read.
    counted: Option<(Buffer, HostLetters<R>)>,
}

impl<R: Runtime> HttpStream<R> {
    pub(super) fn new(shared: &Arc<Shared<R>>, stream: R::Stream, peer: &Arc<Peer>, written: &Arc<Written>) -> Self {
        let (shared, peer, written) = (Arc::clone(shared), Arc::clone(peer), Arc::clone(written));
        Self { shared, stream: Secured::accepted(stream), peer, written, held: Vec::new(), counted: None }
    }

    /// The stream itself.
    pub(super) fn inner(&mut self) -> &mut Secured<R::Stream> {
        &mut self.stream
    }

    /// Reads once; how much of that is to be read, and what hyper has no room for.
    fn read(&mut self, context: &mut Context<'_>, cursor: &mut ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut input = scratch::Input::borrow();
        loop {
            let shared = &self.shared;
            let taken = ready!(self.stream.poll_take(context, &mut input, || shared.tls.get()))?;
            if let Some(Step::Done(_)) = taken.step {
                self.peer.encrypted();
            }
            match taken.input {
                Input::Bytes(0) => {}
                Input::Bytes(len) => {
                    let fits = len.min(cursor.remaining());
                    cursor.put_slice(&input[..fits]);
                    self.held.extend_from_slice(&input[fits..len]);
                    return Poll::Ready(Ok(()));
                }
                Input::End { is_whole: true } => return Poll::Ready(Ok(())),
                Input::End { is_whole: false } => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            }
        }
    }

    /// Notes whether the other end reads, and counts what waits for it.
    fn note(&mut self, context: &mut Context<'_>, is_blocked: bool) {
        let was_blocked = self.written.is_blocked.swap(is_blocked, Ordering::Relaxed);
        if is_blocked == was_blocked && !is_blocked {
            return;
        }
        let shared = &self.shared;
        let (buffer, letters) = self.counted.get_or_insert_with(|| {
            let letters = HostLetters::new(shared);
            (shared.node.buffer(letters.id()), letters)
        });
        if is_blocked != was_blocked {
            let mut turn = Turn::at(shared.clock.now());
            let unsent = self.held.capacity() + self.stream.unsent() + UNSENT;
            buffer.holds(&shared.node, &mut turn, if is_blocked { unsent } else { 0 });
            shared.perform(&mut turn, None);
        }
        if letters.poll(context).is_ready() {
            self.written.is_to_be_closed.store(true, Ordering::Relaxed);
            context.waker().wake_by_ref();
        }
    }
}

impl<R: Runtime> Read for HttpStream<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.held.is_empty() {
            return this.read(context, &mut cursor);
        }
        let fits = this.held.len().min(cursor.remaining());
        cursor.put_slice(&this.held[..fits]);
        this.held.drain(..fits);
        if this.held.is_empty() {
            this.held = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: Runtime> Write for HttpStream<R> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.stream.poll_write(context, bytes);
        if let Poll::Ready(Ok(len)) = &written {
            this.written.bytes.fetch_add(*len as u64, Ordering::Relaxed);
        }
        this.note(context, written.is_pending());
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.poll_shutdown(context)
    }
}
