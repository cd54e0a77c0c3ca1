//! The connection to NATS: made, and made again, for as long as the server runs.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{AuthError, Client, ConnectOptions, Event, ServerError};
use tokio::sync::watch;

use crate::bus::Bus;
use crate::state::About;

/// How long a server may take to let a client in.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often NATS is asked whether it is there. Three times without an answer, and the connection is made anew.
const PING: Duration = Duration::from_secs(2);

/// As many messages may wait until they are written: one of 64 KiB each, so 8 MiB.
const MOST_UNWRITTEN: usize = 128;

/// As many messages may wait of each subject until they are taken: as above, 64 MiB.
const MOST_UNTAKEN: usize = 1024;

/// The longest pause before a connection is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Whether there is a connection, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// How often there was one.
    pub(crate) number: u64,
    pub(crate) is_up: bool,
}

/// Begins to connect, and tells `link` from then on how that goes.
pub(crate) async fn connect(bus: &Arc<Bus>, link: watch::Sender<Link>) -> Client {
    let options = options(bus, link);
    let servers: Vec<_> = bus.settings.nats.iter().map(|url| url.0.clone()).collect();
    // It is tried in the background, and again.
    options.connect(servers).await.expect("the servers' addresses are read already")
}

fn options(bus: &Arc<Bus>, link: watch::Sender<Link>) -> ConnectOptions {
    let settings = &bus.settings;
    let mut options = match settings.login.clone() {
        None => ConnectOptions::new(),
        Some(login) => ConnectOptions::with_auth_callback(move |nonce| {
            let auth = login.auth(&nonce).map_err(AuthError::new);
            async move { auth }
        }),
    };
    if let Some(ca) = &settings.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let Some((certificate, key)) = &settings.certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    let (told, tried) = (Arc::clone(bus), Arc::clone(bus));
    options
        .name(format!("herd {} of {}", bus.state.server(), settings.region))
        .custom_inbox_prefix(bus.subjects.inbox())
        .retry_on_initial_connect()
        .connection_timeout(PATIENCE)
        .ping_interval(PING)
        .client_capacity(MOST_UNWRITTEN)
        .subscription_capacity(MOST_UNTAKEN)
        .reconnect_delay_callback(pause)
        .reconnect_to_server_callback(move |servers, _| {
            // It is asked before each attempt, and only here is it said why those before have failed.
            let failed = servers.into_iter().filter(|server| server.failed_attempts > 0);
            let why: Vec<_> = failed
                .filter_map(|server| Some(format!("{}: {}", server.addr.as_url_str(), server.last_error?)))
                .collect();
            if !why.is_empty() {
                tried.state.wrong(About::Connection, why.join("; "));
            }
            async { None }
        })
        .event_callback(move |event| {
            tell(&told, &link, event);
            async {}
        })
}

/// The first attempts come at once, as another server of the cluster may be there; later ones take their time.
fn pause(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    if doublings == 0 { Duration::ZERO } else { Duration::from_millis(1 << doublings).min(LONGEST_PAUSE) }
}

fn tell(bus: &Bus, link: &watch::Sender<Link>, event: Event) {
    let state = &bus.state;
    match event {
        Event::Connected => link.send_modify(|link| *link = Link { number: link.number + 1, is_up: true }),
        Event::Disconnected | Event::Closed => {
            state.disconnected();
            link.send_modify(|link| link.is_up = false);
        }
        Event::LameDuckMode => state.lame_duck(),
        Event::SlowConsumer(_) | Event::ServerError(ServerError::SlowConsumer(_)) => state.slow(),
        Event::ServerError(error) => {
            let said = error.to_string();
            let said = said.trim_start_matches("nats: ");
            if said.to_lowercase().contains("permissions violation") {
                state.wrong(About::Rights, format!("{said}; docs/regions.md lists the rights of a region"));
            } else {
                state.wrong(About::Connection, said.to_owned());
            }
        }
        Event::ClientError(error) => state.not_connected(&error.to_string()),
        Event::Draining => {}
    }
}
