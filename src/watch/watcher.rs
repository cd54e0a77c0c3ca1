//! Who watches: its watches, and what it has still to be told.

use core::fmt;
use std::collections::VecDeque;
use std::sync::Arc;

use super::inbox::Inbox;
use super::registry::{Abandoned, WatchId, Watches};
use crate::access::Rights;
use crate::bytes::Lock;
use crate::herd::{Limits, Share};
use crate::values::SessionId;
use crate::wire::Target;

/// Somebody who is told of changes: a session has one, and whoever embeds a node can have one.
///
/// It is made by [`Node::watcher`](crate::Node::watcher). Where there is something to be told, an
/// [`Action::Look`](crate::Action::Look) names its id, and [`Node::tell`](crate::Node::tell) gives it. Dropped, it watches no
/// more.
pub struct Watcher {
    session: SessionId,
    inbox: Arc<Lock<Inbox>>,
    watches: Vec<Own>,
    next: u32,
    /// Those of which it was not told all that there is at the start.
    gathering: VecDeque<WatchId>,
    rights: Arc<Rights>,
    /// Whether it may see other clients than it was told of.
    is_outdated: bool,
    abandoned: Arc<Abandoned>,
}

/// One of its watches.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) id: WatchId,
    pub(crate) number: u32,
    pub(crate) target: Target,
}

impl Watcher {
    /// One that watches nothing yet. As many clients may wait for it.
    pub(crate) fn new(share: Share, rights: Arc<Rights>, most: usize, watches: &Watches) -> Self {
        Self {
            session: share.session(),
            inbox: Arc::new(Lock::new(Inbox::new(share, most))),
            watches: Vec::new(),
            next: 0,
            gathering: VecDeque::new(),
            rights,
            is_outdated: false,
            abandoned: Arc::clone(&watches.abandoned),
        }
    }

    /// The id that it was made with.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.session
    }

    /// The targets of its watches and fences.
    pub fn targets(&self) -> impl Iterator<Item = &[u8]> {
        self.watches.iter().map(|own| &*own.target.text)
    }

    /// Whether there is anything to be told.
    #[must_use]
    pub fn has_more(&self) -> bool {
        let inbox = self.inbox.hold();
        !inbox.awaits() && (self.is_gathering() || self.is_outdated || inbox.has_more())
    }

    /// Whether the start that is being told waits for other regions.
    pub(crate) fn awaits_regions(&self) -> bool {
        self.inbox.hold().awaits()
    }

    /// It does from now on, or not any more.
    pub(crate) fn set_awaits_regions(&self, awaits: bool) {
        self.inbox.hold().set_awaits(awaits);
    }

    /// Whether the start of a watch is being told: nothing else may come between.
    pub(crate) fn is_gathering(&self) -> bool {
        !self.gathering.is_empty()
    }

    /// What it may see.
    pub(crate) const fn rights(&self) -> &Arc<Rights> {
        &self.rights
    }

    /// It may see other clients from now on: it begins anew.
    pub(crate) fn set_rights(&mut self, rights: &Rights) {
        if rights.watch() != self.rights.watch() {
            self.rights = Arc::new(rights.clone());
            self.is_outdated = !self.watches.is_empty();
        }
    }

    /// The watch of that target, if it has one.
    pub(crate) fn find(&self, text: &[u8]) -> Option<&Own> {
        self.watches.iter().find(|own| *own.target.text == *text)
    }

    /// The watch whose start is being told.
    pub(crate) fn first_gathering(&self) -> Option<&Own> {
        let first = self.gathering.front()?;
        self.watches.iter().find(|own| own.id == *first)
    }

    /// What the next watch is to be called.
    pub(crate) const fn next_number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// It has another watch, whose start is to be told.
    pub(crate) fn add(&mut self, id: WatchId, number: u32, target: &Target) {
        self.watches.push(Own { id, number, target: target.clone() });
        self.gathering.push_back(id);
    }

    /// Has one watch less, of which nothing more is told; which it was.
    pub(crate) fn remove(&mut self, text: &[u8]) -> Option<WatchId> {
        let index = self.watches.iter().position(|own| *own.target.text == *text)?;
        let Own { id, number, .. } = self.watches.remove(index);
        self.gathering.retain(|gathering| *gathering != id);
        let mut inbox = self.inbox.hold();
        inbox.set_awaits(false);
        inbox.forget(number);
        if self.gathering.is_empty() {
            inbox.let_go();
        }
        drop(inbox);
        Some(id)
    }

    /// As many clients may wait for it from now on, and as many bytes may be unsent.
    pub(crate) fn limit(&self, limits: &Limits) {
        self.inbox.hold().limit(limits.watch_queue, limits.max_unsent);
    }

    /// What it shares with those who have news for it.
    pub(crate) fn inbox(&self) -> Arc<Lock<Inbox>> {
        Arc::clone(&self.inbox)
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.watches.len()
    }

    /// The start of the first was told.
    pub(crate) fn gathered(&mut self) {
        self.gathering.pop_front();
        if self.gathering.is_empty() {
            self.inbox.hold().let_go();
        }
    }

    /// Whether what it knows is void, or not all that it should know, and the start of no watch is being told.
    pub(crate) fn is_void(&self) -> bool {
        !self.is_gathering() && (self.is_outdated || self.inbox.hold().is_lost())
    }

    /// Whether it begins anew, since it was too slow, or may see other clients. From here on it does: what it knew is void,
    /// and the start of each watch is to be told.
    pub(crate) fn begins_anew(&mut self) -> bool {
        let begins = self.is_void();
        if begins {
            self.is_outdated = false;
            self.inbox.hold().clear();
            self.gathering = self.watches.iter().map(|own| own.id).collect();
        }
        begins
    }

    /// Whether all was told that came before the start which is being told: only then does that go on.
    pub(crate) fn holds_back(&self) -> bool {
        self.inbox.hold().hold_back()
    }

    /// The watches whose starts are to be told.
    pub(crate) fn gathering(&self) -> impl Iterator<Item = WatchId> {
        self.gathering.iter().copied()
    }

    /// Appends what waits for it, until `out` has so many bytes.
    pub(crate) fn read(&self, most: usize, out: &mut Vec<u8>) {
        let target = |number| self.watches.iter().find(|own| own.number == number).map(|own| &*own.target.text);
        self.inbox.hold().read(most, target, out);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.hold().close();
        self.abandoned.hold().extend(self.watches.iter().map(|own| own.id));
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, watches, gathering, .. } = self;
        let mut watcher = f.debug_struct("Watcher");
        watcher
            .field("session", session)
            .field("watches", watches)
            .field("gathering", gathering)
            .finish_non_exhaustive()
    }
}
