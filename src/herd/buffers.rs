//! How much memory all buffers take together, and whose are the largest.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bytes::Lock;
use crate::values::SessionId;

/// The account of a server's buffers: how much its sessions and its links have there.
///
/// A session whose buffers are empty changes nothing here. One with little is only added up; those with more than
/// [`SMALL`] are found by their size.
#[derive(Debug)]
pub(crate) struct Buffers {
    most: AtomicUsize,
    total: AtomicUsize,
    large: Lock<Large>,
}

/// As much as a session may have without ever being closed for it.
pub(crate) const SMALL: usize = 4 << 10;

/// The sessions with more than that.
#[derive(Debug, Default)]
struct Large {
    by_size: BTreeSet<(usize, SessionId)>,
    /// Those that are to be closed and have not gone yet. They count no more.
    closing: BTreeSet<SessionId>,
}

impl Buffers {
    /// An account of at most so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most: AtomicUsize::new(most), total: AtomicUsize::new(0), large: Lock::default() }
    }

    /// There may be so many from now on.
    pub(crate) fn limit(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// How many bytes there are.
    pub(crate) fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Whether there are more than there may be.
    pub(crate) fn is_over(&self) -> bool {
        self.total() > self.most.load(Ordering::Relaxed)
    }

    /// Something that had `before` bytes has `now`.
    pub(crate) fn change(&self, before: usize, now: usize) {
        if now >= before {
            self.total.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.total.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    /// How much the session has that has the most.
    pub(crate) fn largest(&self) -> usize {
        self.large.hold().by_size.last().map_or(0, |&(bytes, _)| bytes)
    }

    /// Takes the session with the most out of the account: it is to be closed.
    pub(crate) fn close_largest(&self) -> Option<SessionId> {
        let mut large = self.large.hold();
        let (bytes, session) = large.by_size.pop_last()?;
        large.closing.insert(session);
        self.change(bytes, 0);
        Some(session)
    }
}

/// What one session has in the account. Dropped, it has nothing.
#[derive(Debug)]
pub(crate) struct Share {
    buffers: Arc<Buffers>,
    session: SessionId,
    bytes: usize,
    /// Whether it may be among the large ones, or among those that are to be closed.
    was_large: bool,
}

impl Share {
    pub(crate) const fn new(buffers: Arc<Buffers>, session: SessionId) -> Self {
        Self { buffers, session, bytes: 0, was_large: false }
    }

    /// Whose it is.
    pub(crate) const fn session(&self) -> SessionId {
        self.session
    }

    /// How many bytes it has.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// It has so many bytes now.
    pub(crate) fn set(&mut self, bytes: usize) {
        if self.bytes <= SMALL && bytes <= SMALL {
            self.buffers.change(self.bytes, bytes);
            self.bytes = bytes;
        } else {
            self.set_large(bytes);
        }
    }

    fn set_large(&mut self, bytes: usize) {
        self.was_large = true;
        let mut large = self.buffers.large.hold();
        let before = (self.bytes, self.session);
        let is_counted = self.bytes <= SMALL || large.by_size.remove(&before);
        let now = if large.closing.contains(&self.session) { 0 } else { bytes };
        if now > SMALL {
            large.by_size.insert((now, self.session));
        }
        self.buffers.change(if is_counted { self.bytes } else { 0 }, now);
        self.bytes = now;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
        if self.was_large {
            self.buffers.large.hold().closing.remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account, and so many sessions.
    fn account(most: usize, sessions: u64) -> (Arc<Buffers>, Vec<Share>) {
        let buffers = Arc::new(Buffers::new(most));
        let shares = (0..sessions).map(|id| Share::new(Arc::clone(&buffers), SessionId(id))).collect();
        (buffers, shares)
    }

    #[test]
    fn the_total_is_the_sum_and_the_largest_go_first() {
        let (buffers, mut shares) = account(100_000, 4);
        for (share, bytes) in shares.iter_mut().zip([40_000, 50_000, SMALL, 9_000]) {
            share.set(bytes);
        }
        assert_eq!((buffers.total(), buffers.is_over(), buffers.largest()), (103_096, true, 50_000));
        assert_eq!(buffers.close_largest(), Some(SessionId(1)));
        assert_eq!((buffers.total(), buffers.is_over()), (53_096, false));
        shares[1].set(60_000);
        assert_eq!(buffers.total(), 53_096, "what is to be closed counts no more");
        shares[0].set(SMALL + 1);
        assert_eq!(buffers.total(), 2 * SMALL + 9_001);
        assert_eq!(buffers.close_largest(), Some(SessionId(3)));
        assert_eq!(buffers.close_largest(), Some(SessionId(0)));
        assert_eq!(buffers.close_largest(), None, "what is small is never closed");
        shares.clear();
        assert_eq!((buffers.total(), buffers.largest()), (0, 0));
        assert!(buffers.large.hold().closing.is_empty());
    }
}
