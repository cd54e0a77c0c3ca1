//! The bus of a server, from its start to its stop.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use herd::{RegionStatus, ServerName};
use tokio::runtime::Builder;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::arrivals::Arrivals;
use crate::connecting::{self, Link};
use crate::host::{Host, Phase};
use crate::region::Region;
use crate::settings::Settings;
use crate::state::State;
use crate::subjects::Subjects;

/// How often it is looked whether there is a server left.
const LOOK: Duration = Duration::from_secs(1);

/// How long each of the last things may take: to give the lease back, and to have everything with NATS.
const LAST: Duration = Duration::from_millis(200);

/// What joins a server to other regions.
///
/// It has a thread, which is whoever calls [`run`](Self::run), and a small runtime there. Everything else can be called
/// from any thread, and waits for nobody.
#[derive(Debug)]
pub struct Bus {
    pub(crate) settings: Settings,
    pub(crate) subjects: Subjects,
    pub(crate) state: State,
    called: Notify,
}

impl Bus {
    /// The bus of the server of that name, which is not connected yet. The nonce is another one at each start.
    #[must_use]
    pub fn new(settings: Settings, server: &ServerName, nonce: u64) -> Self {
        let subjects = Subjects::new(&settings.prefix, &settings.region, nonce);
        Self { subjects, state: State::new(&settings, server), called: Notify::new(), settings }
    }

    /// The node has something to do for other regions.
    pub fn call(&self) {
        self.called.notify_one();
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> RegionStatus {
        self.state.status()
    }

    /// What needs a person, each in a sentence.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        self.state.all_wrong()
    }

    /// Moves messages until the server's stop is over.
    ///
    /// # Errors
    /// Where the system has no room for a runtime. Nothing was done.
    pub fn run(self: &Arc<Self>, host: &Arc<dyn Host>) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.serve(host));
        Ok(())
    }

    async fn serve(self: &Arc<Self>, host: &Arc<dyn Host>) {
        let (link, linked) = watch::channel(Link::default());
        let (phase, phases) = watch::channel(Phase::Running);
        let client = connecting::connect(self, link).await;
        let (arrivals, queue) = Arrivals::new();
        let region = Region::new(self, host.as_ref(), client, (linked, phases), arrivals);
        // One task for all of it: nothing here is done at the same moment as something else.
        tokio::select! {
            () = async {
                watch_phase(host.as_ref(), &phase).await;
                let _ = timeout(LAST, region.without_lease()).await;
            } => {}
            () = region.post(&self.called) => {}
            () = region.send_arrivals(queue) => {}
            () = region.take_part() => {}
        }
        let _ = timeout(LAST, region.client.flush()).await;
        region.leave("stopping");
    }
}

/// Lets everybody know how far the server's stop has come, until it is over.
async fn watch_phase(host: &dyn Host, phase: &watch::Sender<Phase>) {
    while *phase.borrow() != Phase::Over {
        let moved = poll_fn(|context| match host.phase(context.waker()) {
            now if now == *phase.borrow() => Poll::Pending,
            now => {
                phase.send_replace(now);
                Poll::Ready(())
            }
        });
        // Where a runtime ends that nobody has stopped, nobody wakes anything.
        let _ = timeout(LOOK, moved).await;
    }
}
