//! What a load measured, told.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::ending::Ending;
use super::load::Load;
use super::outcome::{Outcome, micros};
use super::table::{Table, figure};
use super::traffic::Kind;

/// The part of requests that took no longer, and how that is called.
const QUANTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "max")];

/// Writes it for people.
pub(crate) fn write(load: &Load, outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(&["requests", "replies", "p50 µs", "p99 µs", "p99.9 µs", "max µs"]);
    for (kind, name) in [(Kind::Update, "updates"), (Kind::Question, "questions")] {
        let latency = outcome.latency(kind);
        if !latency.is_empty() {
            let mut row = vec![name.into(), whole(latency.len())];
            row.extend(QUANTILES.map(|(at, _)| figure(micros(latency.value_at_quantile(at)))));
            table.row(row);
        }
    }
    write!(out, "{}", table.render())?;
    writeln!(out, "\n{} replies a second from {}", figure(outcome.rate()), load.address)?;
    let server = outcome.server_micros().map(|micros| format!("server {} µs, ", figure(micros)));
    let server = server.unwrap_or_default();
    writeln!(out, "CPU per request: {server}this load {} µs", figure(outcome.load_micros()))?;
    if let Some(resident) = outcome.resident {
        writeln!(out, "memory of the server: {} KiB", whole(resident / 1024))?;
    }
    let seconds = Duration::from_nanos(outcome.nanos).as_secs_f64();
    match (outcome.ending, &outcome.lost) {
        (Ending::Whole, _) => {}
        (Ending::Interrupted, _) => writeln!(out, "interrupted after {seconds:.1} s")?,
        (Ending::Broken, Some(why)) => {
            let lost = whole(outcome.errors);
            return writeln!(out, "SERVER LOST after {seconds:.1} s, {lost} requests without a right reply: {why}");
        }
        (Ending::Broken, None) => writeln!(out, "broken off after {seconds:.1} s: too many errors")?,
    }
    if let Some(error) = &outcome.first_error {
        writeln!(out, "ERRORS: {}; the first: {error}", outcome.errors)?;
    }
    Ok(())
}

/// What a load measured, as JSON: times in microseconds but for `seconds`, memory in bytes.
pub(crate) fn json(load: &Load, outcome: &Outcome) -> Value {
    let latency = |kind: Kind| {
        let latency = outcome.latency(kind);
        let quantiles = QUANTILES.map(|(at, name)| (name.to_owned(), json!(micros(latency.value_at_quantile(at)))));
        let mut value = Value::Object(quantiles.into_iter().collect());
        value["replies"] = latency.len().into();
        value
    };
    json!({
        "address": load.address.to_string(),
        "connections": load.connections,
        "pipeline": load.pipeline,
        "clients": load.traffic.clients,
        "seconds": micros(outcome.nanos) / 1e6,
        "replies": outcome.replies,
        "replies_per_second": outcome.rate(),
        "updates_us": latency(Kind::Update),
        "questions_us": latency(Kind::Question),
        "server_cpu_us": outcome.server_micros(),
        "load_cpu_us": outcome.load_micros(),
        "resident_bytes": outcome.resident,
        "ended": outcome.ending,
        "errors": outcome.errors,
        "first_error": outcome.first_error,
        "lost": outcome.lost,
    })
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn whole(number: u64) -> String {
    let mut text = figure(number as f64);
    text.truncate(text.find('.').unwrap_or(text.len()));
    text
}
