//! Closing a connection so that what was sent last is not lost.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use herd::Turn;

use crate::runtime::{Runtime, Stream};
use crate::scratch::Scratch;
use crate::shutdown::{Phase, Task};

/// How long the other end may take to close too, while the server runs. One that stops gives it all the time that the
/// stop may take.
const LINGER: Duration = Duration::from_secs(2);

/// A connection on which nothing more will be written.
///
/// A socket that is closed with unread input makes TCP send a reset, and the other end may then lose
/// replies that it has not read yet. So the write side is shut down first, and input is read and
/// dropped until the other end closes too, or [`LINGER`] is over. That the other end closes also says that it has read
/// everything.
pub(crate) struct Closing<'a, S> {
    stream: &'a mut S,
    is_shut: bool,
}

impl<'a, S: Stream> Closing<'a, S> {
    pub(crate) fn new(stream: &'a mut S) -> Self {
        Self { stream, is_shut: false }
    }

    pub(crate) async fn await_end<R: Runtime>(self, task: &mut Task) {
        self.wait::<R>(task, Phase::Running).await;
    }

    /// As [`await_end`](Self::await_end), and also in a stop for no longer than while the server runs.
    pub(crate) async fn await_end_briefly<R: Runtime>(self, task: &mut Task) {
        self.wait::<R>(task, Phase::Stopping).await;
    }

    /// Lingers for so long up to that phase.
    async fn wait<R: Runtime>(mut self, task: &mut Task, last: Phase) {
        let mut sleep = pin!(R::sleep(LINGER));
        loop {
            let mut work = 0;
            let turn = poll_fn(|context| {
                let phase = task.phase(context.waker());
                if phase == Phase::Over || self.poll(context, &mut work).is_ready() {
                    return Poll::Ready(true);
                }
                if phase <= last && sleep.as_mut().poll(context).is_ready() {
                    return Poll::Ready(true);
                }
                if work < Turn::SHARE { Poll::Pending } else { Poll::Ready(false) }
            });
            if turn.await {
                return;
            }
            R::take_turns().await;
        }
    }

    fn poll(&mut self, context: &mut Context<'_>, work: &mut u64) -> Poll<()> {
        if !self.is_shut {
            match self.stream.poll_shutdown(context) {
                Poll::Ready(Ok(())) => self.is_shut = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        poll_discard(self.stream, context, work)
    }
}

/// Reads and drops what comes, as far as a turn that has done that much `work` goes; ready when nothing more will come.
pub(crate) fn poll_discard<S: Stream>(stream: &mut S, context: &mut Context<'_>, work: &mut u64) -> Poll<()> {
    Scratch::lend(|scratch| {
        while *work < Turn::SHARE {
            match stream.poll_read(context, &mut scratch.input) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(len)) => *work += Turn::work_of(len),
                Poll::Pending => break,
            }
        }
        Poll::Pending
    })
}
