//! Taking connections, until the server stops.

use std::sync::Arc;
use std::time::Duration;

use super::bound::INHERITS_OPTIONS;
use crate::connection::Connection;
use crate::runtime::{Runtime, Stream};
use crate::shared::Shared;
use crate::shutdown::{Role, Task};

/// How long to wait when the system gives no more connections, mostly for want of files.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts up to so many connections at a time, until the server stops. The port is closed then, and what the system
/// still holds for it.
pub(super) async fn run<R: Runtime>(shared: Arc<Shared<R>>, listener: R::Listener, most: usize, mut task: Task) {
    loop {
        let accepted = task.until_stop(async {
            shared.shutdown.room(most).await;
            R::accept(&listener).await
        });
        match accepted.await {
            None => return,
            Some(Ok((stream, remote))) => {
                if !INHERITS_OPTIONS {
                    // A connection that is gone already says so when it is read.
                    let _ = stream.set_nodelay();
                }
                let task = Task::new(&shared.shutdown, Role::Connection);
                let mut connection = Connection::new(Arc::clone(&shared), task, stream, remote);
                R::spawn(async move { connection.serve().await });
            }
            Some(Err(error)) => {
                tracing::warn!(target: "herd::server", server = shared.name(), %error, "a connection could not be accepted");
                let _ = task.until_stop(R::sleep(PAUSE)).await;
            }
        }
    }
}
