//! Whether the server is alive, ready for requests, and well. No right is needed to ask.

use herd::LinkState;
use http::StatusCode;

use crate::door::Door;
use crate::reply::{Reply, text};

/// It answers at all.
pub(crate) fn live() -> Reply {
    text(StatusCode::OK, "alive\n")
}

/// Whether requests should come here: what it knows is read and compared, its disk works where replies wait for it, and it
/// is not being stopped.
pub(crate) fn ready(door: &Door) -> Reply {
    match not_ready(door) {
        None => text(StatusCode::OK, "ready\n"),
        Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    }
}

/// Whether nothing needs a person. What does stands in the status, for whoever may see that.
pub(crate) fn well(door: &Door) -> Reply {
    let host = &door.host;
    match host.node().status(host.now(), host.status()).wrong.len() {
        0 => text(StatusCode::OK, "well\n"),
        1 => text(StatusCode::SERVICE_UNAVAILABLE, "1 thing is wrong: see /v1/status\n"),
        count => text(StatusCode::SERVICE_UNAVAILABLE, format!("{count} things are wrong: see /v1/status\n")),
    }
}

fn not_ready(door: &Door) -> Option<&'static str> {
    let (host, node) = (&door.host, door.host.node());
    if host.is_stopping() {
        return Some("the server is stopping");
    }
    if !node.takes_reports() {
        return Some("the disk fails, and reports are to be kept on it");
    }
    let (status, limits) = (node.status(host.now(), host.status()), node.limits());
    // One that has not compared by then does not speak of it at all.
    let is_young = status.uptime < (limits.link_timeout + limits.repair_interval).into();
    let mut up = status.neighbours.iter().filter(|link| matches!(link.state, LinkState::Up | LinkState::Connecting));
    let has_yet_to_compare = is_young && up.clone().count() > 0 && up.all(|link| link.compared.is_none());
    has_yet_to_compare.then_some("what this server keeps was not yet compared with a neighbour's")
}
