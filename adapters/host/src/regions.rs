//! What joins a server to other regions: its bus, on a thread of its own.

use std::sync::{Arc, Mutex};
use std::task::Waker;

use herd::{Event, Node, Post, Turn};
use herd_nats::{Bus, Host, Phase};

use crate::config::Settings;
use crate::lock::lock;
use crate::runtime::Runtime;
use crate::server::StartError;
use crate::shared::Shared;
use crate::shutdown::{self, Role, Task};
use crate::whole;

/// Makes a node one of its region, if there is one; the bus to the others is not connected yet.
pub(crate) fn join(settings: &Settings, node: &Node) -> Result<Option<Arc<Bus>>, StartError> {
    let Some(region) = &settings.region else { return Ok(None) };
    let nonce = getrandom::u64().map_err(|error| StartError::Random(error.into()))?;
    node.join_region(region.region.clone());
    Ok(Some(Arc::new(Bus::new(region.clone(), &node.name(node.me()), nonce))))
}

/// Starts a server's bus. It ends behind all tasks of the server, and is to be started behind one of them at least.
pub(crate) fn start<R: Runtime>(shared: &Arc<Shared<R>>, bus: &Arc<Bus>) {
    let task = Mutex::new(Task::new(&shared.shutdown, Role::Bus));
    let (bus, host) = (Arc::clone(bus), Arc::new(BusHost { shared: Arc::clone(shared), task }));
    let server = Arc::clone(shared);
    whole::spawn_blocking::<R>(&shared.shutdown, move || {
        if let Err(error) = bus.run(&(host as Arc<dyn Host>)) {
            let remedy = "let the process have more open files or threads, and start it again";
            tracing::error!(target: "herd::regions", server = server.name(), %error, remedy, "other regions cannot be joined");
        }
    });
}

/// A server, as its bus sees it.
struct BusHost<R: Runtime> {
    shared: Arc<Shared<R>>,
    task: Mutex<Task>,
}

impl<R: Runtime> Host for BusHost<R> {
    fn node(&self) -> &Node {
        &self.shared.node
    }

    fn handle(&self, event: Event<'_>) {
        self.shared.handle(&mut Turn::default(), event);
    }

    fn poll_regions(&self, posts: &mut Vec<Post>) -> bool {
        let mut turn = Turn::at(self.shared.clock.now());
        let has_more = self.shared.node.poll_regions(&mut turn, posts);
        self.shared.perform(&mut turn, None);
        has_more
    }

    fn phase(&self, waker: &Waker) -> Phase {
        // Where the runtime ends, so do all tasks, and nobody stops the server.
        if self.shared.shutdown.has_ended() {
            return Phase::Over;
        }
        match lock(&self.task).phase(waker) {
            shutdown::Phase::Running => Phase::Running,
            shutdown::Phase::Stopping => Phase::Stopping,
            shutdown::Phase::Over => Phase::Over,
        }
    }
}
