//! What is written down of a run: its trace, and what did not hold.

use super::Run;
use crate::trace::Record;
use crate::violation::{Invariant, Violation};

impl Run {
    pub(super) fn violate(&mut self, invariant: Invariant, server: Option<usize>, what: String) {
        if self.violation.is_none() {
            let server = server.map(|server| self.scenario.servers[server].clone());
            let violation = Violation { invariant, at: self.now, server, what };
            let text = violation.to_string();
            self.record(|record| Record { kind: "violation", text: &text, ..record });
            self.violation = Some(violation);
        }
    }

    /// Writes a record into the trace, if there is one.
    pub(super) fn record<'a>(&mut self, fill: impl FnOnce(Record<'a>) -> Record<'a>) {
        if let Some(trace) = &mut self.trace {
            let at = self.now;
            let empty = Record { at, kind: "", server: None, peer: None, client: None, connection: None, text: "" };
            trace.record(&fill(empty), &self.scenario);
        }
    }

    /// Writes what each server has counted into the trace: what is not zero.
    pub(super) fn record_counters(&mut self) {
        for server in 0..self.hosts.len() {
            let Some(node) = self.hosts[server].node.as_ref().filter(|_| self.trace.is_some()) else { continue };
            let counted = node.counters().table().filter(|counter| counter.value > 0);
            let counted: Vec<_> = counted.map(|counter| format!("{}={}", counter.name, counter.value)).collect();
            let text = counted.join(" ");
            self.record(|record| Record { kind: "counters", server: Some(server), text: &text, ..record });
        }
    }

    pub(super) const fn is_traced(&self) -> bool {
        self.trace.is_some()
    }
}
