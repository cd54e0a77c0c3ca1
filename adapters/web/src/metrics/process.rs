//! What the process has of the system's, by the names that Prometheus' clients have for it.

use herd::Seconds;

use super::exposition::{Exposition, decimal};
use crate::usage::Usage;

pub(super) fn write(out: &mut Exposition, usage: &Usage) {
    let cpu = "Time that processors have spent on the process.";
    out.counter("process_cpu_seconds_total", cpu, decimal(usage.cpu.into()));
    let mut told = |name: &str, help: &str, value: Option<u64>| {
        if let Some(value) = value {
            out.gauge(name, help, value);
        }
    };
    told("process_resident_memory_bytes", "Memory that is in use.", usage.resident);
    told("process_virtual_memory_bytes", "Address space.", usage.virtual_memory);
    told("process_open_fds", "Files that are open, sockets included.", usage.open_files);
    told("process_max_fds", "How many may be.", usage.most_files);
    if let Some(started) = usage.started {
        let help = "When the process was started, since the POSIX epoch.";
        out.gauge("process_start_time_seconds", help, decimal(Seconds::from(started)));
    }
}
