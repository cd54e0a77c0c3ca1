//! What changes of a server while it runs.

use std::sync::Arc;

use herd::{Event, Notice, ServerId, Turn};

use super::error::ReloadError;
use super::{Server, links};
use crate::config::Settings;
use crate::lock::lock;
use crate::runtime::Runtime;
use crate::shutdown::{Phase, Role, Task};
use crate::{tls, whole};

impl<R: Runtime> Server<R> {
    /// Takes over, from these settings, the herd in place of the one that it has: who is in it, who talks with whom, and
    /// where; the secrets and whatever else says who is believed; what clients may do. Links to new neighbours are made,
    /// those to servers that are neighbours no more are closed, the others are left alone. Connections stay open, but for
    /// those that have used a right, or were believed by a proof, that is gone: they are closed once they have got what
    /// they are owed. The addresses of all neighbours are looked up anew.
    ///
    /// The rest of the settings, such as limits and where the server itself listens, stays as it was at the start.
    ///
    /// Servers of one herd can be told one after the other.
    ///
    /// # Errors
    /// A [`ReloadError`]: the server goes on with what it has.
    pub async fn reload(&self, settings: &Settings) -> Result<(), ReloadError> {
        self.can_take(settings)?;
        let tls = settings.tls.as_ref().map(|tls| tls.load(self.inner.shared.server_name())).transpose()?;
        let (shared, herd) = (&self.inner.shared, &settings.herd);
        let resolved = links::resolve::<R>(herd, shared.server_name()).await;
        let _one_at_a_time = lock(&self.inner.reloading);
        // As long as there is this, a stop waits before it tells the links to end.
        let _task = Task::new(&shared.shutdown, Role::Other);
        if shared.shutdown.phase() != Phase::Running {
            return Err(ReloadError::Stopping);
        }
        whole::within::<R, _>(&shared.shutdown, || {
            let mut turn = Turn::default();
            // First, so that no link connects by the new rules and with what the old ones asked for.
            let before = shared.tls.get();
            shared.tls.set(tls.clone());
            shared.tell(&mut turn, Event::Herd(Arc::clone(herd)));
            let refused = turn.notices.iter().find_map(|notice| match notice {
                Notice::HerdRefused(why) => Some(*why),
                _ => None,
            });
            shared.perform(&mut turn, None);
            if let Some(why) = refused {
                shared.tls.set(before);
                return Err(why.into());
            }
            if let Some(tls) = &tls {
                tls::tell(shared.name(), tls);
            }
            links::start(shared, &resolved, &mut turn);
            for peer in shared.neighbours.ids() {
                shared.neighbours.wake(peer);
            }
            // What was taken away ends at once, and not with the next line.
            shared.shutdown.wake_all();
            Ok(())
        })
    }

    /// Whether it could [take over](Self::reload) these settings, as far as can be told before.
    ///
    /// # Errors
    /// Why it could not.
    pub(crate) fn can_take(&self, settings: &Settings) -> Result<ServerId, ReloadError> {
        let shared = &self.inner.shared;
        let name = shared.server_name();
        let not_a_member = || ReloadError::NotAMember { name: name.clone() };
        let server = settings.herd.find(name.as_bytes()).ok_or_else(not_a_member)?;
        if settings.herd.hash_key() != shared.node.herd().hash_key() {
            return Err(ReloadError::HashKey);
        }
        // It goes on listening where it does.
        let mut running = settings.clone();
        running.listen[server.index()] = self.inner.address.to_string();
        running.guard(&[server])?;
        Ok(server)
    }
}
