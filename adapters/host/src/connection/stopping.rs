//! A connection while its server stops.

use std::io;
use std::task::{Context, Poll};

use herd::Turn;

use super::{Connection, End, InputEnd, TurnEnd};
use crate::closing::poll_discard;
use crate::runtime::Runtime;

impl<R: Runtime> Connection<R> {
    /// Takes no further request, and sends what is owed for those that it took; ready when that is done, or a turn is.
    /// Requests that come are dropped unread, so that a client that writes before it reads is not stuck.
    pub(super) fn poll_stopping(&mut self, context: &mut Context<'_>) -> Poll<io::Result<TurnEnd>> {
        self.work = 0;
        self.session.stop();
        if self.take_letters(context)? {
            return Poll::Ready(Ok(TurnEnd::Ended(End::NoRoom)));
        }
        // What takes longer than a pass goes on.
        while self.work < Turn::SHARE && self.session.can_resume() {
            self.pass(context, |session, node, turn| session.receive(node, turn, &[]))?;
        }
        if self.flush(context)?.is_ready() && !self.session.is_waiting() {
            return Poll::Ready(Ok(TurnEnd::Ended(End::Stopped)));
        }
        if self.input_end.is_none() && poll_discard(&mut self.stream, context, &mut self.work).is_ready() {
            self.input_end = Some(InputEnd::Whole);
        }
        if self.work < Turn::SHARE { Poll::Pending } else { Poll::Ready(Ok(TurnEnd::Spent)) }
    }
}
