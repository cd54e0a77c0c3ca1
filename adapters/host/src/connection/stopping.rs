//! A connection while its server stops.

use std::io;
use std::task::{Context, Poll};

use super::{Connection, End};
use crate::closing::poll_discard;
use crate::runtime::Runtime;

impl<R: Runtime> Connection<R> {
    /// Takes no further request, and sends what is owed for those that it took; ready when that is done. Requests that
    /// come are dropped unread, so that a client that writes before it reads is not stuck.
    pub(super) fn poll_stopping(&mut self, context: &mut Context<'_>) -> Poll<io::Result<End>> {
        self.take_answers(context)?;
        if self.flush(context)?.is_ready() && !self.session.is_waiting() {
            return Poll::Ready(Ok(End::Stopped));
        }
        if !self.is_at_end {
            self.is_at_end = poll_discard(&mut self.stream, context).is_ready();
        }
        Poll::Pending
    }
}
