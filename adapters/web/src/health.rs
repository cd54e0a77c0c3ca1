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

/// Whether nothing is wrong with this server itself. What is wrong elsewhere is told and makes no difference: whoever
/// takes servers that are not well away would take the whole herd away because one of it is down. All of it stands in the
/// status, for whoever may see that.
pub(crate) fn well(door: &Door) -> Reply {
    let host = &door.host;
    let status = host.node().status(host.now(), host.status());
    let things = |count| if count == 1 { "1 thing is".to_owned() } else { format!("{count} things are") };
    match (status.wrong_here, status.wrong.len()) {
        (0, 0) => text(StatusCode::OK, "well\n"),
        (0, count) => text(StatusCode::OK, format!("well; {} wrong elsewhere: see /v1/status\n", things(count))),
        (count, _) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{} wrong here: see /v1/status\n", things(count))),
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
