//! What a node noticed, told to people.

use std::time::Duration;

use herd::{Node, Notice};

/// Logs a notice of the node of that server.
pub(crate) fn log(node: &Node, server: &str, notice: &Notice) {
    match notice {
        Notice::Compared { peer, sent: 0, received: 0 } => {
            tracing::debug!(target: "herd::links", server, with = %node.name(*peer), "compared, nothing differs");
        }
        Notice::Compared { peer, sent, received } => {
            tracing::debug!(target: "herd::links", server, with = %node.name(*peer), sent, received, "repaired");
        }
        Notice::NeighbourDown { peer, why } => {
            let (neighbour, herd) = (node.name(*peer), node.herd());
            let address = herd.find(neighbour.as_bytes()).map_or("", |id| &herd.member(id).address);
            tracing::warn!(target: "herd::links", server, %neighbour, address, reason = %why, "neighbour down");
        }
        Notice::NeighbourUp { peer, after, sent, received } => {
            let (neighbour, after) = (node.name(*peer), rounded(*after));
            tracing::info!(target: "herd::links", server, %neighbour, %after, sent, received, "neighbour up");
        }
        Notice::Wrong(trouble) => {
            let (neighbour, event) = (&trouble.with, trouble.what.as_str());
            tracing::warn!(target: "herd::links", server, %neighbour, remedy = %trouble, "{event}");
        }
        Notice::BuffersFull { closed } => {
            tracing::warn!(target: "herd::server", server, closed, "buffers full, largest connections closed");
        }
        Notice::ClockNotTrusted => {
            let remedy = "set the clock by a time server; if it is right, start the server again";
            tracing::warn!(target: "herd::server", server, remedy, "clock not trusted, nothing expires");
        }
        Notice::ClientsFull { refused } => {
            let remedy = "raise clients or client-bytes, or let clients expire by keep-for";
            tracing::warn!(target: "herd::server", server, refused, remedy, "clients full, newcomers refused");
        }
        Notice::HerdChanged { added, removed } => {
            let (new_neighbours, former_neighbours) = (added, removed);
            tracing::info!(target: "herd::server", server, new_neighbours, former_neighbours, "list of servers changed");
        }
        Notice::RegionSilent { region, questions } => {
            let remedy =
                "check that this region runs and reaches NATS; until it answers, its clients are not found from here";
            tracing::warn!(target: "herd::regions", server, %region, questions, remedy, "region silent");
        }
        Notice::HerdRefused(why) => {
            tracing::error!(target: "herd::server", server, reason = %why, "list of servers refused");
        }
    }
}

/// A time for people: milliseconds where it is short, else seconds.
fn rounded(time: Duration) -> humantime::FormattedDuration {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(if millis < 1000 {
        Duration::from_millis(millis)
    } else {
        Duration::from_secs(time.as_secs())
    })
}
