//! Replies that are not sent yet, since what they acknowledge is not safe.

use std::collections::VecDeque;
use std::io;
use std::task::{Poll, Waker};

use crate::data::{Data, NotSafe};

/// The end of a connection's output, which may not be sent yet.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    parts: VecDeque<Part>,
    len: usize,
    /// The ticket that the connection's task was registered for.
    awaited: u64,
}

/// Output that waits for one ticket.
#[derive(Debug)]
struct Part {
    ticket: u64,
    len: usize,
}

impl Withheld {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How much of the output may not be sent.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// There is more output, which waits for that ticket, if it has one, and for all that is before it.
    pub(super) fn push(&mut self, len: usize, ticket: Option<u64>) {
        match (self.parts.back_mut(), ticket) {
            (Some(last), Some(ticket)) if last.ticket < ticket => self.parts.push_back(Part { ticket, len }),
            (Some(last), _) => last.len += len,
            (None, Some(ticket)) => self.parts.push_back(Part { ticket, len }),
            (None, None) => return,
        }
        self.len += len;
    }

    /// Lets go of what is safe. The connection's task is woken when there is more of it.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn release(&mut self, data: &Data, waker: &Waker) -> io::Result<()> {
        while let Some(first) = self.parts.front() {
            let is_new = self.awaited < first.ticket;
            match data.poll_safe(first.ticket, is_new.then_some(waker)) {
                Poll::Ready(Ok(())) => {
                    self.len -= first.len;
                    self.parts.pop_front();
                }
                Poll::Ready(Err(NotSafe)) => return Err(io::Error::other(NotSafe)),
                Poll::Pending => {
                    self.awaited = self.awaited.max(first.ticket);
                    break;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_waits_for_its_ticket_and_for_what_is_before_it() {
        let mut withheld = Withheld::default();
        withheld.push(10, None);
        assert!(withheld.is_empty(), "nothing is to be waited for");
        for (len, ticket) in [(10, Some(3)), (5, None), (7, Some(3)), (2, Some(4)), (1, None)] {
            withheld.push(len, ticket);
        }
        let parts: Vec<_> = withheld.parts.iter().map(|part| (part.ticket, part.len)).collect();
        assert_eq!((parts, withheld.len()), (vec![(3, 22), (4, 3)], 25));
    }
}
