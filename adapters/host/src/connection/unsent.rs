//! Output that the other end has not taken yet.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll};

use herd::Turn;

use super::piece::{PIECE, Piece};
use crate::runtime::Stream;

/// Output that waits, in pieces: what was sent is given back piece by piece, and nothing is moved or doubled when there
/// is more.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    pieces: VecDeque<Piece>,
    /// How much of the first was sent.
    sent: usize,
    len: usize,
}

impl Unsent {
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How much memory it takes.
    pub(super) fn room(&self) -> usize {
        self.pieces.iter().map(Piece::capacity).sum()
    }

    /// More is to be sent.
    pub(super) fn push(&mut self, mut output: &[u8]) {
        self.len += output.len();
        if let Some(last) = self.pieces.back_mut() {
            output = last.fill(output);
        }
        while !output.is_empty() {
            // The first is mostly all that ever waits. Behind it more is to be expected.
            let size = if self.pieces.is_empty() { output.len() } else { PIECE };
            let mut piece = Piece::with_capacity(size);
            output = piece.fill(output);
            self.pieces.push_back(piece);
        }
    }

    /// Sends what the other end takes, but for so many bytes at the end, as far as a turn goes that has done that much
    /// `work`; whether that was anything.
    pub(super) fn flush(
        &mut self,
        withheld: usize,
        stream: &mut impl Stream,
        context: &mut Context<'_>,
        work: &mut u64,
    ) -> io::Result<bool> {
        let mut any = false;
        while let Some(first) = self.pieces.front() {
            let unsent = &first[self.sent..];
            let may = unsent.len().min(self.len - withheld);
            let mut rest = &unsent[..may];
            any |= write(stream, context, &mut rest, work)?;
            let written = may - rest.len();
            let is_sent = written == unsent.len();
            self.len -= written;
            self.sent += written;
            if !is_sent {
                return Ok(any);
            }
            self.pieces.pop_front();
            self.sent = 0;
            if *work >= Turn::SHARE {
                break;
            }
        }
        // A connection at rest holds no buffer.
        if self.is_empty() {
            *self = Self::default();
        }
        Ok(any)
    }
}

/// Writes what the other end takes of `bytes`, and moves them past it; whether that was anything. It adds to the work of
/// the turn, and ends when that was a share.
pub(super) fn write(
    stream: &mut impl Stream,
    context: &mut Context<'_>,
    bytes: &mut &[u8],
    work: &mut u64,
) -> io::Result<bool> {
    let (mut any, most) = (false, *work + Turn::SHARE);
    while !bytes.is_empty() && *work < most {
        match stream.poll_write(context, bytes) {
            Poll::Pending => break,
            Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(Ok(written)) => {
                *work += Turn::work_of(written);
                *bytes = &bytes[written..];
                any = true;
            }
            Poll::Ready(Err(error)) => return Err(error),
        }
    }
    Ok(any)
}
