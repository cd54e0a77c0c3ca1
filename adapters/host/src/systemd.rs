//! What systemd is told of a process that it has started: see `sd_notify(3)`. Where somebody else has, nothing is told.

use herd_command::one_line;
use sd_notify::NotifyState::{self, Ready, Reloading, Status, Stopping};

use crate::runtime::Runtime;
use crate::server::Server;

/// These servers run, with the settings that they have now.
pub(crate) fn ready<R: Runtime>(servers: &[Server<R>]) {
    let addresses: Vec<_> = servers.iter().map(|server| format!("{} on {}", server.name(), server.address())).collect();
    tell(&[Ready, Status(&one_line(&addresses.join(", ")))]);
}

/// Settings are being read again. One of the other two follows.
pub(crate) fn reloading() {
    // systemd wants both in one message, and asks nobody without a clock.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[Reloading, now]);
    }
}

/// The servers run on with the old settings, for that reason.
pub(crate) fn refused(why: &str) {
    tell(&[Ready, Status(&format!("The old settings stay: {}", one_line(why)))]);
}

/// The servers stop.
pub(crate) fn stopping() {
    tell(&[Stopping, Status("Stopping")]);
}

/// Whether it arrives changes nothing for the servers.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(target: "herd::server", %error, "systemd could not be told");
    }
}
