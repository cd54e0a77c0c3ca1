//! How much is kept, and how much may be.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::herd::Limits;

/// What all shards of a store take together.
#[derive(Debug)]
pub(super) struct Account {
    /// How many clients are known, or may become known while somebody has [`Room`] for them.
    clients: AtomicUsize,
    /// How many bytes were set aside for their records.
    bytes: AtomicUsize,
    most_clients: AtomicUsize,
    most_bytes: AtomicUsize,
}

/// Room for clients that are not known yet. What is left of it is given back.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    left: usize,
    /// Whether more bytes may be set aside for them.
    may_grow: bool,
    account: &'a Account,
}

impl Account {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            clients: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most_clients: AtomicUsize::new(limits.clients),
            most_bytes: AtomicUsize::new(limits.client_bytes),
        }
    }

    /// There may be so many from now on.
    pub(super) fn limit(&self, limits: &Limits) {
        self.most_clients.store(limits.clients, Relaxed);
        self.most_bytes.store(limits.client_bytes, Relaxed);
    }

    /// Room for so many clients more, whatever their records take, if the bytes are not used up: what one pass brings
    /// goes past that bound by no more than the pass is long.
    pub(super) fn room(&self, clients: usize) -> Option<Room<'_>> {
        if self.may_grow() { self.room_within(clients) } else { None }
    }

    /// Room for one client more, or none. Where the bytes are used up it must do with what was set aside.
    pub(super) fn room_for_one(&self) -> Room<'_> {
        self.room_within(1).unwrap_or(Room { left: 0, may_grow: false, account: self })
    }

    fn room_within(&self, clients: usize) -> Option<Room<'_>> {
        let most = self.most_clients.load(Relaxed);
        let more = |taken: usize| taken.checked_add(clients).filter(|&taken| taken <= most);
        self.clients.fetch_update(Relaxed, Relaxed, more).ok()?;
        Some(Room { left: clients, may_grow: self.may_grow(), account: self })
    }

    fn may_grow(&self) -> bool {
        self.bytes() < self.most_bytes.load(Relaxed)
    }

    /// What a shard has set aside has changed.
    pub(super) fn count_bytes(&self, before: usize, after: usize) {
        if before != after {
            // Around the end of the numbers, where it has become less.
            self.bytes.fetch_add(after.wrapping_sub(before), Relaxed);
        }
    }

    /// So many clients are not known any more.
    pub(super) fn remove(&self, clients: usize) {
        self.clients.fetch_sub(clients, Relaxed);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }
}

impl Clone for Account {
    fn clone(&self) -> Self {
        let copy = |number: &AtomicUsize| AtomicUsize::new(number.load(Relaxed));
        Self {
            clients: copy(&self.clients),
            bytes: copy(&self.bytes),
            most_clients: copy(&self.most_clients),
            most_bytes: copy(&self.most_bytes),
        }
    }
}

impl Room<'_> {
    /// Whether there is room for one more; where there is a slot for it, none need be set aside.
    pub(super) const fn is_left(&self, has_slot: bool) -> bool {
        self.left > 0 && (self.may_grow || has_slot)
    }

    /// A client has become known.
    pub(super) const fn take_one(&mut self) {
        self.left -= 1;
    }

    pub(super) const fn account(&self) -> &Account {
        self.account
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.account.remove(self.left);
    }
}
