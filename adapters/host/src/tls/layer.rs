//! The TLS of one connection.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::thread::LocalKey;

use herd::Certificate;
use rustls::{Connection, ServerConnection};

use super::material::Tls;
use super::records::Records;
use crate::runtime::{Stream, write_all};

/// How much ciphertext is read at once, and so how many records at most.
const READ: usize = 32 << 10;

/// How much plaintext is encrypted at once, four records, unless ciphertext waits that the other end has not taken.
const WRITE: usize = 64 << 10;

/// The largest record of any version, with its header.
const LARGEST_RECORD: usize = (16 << 10) + 2048 + 5;

/// How much plaintext TLS holds while it still takes ciphertext.
const HELD_PLAINTEXT: usize = 16 << 10;

/// Why the other end is not heard: the layer's own words for what rustls does not say.
const CLOSED_EARLY: &str = "closed during the TLS handshake";

/// How far a handshake has come.
#[derive(Debug)]
pub(crate) enum Step {
    /// It began, and goes on.
    Begun,
    /// It goes on.
    On,
    /// It is done, and the other end has shown this, or what is not valid.
    Done(Result<Certificate, rustls::Error>),
}

/// What one read brought.
#[derive(Debug)]
pub(crate) enum Input {
    /// So many bytes; 0 where only TLS itself had something to say.
    Bytes(usize),
    /// The end; whether the other end has said so, or was cut off, maybe by somebody between.
    End {
        /// Whether it has said so.
        is_whole: bool,
    },
}

/// The TLS of one connection: from ciphertext to plaintext and back.
///
/// What is read and written goes through memory that the thread lends, so that a connection at rest holds only what
/// rustls keeps for it.
pub(super) struct Layer {
    tls: Connection,
    /// Whose judgement of the other end's certificate is to come, on a connection that was accepted.
    judge: Option<Arc<Tls>>,
    /// How much of a record has come, the rest of which has not.
    records: Records,
    /// How much of the handshake has come.
    handshake: usize,
    /// Ciphertext that the other end has not taken yet, from `sent` on.
    waiting: Vec<u8>,
    sent: usize,
    is_closed_by_peer: bool,
    is_closed: bool,
}

impl Layer {
    /// That of a connection which was accepted.
    pub(super) fn server(tls: Arc<Tls>) -> io::Result<Self> {
        let connection = ServerConnection::new(Arc::clone(tls.server())).map_err(io::Error::other)?;
        let mut layer = Self::new(connection.into());
        layer.judge = Some(tls);
        Ok(layer)
    }

    /// That of either end.
    pub(super) fn new(mut tls: Connection) -> Self {
        // What is encrypted goes out at once, or is kept here and nothing more is encrypted.
        tls.set_buffer_limit(None);
        Self {
            tls,
            judge: None,
            records: Records::default(),
            handshake: 0,
            waiting: Vec::new(),
            sent: 0,
            is_closed_by_peer: false,
            is_closed: false,
        }
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// How much memory ciphertext takes that the other end has not taken yet.
    pub(super) const fn unsent(&self) -> usize {
        self.waiting.capacity()
    }

    /// How much memory ciphertext takes that is no whole record yet, or no whole handshake.
    pub(super) fn unread(&self) -> usize {
        if self.is_handshaking() { self.handshake } else { self.records.held() }
    }

    /// Reads once, unless there is plaintext left from the last time, into `plaintext`.
    pub(super) fn poll_read<S: Stream>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        plaintext: &mut [u8],
    ) -> Poll<io::Result<(Option<Step>, Input)>> {
        let left = self.read(plaintext)?;
        if left > 0 {
            return Poll::Ready(Ok((None, Input::Bytes(left))));
        }
        if self.is_closed_by_peer {
            return Poll::Ready(Ok((None, Input::End { is_whole: true })));
        }
        lend(&INCOMING, |ciphertext| {
            ciphertext.resize(READ, 0);
            let len = ready!(stream.poll_read(context, &mut ciphertext[..most_for(plaintext.len())]))?;
            if len > 0 {
                return Poll::Ready(self.take(stream, context, &ciphertext[..len], plaintext));
            }
            if self.is_handshaking() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, CLOSED_EARLY)));
            }
            Poll::Ready(Ok((None, Input::End { is_whole: false })))
        })
    }

    /// Takes ciphertext, puts what it holds into `plaintext`, and sends what TLS itself has to say to that.
    pub(super) fn take<S: Stream>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        ciphertext: &[u8],
        plaintext: &mut [u8],
    ) -> io::Result<(Option<Step>, Input)> {
        let (was_handshaking, is_first) = (self.is_handshaking(), self.handshake == 0);
        let decrypted = self.decrypt(ciphertext, plaintext);
        // Also where it failed: the other end is told why.
        let sent = self.poll_flush(stream, context);
        let len = decrypted?;
        if let Poll::Ready(sent) = sent {
            sent?;
        }
        let step = if !was_handshaking {
            None
        } else if !self.is_handshaking() {
            Some(Step::Done(self.judged()))
        } else if is_first {
            Some(Step::Begun)
        } else {
            Some(Step::On)
        };
        let input = if len == 0 && self.is_closed_by_peer { Input::End { is_whole: true } } else { Input::Bytes(len) };
        Ok((step, input))
    }

    /// rustls takes 4 KiB at a time, and gives out what it has decrypted before it takes more.
    fn decrypt(&mut self, mut ciphertext: &[u8], plaintext: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        while !ciphertext.is_empty() && !self.is_closed_by_peer {
            let before = ciphertext;
            let taken = self.tls.read_tls(&mut ciphertext)?;
            self.records.follow(&before[..taken]);
            if self.is_handshaking() {
                self.handshake = self.handshake.saturating_add(taken);
            }
            let state =
                self.tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            self.is_closed_by_peer = state.peer_has_closed();
            len += self.read(&mut plaintext[len..])?;
        }
        Ok(len)
    }

    /// Takes what is decrypted already.
    fn read(&mut self, plaintext: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        while len < plaintext.len() {
            match self.tls.reader().read(&mut plaintext[len..]) {
                Ok(0) => break,
                Ok(more) => len += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(len)
    }

    fn judged(&mut self) -> Result<Certificate, rustls::Error> {
        self.judge.take().map_or(Ok(Certificate::Absent), |judge| self.judge(&judge))
    }

    /// What the other end has shown is by that judgement.
    pub(super) fn judge(&self, by: &Tls) -> Result<Certificate, rustls::Error> {
        by.judge(self.tls.peer_certificates().unwrap_or_default())
    }

    /// Encrypts some of `plaintext` and sends as much of it as the other end takes; how much was encrypted. None is while
    /// ciphertext waits.
    pub(super) fn poll_write<S: Stream>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        plaintext: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(stream, context))?;
        let len = self.tls.writer().write(&plaintext[..plaintext.len().min(WRITE)])?;
        match self.poll_flush(stream, context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(len)),
        }
    }

    /// Sends ciphertext; ready when none waits.
    pub(super) fn poll_flush<S: Stream>(&mut self, stream: &mut S, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.waiting.is_empty() {
            let (sent, error) = write_all(stream, context, &self.waiting[self.sent..]);
            if let Some(error) = error {
                return Poll::Ready(Err(error));
            }
            self.sent += sent;
            if self.sent < self.waiting.len() {
                return Poll::Pending;
            }
            (self.waiting, self.sent) = (Vec::new(), 0);
        }
        if !self.tls.wants_write() {
            return Poll::Ready(Ok(()));
        }
        lend(&OUTGOING, |ciphertext| {
            ciphertext.clear();
            while self.tls.wants_write() {
                self.tls.write_tls(ciphertext)?;
            }
            let (sent, error) = write_all(stream, context, ciphertext);
            if let Some(error) = error {
                return Poll::Ready(Err(error));
            }
            if sent < ciphertext.len() {
                self.waiting = ciphertext[sent..].to_vec();
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Tells the other end that no more will come; ready when that is sent.
    pub(super) fn poll_close<S: Stream>(&mut self, stream: &mut S, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !mem::replace(&mut self.is_closed, true) {
            self.tls.send_close_notify();
        }
        self.poll_flush(stream, context)
    }
}

/// How much may be read for so much room for plaintext: what does not fit there must fit into what rustls holds, beside
/// a record that had come in part. Where there is next to no room, little is to be expected.
fn most_for(room: usize) -> usize {
    (room + HELD_PLAINTEXT).saturating_sub(LARGEST_RECORD).clamp(4 << 10, READ)
}

type Memory = Cell<Vec<u8>>;

thread_local! {
    /// This thread's memory for ciphertext that was read, and for what is to be written.
    static INCOMING: Memory = const { Cell::new(Vec::new()) };
    static OUTGOING: Memory = const { Cell::new(Vec::new()) };
}

/// Lends some of it.
fn lend<T>(memory: &'static LocalKey<Memory>, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut ciphertext = memory.take();
    let result = work(&mut ciphertext);
    memory.set(ciphertext);
    result
}

/// Moves ciphertext that was read into `buffer` to this thread's memory, since plaintext is to be put there.
pub(super) fn lend_copy<T>(buffer: &mut [u8], len: usize, work: impl FnOnce(&[u8], &mut [u8]) -> T) -> T {
    lend(&INCOMING, |copy| {
        copy.clear();
        copy.extend_from_slice(&buffer[..len]);
        work(copy, buffer)
    })
}
