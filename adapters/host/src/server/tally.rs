//! What happens again and again, told once in a while.

use std::mem;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::runtime::{Runtime, Sleep};

/// How long after it was told the next time is told.
const MINUTE: Duration = Duration::from_mins(1);

/// How often something has happened that was not told yet, and the last of it. The first time is told at once, and then
/// once a minute what there was.
pub(super) struct Tally<T> {
    count: u64,
    last: Option<T>,
    /// While a minute lasts.
    rest: Option<Sleep>,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { count: 0, last: None, rest: None }
    }
}

impl<T> Tally<T> {
    pub(super) fn add(&mut self, last: T) {
        self.count += 1;
        self.last = Some(last);
    }

    /// Ready with what is to be told now. The task is woken when there will be something, unless that is added first.
    pub(super) fn poll<R: Runtime>(&mut self, context: &mut Context<'_>) -> Poll<(u64, T)> {
        if self.last.is_none() {
            return Poll::Pending;
        }
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(context));
        }
        self.rest = Some(Box::pin(R::sleep(MINUTE)));
        let last = self.last.take().expect("it was there");
        Poll::Ready((mem::take(&mut self.count), last))
    }
}
