//! `/v1/servers`: the servers of the herd and their links, and other regions, as far as this one knows how they are.

use herd::wire::Need;
use herd::{LinkState, NeighbourStatus, OtherRegionStatus, RegionStatus};
use serde::Serialize;

use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::router::Call;

#[derive(Serialize)]
struct Shown<'a> {
    servers: Vec<Server<'a>>,
    /// How this server is joined to other regions, and how those are, where it is part of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a RegionStatus>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    regions: &'a [OtherRegionStatus],
}

#[derive(Serialize)]
struct Server<'a> {
    name: &'a str,
    address: &'a str,
    links: Vec<&'a str>,
    state: &'static str,
    /// What this server says of its neighbour.
    #[serde(skip_serializing_if = "Option::is_none")]
    neighbour: Option<&'a NeighbourStatus>,
}

pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    call.asker()?.may(Need::Status, b"")?;
    let (host, node) = (&call.door.host, call.door.host.node());
    let (herd, me) = (node.herd(), call.door.server());
    let status = node.status(host.now(), host.status());
    let servers = herd.ids().map(|id| {
        let member = herd.member(id);
        let neighbour = status.neighbours.iter().find(|neighbour| neighbour.name == member.name.as_str());
        let state = match neighbour.map(|neighbour| neighbour.state) {
            _ if member.name == me => "self",
            // As the metrics count it.
            Some(state) if state.is_up() => "up",
            Some(LinkState::Down) => "down",
            Some(_) => "connecting",
            None if host.runs(&member.name) => "up",
            None => "unknown",
        };
        let links = herd.neighbours(id).iter().map(|&link| herd.name(link).as_str()).collect();
        Server { name: member.name.as_str(), address: &member.address, links, state, neighbour }
    });
    let shown = Shown { servers: servers.collect(), region: status.region.as_ref(), regions: &status.regions };
    Ok(json(serde_json::to_vec(&shown).expect("it is text")))
}
