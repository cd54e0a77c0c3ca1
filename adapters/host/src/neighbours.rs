//! The ways to the tasks of the neighbours' links.

use std::sync::{Arc, PoisonError, RwLock};

use herd::ServerId;

use crate::wake_flag::WakeFlag;

/// What tells each neighbour's task that the node has something for it, by [`ServerId::index`]: none for servers that are
/// no neighbours.
#[derive(Debug, Default)]
pub(crate) struct Neighbours(RwLock<Vec<Option<Way>>>);

#[derive(Clone, Debug)]
struct Way {
    peer: ServerId,
    flag: Arc<WakeFlag>,
}

impl Neighbours {
    /// Has that neighbour's task look at its link.
    pub(crate) fn wake(&self, peer: ServerId) {
        let ways = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(Some(way)) = ways.get(peer.index()) {
            way.flag.set();
        }
    }

    /// A flag, which is set, for a task to be started for that neighbour; none if it has one.
    pub(crate) fn add(&self, peer: ServerId) -> Option<Arc<WakeFlag>> {
        let mut ways = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if ways.len() <= peer.index() {
            ways.resize(peer.index() + 1, None);
        }
        let way = &mut ways[peer.index()];
        if way.is_some() {
            return None;
        }
        let flag = Arc::new(WakeFlag::default());
        flag.set();
        *way = Some(Way { peer, flag: Arc::clone(&flag) });
        Some(flag)
    }

    /// Forgets the task of that neighbour if `is_over` holds, while none can be added.
    pub(crate) fn remove_if(&self, peer: ServerId, is_over: impl FnOnce() -> bool) {
        let mut ways = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if is_over()
            && let Some(way) = ways.get_mut(peer.index())
        {
            *way = None;
        }
    }

    /// The neighbours whose tasks have not ended.
    pub(crate) fn ids(&self) -> Vec<ServerId> {
        let ways = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ways.iter().flatten().map(|way| way.peer).collect()
    }
}
