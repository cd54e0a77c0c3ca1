//! The TLS that a server has at present, and which neighbours do not speak it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use herd::ServerId;

use super::material::Tls;
use crate::lock::lock;

/// The TLS that a server has at present, if any, and which neighbours do not speak it. A connection keeps what it began
/// with.
#[derive(Debug, Default)]
pub(crate) struct TlsSlot {
    present: RwLock<Option<Arc<Tls>>>,
    /// The neighbours that did not speak it when it was tried, and have not since.
    plain: Mutex<BTreeSet<ServerId>>,
    /// How often any of this has become other than links have taken it to be.
    generation: AtomicU64,
}

impl TlsSlot {
    pub(crate) fn new(tls: Option<Arc<Tls>>) -> Self {
        Self { present: RwLock::new(tls), ..Self::default() }
    }

    pub(crate) fn get(&self) -> Option<Arc<Tls>> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another one in its place.
    pub(crate) fn set(&self, tls: Option<Arc<Tls>>) {
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = tls;
        lock(&self.plain).clear();
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// That neighbour does not speak it.
    pub(crate) fn is_not_spoken_by(&self, peer: ServerId) {
        lock(&self.plain).insert(peer);
    }

    /// That neighbour speaks it, or may; whether it was taken not to.
    pub(crate) fn may_be_spoken_by(&self, peer: ServerId) -> bool {
        let is_news = lock(&self.plain).remove(&peer);
        if is_news {
            self.generation.fetch_add(1, Ordering::Release);
        }
        is_news
    }

    /// Whether that neighbour is taken not to speak it.
    pub(crate) fn is_plain(&self, peer: ServerId) -> bool {
        lock(&self.plain).contains(&peer)
    }

    /// It is another number whenever links should be looked at again.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
