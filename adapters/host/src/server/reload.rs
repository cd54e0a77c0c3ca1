//! What changes of a server while it runs.

use std::sync::Arc;

use herd::{Event, Notice, ServerId, Turn};

use herd_places::Source;

use super::Server;
use super::error::ReloadError;
use super::links::{self, Resolved};
use crate::config::Settings;
use crate::lock::lock;
use crate::runtime::Runtime;
use crate::shutdown::{Phase, Role, Task};
use crate::tls::{self, Tls};
use crate::whole;

/// What a server needs to take over settings, looked up before.
pub(crate) struct Prepared {
    tls: Option<Arc<Tls>>,
    resolved: Resolved,
}

impl<R: Runtime> Server<R> {
    /// Takes over, from these settings, the herd in place of the one that it has: who is in it, who talks with whom, and
    /// where; the secrets and whatever else says who is believed; what clients may do. Links to new neighbours are made,
    /// those to servers that are neighbours no more are closed, the others are left alone. Connections stay open, but for
    /// those that have used a right, or were believed by a proof, that is gone: they are closed once they have got what
    /// they are owed. The addresses of all neighbours are looked up anew.
    ///
    /// The limits are theirs too, for all that there is: where a bound is below that, newcomers are refused and nobody is
    /// closed, but for `buffers`. Where places come from is changed by [`replace_places`](Self::replace_places). The rest,
    /// such as where the server itself listens, stays as it was at the start.
    ///
    /// Servers of one herd can be told one after the other.
    ///
    /// # Errors
    /// A [`ReloadError`]: the server goes on with what it has.
    pub async fn reload(&self, settings: &Settings) -> Result<(), ReloadError> {
        let prepared = self.prepare(settings).await?;
        self.take_over(settings, prepared)
    }

    /// Looks whether it can [take over](Self::reload) these settings, and up what that needs.
    ///
    /// # Errors
    /// Why it could not.
    pub(crate) async fn prepare(&self, settings: &Settings) -> Result<Prepared, ReloadError> {
        self.can_take(settings)?;
        let name = self.inner.shared.server_name();
        let tls = settings.tls.as_ref().map(|tls| tls.load(name)).transpose()?;
        Ok(Prepared { tls, resolved: links::resolve::<R>(&settings.herd, name).await })
    }

    /// Takes over the settings that it was prepared for.
    ///
    /// # Errors
    /// As [`reload`](Self::reload).
    pub(crate) fn take_over(&self, settings: &Settings, prepared: Prepared) -> Result<(), ReloadError> {
        let (shared, Prepared { tls, resolved }) = (&self.inner.shared, prepared);
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
            shared.tell(&mut turn, Event::Herd(Arc::clone(&settings.herd)));
            let refused = turn.notices.iter().find_map(|notice| match notice {
                Notice::HerdRefused(why) => Some(*why),
                _ => None,
            });
            shared.perform(&mut turn, None);
            if let Some(why) = refused {
                shared.tls.set(before);
                return Err(why.into());
            }
            shared.handle(&mut turn, Event::Limits(Arc::new(settings.limits.clone())));
            *lock(&shared.http) = Arc::clone(&settings.http.door);
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

    /// Takes places from that source from now on, which is the one that these settings describe. Fetches that are under way
    /// end as they would have.
    pub fn replace_places(&self, settings: &Settings, source: Arc<dyn Source>) {
        self.inner.shared.replace_places(settings.places.source, source);
    }

    /// Whether it could [take over](Self::reload) these settings, as far as can be told before.
    ///
    /// # Errors
    /// Why it could not.
    fn can_take(&self, settings: &Settings) -> Result<ServerId, ReloadError> {
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
