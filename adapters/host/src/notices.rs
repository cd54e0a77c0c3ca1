//! What a node noticed, told to people.

use herd::{Node, Notice};

/// Logs a notice of the node of that server.
pub(crate) fn log(node: &Node, server: &str, notice: &Notice) {
    match *notice {
        Notice::Compared { peer, sent: 0, received: 0 } => {
            tracing::debug!(target: "herd::links", server, with = %node.name(peer), "compared, nothing differs");
        }
        Notice::Compared { peer, sent, received } => {
            tracing::info!(target: "herd::links", server, with = %node.name(peer), sent, received, "repaired");
        }
        Notice::NeighbourDiffers { peer } => {
            tracing::warn!(target: "herd::links", server, neighbour = %node.name(peer), "lists of servers differ");
        }
        Notice::HashKeysDiffer { peer } => {
            tracing::warn!(target: "herd::links", server, neighbour = %node.name(peer), "hash keys differ, not compared");
        }
        Notice::Refused { peer, why } => {
            tracing::warn!(target: "herd::links", server, neighbour = %node.name(peer), reason = %why, "refused by a neighbour");
        }
        Notice::BuffersFull { closed } => {
            tracing::warn!(target: "herd::server", server, closed, "buffers full, largest connections closed");
        }
        Notice::HerdChanged { added, removed } => {
            tracing::info!(target: "herd::server", server, added, removed, "list of servers changed");
        }
        Notice::HerdRefused(why) => {
            tracing::error!(target: "herd::server", server, reason = %why, "list of servers refused");
        }
        // The link's task says so itself, with the reason and the address.
        Notice::NeighbourDown { .. } | Notice::NeighbourUp { .. } => {}
    }
}
