//! `/metrics`: numbers for Prometheus, in its text format.
//!
//! All of it is from the node's counters, [`ServerStatus`] and what the door and the host have timed: nothing here goes
//! through clients, however many there are. No label holds a client or a remote address.

mod exposition;
mod histogram;
mod process;
mod requests;

use herd::wire::Need;
use herd::{Limits, NeighbourStatus, Node, RegionState, ServerStatus};
use http::StatusCode;

use self::exposition::{Exposition, Kind, decimal, flag};
pub use self::histogram::Histogram;
pub(crate) use self::requests::Requests;
use crate::devices;
use crate::door::Door;
use crate::problem::Problem;
use crate::reply::{Reply, reply};
use crate::router::Call;
use crate::usage::Usage;

/// What a host has timed that the door knows nothing of.
#[derive(Debug, Default)]
pub struct Timed {
    /// How long fetches of places took from a source that has to be waited for, failed ones included.
    pub fetches: Histogram,
    /// How long the disk took for each sync of a file.
    pub syncs: Histogram,
}

/// The media type of the text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`.
pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    call.asker()?.may(Need::Status, b"")?;
    Ok(reply(StatusCode::OK, MEDIA_TYPE, write(call.door)))
}

/// All metrics of a server.
fn write(door: &Door) -> String {
    let (host, node) = (&door.host, door.host.node());
    let status = node.status(host.now(), host.status());
    let mut out = Exposition::default();
    write_server(&mut out, &status, &node.limits());
    write_neighbours(&mut out, &status.neighbours);
    write_disk(&mut out, &status);
    write_region(&mut out, &status);
    write_counters(&mut out, node);
    if let Some(timed) = host.timed() {
        let help = "How long fetches of places took from a source that has to be waited for, failed ones included.";
        out.family("herd_places_fetch_seconds", Kind::Histogram, help).histogram(&[], &timed.fetches);
        let help = "How long the disk took for each sync of a file.";
        out.family("herd_disk_sync_seconds", Kind::Histogram, help).histogram(&[], &timed.syncs);
    }
    door.requests.write(&mut out);
    write_devices(&mut out, &door.devices);
    process::write(&mut out, &Usage::now());
    out.into_text()
}

fn write_server(out: &mut Exposition, status: &ServerStatus, limits: &Limits) {
    let labels = [("version", &*status.version), ("runtime", &*status.runtime)];
    out.family("herd_build_info", Kind::Gauge, "The program: always 1.").sample(&labels, 1);
    out.gauge("herd_uptime_seconds", "How long the server has run.", decimal(status.uptime));
    out.gauge("herd_clients", "Clients whose positions are kept.", status.clients);
    out.gauge("herd_clients_limit", "How many records are kept at most, of whatever kind.", limits.clients);
    out.gauge("herd_tombstones", "Clients that are known to be forgotten.", status.tombstones);
    out.gauge("herd_away", "Clients that are known to be at home in another region.", status.away);
    out.gauge("herd_records_bytes", "Memory that is set aside for records of clients.", status.bytes);
    out.gauge("herd_connections", "Connections that others have opened to the server.", status.connections);
    out.gauge("herd_connections_limit", "How many of these there may be at most.", limits.connections);
    out.gauge("herd_watchers", "Connections that watch anything.", status.watchers);
    out.gauge("herd_watches", "Watches and fences of all connections.", status.watches);
    out.gauge("herd_places_fetches", "Fetches of places that are under way or wait.", status.places.fetches);
    out.gauge("herd_problems", "What needs a person, as `herd status` tells it.", status.wrong.len());
    let help = "Log lines that were lost, because what they are written to is full, slow or gone.";
    out.counter("herd_log_lines_lost_total", help, status.log.lost);
}

/// A family for each thing that is known of neighbours.
fn write_neighbours(out: &mut Exposition, neighbours: &[NeighbourStatus]) {
    let mut each = |name: &str, kind, help: &str, value: &dyn Fn(&NeighbourStatus) -> Option<String>| {
        let mut family = out.family(name, kind, help);
        for neighbour in neighbours {
            if let Some(value) = value(neighbour) {
                family.sample(&[("neighbour", &neighbour.name)], value);
            }
        }
    };
    let up = "Whether there is a way to the neighbour: lines are on their way, or there is nothing to say.";
    each("herd_neighbour_up", Kind::Gauge, up, &|neighbour| Some(flag(neighbour.state.is_up()).to_string()));
    each("herd_neighbour_queue_bytes", Kind::Gauge, "Bytes that wait for the neighbour.", &|neighbour| {
        Some(neighbour.queue.to_string())
    });
    let dropped = "Lines for the neighbour that were dropped, because too many waited.";
    each("herd_neighbour_lines_dropped_total", Kind::Counter, dropped, &|neighbour| {
        Some(neighbour.dropped.to_string())
    });
    let compared = "How long ago the two last compared what they keep.";
    each("herd_neighbour_compared_age_seconds", Kind::Gauge, compared, &|neighbour| neighbour.compared.map(decimal));
    let sent = "Reports that repair has brought to the neighbour.";
    each("herd_neighbour_repaired_to_total", Kind::Counter, sent, &|neighbour| Some(neighbour.sent.to_string()));
    let received = "Reports that repair has brought from the neighbour.";
    each("herd_neighbour_repaired_from_total", Kind::Counter, received, &|neighbour| {
        Some(neighbour.received.to_string())
    });
    let waiting = "Tombstones that are old enough to go, and wait until it is known that the neighbour has them.";
    each("herd_neighbour_tombstones_waiting", Kind::Gauge, waiting, &|neighbour| {
        Some(neighbour.tombstones_waiting.to_string())
    });
    let clock = "How far the neighbour's clock is ahead of this server's.";
    each("herd_neighbour_clock_offset_seconds", Kind::Gauge, clock, &|neighbour| neighbour.clock.map(decimal));
}

/// What became of what devices told, also where that never came.
fn write_devices(out: &mut Exposition, counts: &devices::Counts) {
    let help = "Places that phones and trackers told, by what became of them.";
    let mut family = out.family("herd_http_device_fixes_total", Kind::Counter, help);
    for (format, outcome, count) in counts.iter() {
        family.sample(&[("format", format.as_str()), ("outcome", outcome.as_str())], count);
    }
}

/// Nothing without a data folder.
fn write_disk(out: &mut Exposition, status: &ServerStatus) {
    let Some(data) = &status.data else { return };
    out.gauge("herd_disk_bytes", "Bytes of the files that keep records.", data.bytes);
    out.gauge("herd_disk_unsynced_bytes", "How many of these are not synced.", data.waiting);
    let synced = "How long ago everything was on disk that was known then.";
    out.gauge("herd_disk_synced_age_seconds", synced, decimal(data.synced));
    out.gauge("herd_disk_compacting", "Whether a snapshot is being written.", flag(data.compacting));
    out.gauge("herd_disk_failing", "Whether the disk cannot be written.", flag(data.failing.is_some()));
}

/// Nothing without a region.
fn write_region(out: &mut Exposition, status: &ServerStatus) {
    let Some(region) = &status.region else { return };
    out.gauge("herd_region_connected", "Whether there is a connection to NATS.", flag(region.nats.is_some()));
    let bridge = "Whether the server is its region's bridge.";
    out.gauge("herd_region_bridge", bridge, flag(region.bridge.is_some()));
    if let Some(lag) = region.lag {
        out.gauge("herd_region_arrivals_waiting", "Arrivals that the bridge has still to read.", lag);
    }
    out.counter("herd_region_sent_total", "Messages that were sent to other regions.", region.sent);
    out.counter("herd_region_received_total", "Messages that came from other regions.", region.received);
    let dropped = "Messages that were dropped: no connection, too many, or nobody could be meant.";
    out.counter("herd_region_bus_dropped_total", dropped, region.dropped);
    let failed = "Messages about arrivals that NATS did not take.";
    out.counter("herd_region_failed_total", failed, region.failed);
    let mut up = out.family("herd_region_up", Kind::Gauge, "Whether the other region says that it is there.");
    for other in &status.regions {
        up.sample(&[("region", &other.name)], flag(other.state == RegionState::Up));
    }
}

/// Whatever a node counts, by its own name.
fn write_counters(out: &mut Exposition, node: &Node) {
    for counter in node.counters().table() {
        out.counter(&format!("herd_{}_total", counter.name), &format!("{}.", counter.help), counter.value);
    }
}
