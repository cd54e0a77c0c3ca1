//! Watching, for whoever embeds a server.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use herd::wire::Target;
use herd::{Refusal, Rights, Turn, Watcher};
use herd_web::Letters as _;

use crate::http::HostLetters;
use crate::runtime::Runtime;
use crate::shared::Shared;

/// As many bytes of lines are told at once.
const AT_ONCE: usize = 16 << 10;

/// Every change of what a program watches at its server, as the lines that a client would read: what there is now comes
/// first.
///
/// Whoever is slow is told less: past the setting `watch-queue` what waited is dropped, `AGAIN` says so, and everything
/// comes anew. Drop it to watch no longer.
pub struct Watch<R: Runtime> {
    shared: Arc<Shared<R>>,
    letters: HostLetters<R>,
    watcher: Watcher,
}

impl<R: Runtime> Watch<R> {
    pub(super) fn new(shared: &Arc<Shared<R>>) -> Self {
        let letters = HostLetters::new(shared);
        let watcher = shared.node.watcher(herd_web::Letters::id(&letters), Rights::all());
        Self { shared: Arc::clone(shared), letters, watcher }
    }

    /// Watches this too, or begins anew to watch it.
    ///
    /// # Errors
    /// As [`Node::watch`](herd::Node::watch): nothing has changed then.
    pub fn add(&mut self, target: &Target) -> Result<(), Refusal> {
        let mut turn = Turn::at(self.shared.clock.now());
        let added = self.shared.node.watch(&mut turn, &mut self.watcher, target);
        self.shared.perform(&mut turn, None);
        added
    }

    /// Watches this no longer; whether it did.
    pub fn remove(&mut self, target: &Target) -> bool {
        let mut turn = Turn::at(self.shared.clock.now());
        let removed = self.shared.node.unwatch(&mut turn, &mut self.watcher, &target.text);
        self.shared.perform(&mut turn, None);
        removed
    }

    /// Waits for the next lines: whole ones, each with an LF. None once the watch is over, because the server is down or
    /// its [buffers](herd::Limits::buffers) are full.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let is_down = self.shared.shutdown.stop.poll(context.waker()).is_ready();
        if is_down || self.letters.poll(context).is_ready() {
            return Poll::Ready(None);
        }
        let (mut turn, mut lines) = (Turn::at(self.shared.clock.now()), Vec::new());
        self.shared.node.tell(&mut turn, &mut self.watcher, AT_ONCE, &mut lines);
        self.shared.perform(&mut turn, None);
        if !lines.is_empty() {
            return Poll::Ready(Some(lines));
        }
        if self.watcher.has_more() {
            // It takes longer than a turn, and others are to have theirs.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
