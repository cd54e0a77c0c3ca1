//! How many files the process may have open, and how many of them connections may take.
//!
//! Most shells allow 1,024, and a server whose clients take all of these answers them and can open no link. So there are
//! fewer connections than files, by what a server needs besides.

use herd::{Limits, ServerId};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::{PlacesSource, Settings};
use crate::link::MOST_CLOSING;

/// What a process has open besides: the standard three, the log, a runtime's own, looking up names, the file of a places
/// source while it is read.
const OF_PROCESS: u64 = 32;

/// What a server has open besides: where it listens, for lines and for HTTP, and a connection of each that is about to be
/// turned away.
const OF_SERVER: u64 = 4;

/// What one of a region has open besides: its connection to NATS, one that is made anew, and what its runtime waits by.
const OF_BUS: u64 = 8;

/// For each neighbour: a connection to it, and those that are being closed.
const OF_NEIGHBOUR: u64 = 1 + MOST_CLOSING as u64;

/// Raises the limit on the files that this process may have open to what these servers of the herd need, as far as it may;
/// where that is not enough, lowers `connections` of the settings to what fits, and logs a warning that says what to do.
///
/// The programs call it before they start a server. A program that has servers in it may do so too, with files of its own
/// to spare: the limit is the process's.
pub fn fit_open_files(settings: &mut Settings, servers: &[ServerId]) {
    fit(settings, servers, false);
}

/// Does so for a process that runs the `whole` herd or one server: for a whole herd, whose servers share what one would have
/// alone, it is as it should be that they have fewer connections each than by default.
pub(crate) fn fit(settings: &mut Settings, servers: &[ServerId], is_whole: bool) {
    let is_by_default = is_whole && settings.limits.connections == Limits::default().connections;
    let besides = besides(settings, servers);
    let count = servers.len().max(1) as u64;
    let needed = besides.saturating_add(count.saturating_mul(settings.limits.connections as u64));
    let allowed = raise(needed);
    let connections = (allowed.saturating_sub(besides) / count).max(1);
    if connections < settings.limits.connections as u64 {
        settings.limits.connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let remedy = format!("ulimit -n {needed}, or LimitNOFILE={needed} in the systemd unit");
        if is_by_default {
            tracing::info!(target: "herd::server", allowed, needed, connections, remedy, "connections fitted to open files");
        } else {
            tracing::warn!(target: "herd::server", allowed, needed, connections, remedy, "too few open files, connections cut");
        }
    }
}

/// The files that are no connections of clients or neighbours.
fn besides(settings: &Settings, servers: &[ServerId]) -> u64 {
    let fetches = match settings.places.source {
        PlacesSource::Google | PlacesSource::GoogleLegacy => settings.limits.fetches as u64,
        PlacesSource::Embedded | PlacesSource::File => 0,
    };
    let bus = if settings.region.is_some() { OF_BUS } else { 0 };
    let of_server = |&server| OF_SERVER + bus + OF_NEIGHBOUR * settings.herd.neighbours(server).len() as u64 + fetches;
    OF_PROCESS + servers.iter().map(of_server).sum::<u64>()
}

/// How many files the process may have open, after a try to make it so many.
fn raise(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|&current| current < needed) else {
        return limit.current.unwrap_or(u64::MAX);
    };
    let raised = limit.maximum.map_or(needed, |maximum| needed.min(maximum));
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }) {
        Ok(()) => raised,
        Err(_) => current,
    }
}
