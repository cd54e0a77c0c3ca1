//! What is told of all runs together.

use std::io::{self, Write};

use herd_sim::{Scenario, Stats, Violation};
use serde::Serialize;

/// All runs, added up.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) runs: u64,
    /// How many of them were played with the fast path and without.
    pub(crate) both_ways: u64,
    pub(crate) seconds: f64,
    pub(crate) stats: Stats,
    pub(crate) broken: Vec<Broken>,
}

/// A run in which something did not hold.
#[derive(Debug, Serialize)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    pub(crate) violation: Violation,
    /// The command that plays it again.
    pub(crate) again: String,
    /// The shortest scenario that was found to break the same.
    pub(crate) shortest: Option<Scenario>,
}

/// How many failures are told of one by one.
pub(crate) const TOLD: usize = 10;

impl Report {
    pub(crate) fn print(&self, out: &mut impl Write, json: bool) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        for broken in self.broken.iter().take(TOLD) {
            writeln!(out, "seed {}: {}", broken.seed, broken.violation)?;
            writeln!(out, "  again: {}", broken.again)?;
            if let Some(shortest) = &broken.shortest {
                let (servers, events) = (shortest.servers.len(), shortest.events.len());
                writeln!(out, "  shorter, with {servers} servers and {events} events (for --scenario FILE):")?;
                writeln!(out, "{}", serde_json::to_string(shortest)?)?;
            }
        }
        if self.broken.len() > TOLD {
            writeln!(out, "and {} more", self.broken.len() - TOLD)?;
        }
        self.summary(out)
    }

    #[expect(clippy::cast_precision_loss, reason = "rates and means for people")]
    fn summary(&self, out: &mut impl Write) -> io::Result<()> {
        let stats = &self.stats;
        let seconds = self.seconds.max(1e-9);
        let runs = self.runs as f64;
        writeln!(out, "seeds       {} in {seconds:.1} s, {:.1} a second", self.runs, runs / seconds)?;
        writeln!(out, "time        {:.0} s of virtual time", stats.virtual_nanos as f64 / 1e9)?;
        let rate = stats.messages as f64 / seconds;
        writeln!(out, "messages    {} taken by servers, {rate:.0} a second", stats.messages)?;
        writeln!(
            out,
            "            {} IAMAT, {} FORGET, {} WHATSAT, {} updates between servers, {} bytes",
            stats.iamats, stats.forgets, stats.whatsats, stats.updates, stats.link_bytes
        )?;
        writeln!(out, "            {} NEAR, {} WATCH and FENCE", stats.nears, stats.watches)?;
        writeln!(out, "replies     {} got and right", stats.replies)?;
        writeln!(out, "feeds       {} changes told", stats.changes)?;
        writeln!(out, "strangers   {} lines of theirs, none believed", stats.strangers)?;
        writeln!(out, "fast path   {} seeds played with it and without", self.both_ways)?;
        let (settled, used) = (stats.settled_after as f64 / 1e9, stats.promise_used);
        writeln!(out, "agreement   {settled:.1} s after all was quiet at most, and {used}% of what is promised")?;
        if !stats.faults.is_empty() {
            let faults: Vec<_> = stats.faults.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            writeln!(out, "faults      {}", faults.join(", "))?;
        }
        if !stats.told.is_empty() {
            let told: Vec<_> = stats.told.iter().map(|(event, count)| format!("{count} {event}")).collect();
            writeln!(out, "told        {}", told.join(", "))?;
        }
        let spread = &stats.spread;
        if spread.updates > 0 {
            let updates = spread.updates as f64;
            writeln!(
                out,
                "spread      {} updates reached all: {:.1} copies each, {:.2} links to a server, at most {}, {:.1} ms, at most {:.1}",
                spread.updates,
                spread.copies as f64 / updates,
                spread.hops as f64 / spread.reached as f64,
                spread.most_hops,
                spread.time as f64 / updates / 1e6,
                spread.longest as f64 / 1e6
            )?;
        }
        writeln!(out, "violations  {}", self.broken.len())
    }
}
