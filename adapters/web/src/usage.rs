//! What this process has of the system's: read from `/proc`, where there is one.

use std::fs;
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// What a process has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory that is in use, in bytes.
    pub resident: Option<u64>,
    /// Address space, in bytes.
    pub virtual_memory: Option<u64>,
    /// Files that are open, sockets included.
    pub open_files: Option<u64>,
    /// How many may be, where there is a limit.
    pub most_files: Option<u64>,
    /// Time that processors have spent on it.
    pub cpu: Duration,
    /// When it was started, since the POSIX epoch.
    pub started: Option<Duration>,
}

impl Usage {
    /// What this process has now.
    #[must_use]
    pub fn now() -> Self {
        let memory = Memory::read();
        Self {
            resident: memory.map(|memory| memory.resident),
            virtual_memory: memory.map(|memory| memory.all),
            open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
            most_files: getrlimit(Resource::Nofile).current,
            cpu: cpu(),
            started: started(),
        }
    }

    /// Its memory that is in use alone, in bytes.
    #[must_use]
    pub fn resident_now() -> Option<u64> {
        Memory::read().map(|memory| memory.resident)
    }
}

#[derive(Clone, Copy)]
struct Memory {
    all: u64,
    resident: u64,
}

impl Memory {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/statm").ok()?;
        let mut pages = text.split_ascii_whitespace().map_while(|field| field.parse::<u64>().ok());
        let (all, resident, page) = (pages.next()?, pages.next()?, page_size() as u64);
        Some(Self { all: all * page, resident: resident * page })
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The system's start, and how long behind it this process was started.
fn started() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name may have any character, and stands in parentheses.
    let (_, fields) = stat.rsplit_once(") ")?;
    // The 22nd field, of which two stand before.
    let ticks: u64 = fields.split(' ').nth(19)?.parse().ok()?;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let per_second = clock_ticks_per_second().max(1);
    Some(Duration::from_secs(boot) + Duration::from_millis(ticks * 1000 / per_second))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_process_has_memory_files_and_a_past() {
        let usage = Usage::now();
        assert!(usage.resident.is_some_and(|bytes| bytes > 1 << 16) && usage.resident < usage.virtual_memory);
        assert!(usage.open_files.is_some_and(|files| files >= 3));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that was set");
        // The system's start is told in whole seconds.
        let age = (now + Duration::from_secs(2)).checked_sub(usage.started.expect("Linux tells"));
        assert!(age.is_some_and(|age| age < Duration::from_hours(24)), "{usage:?}");
        assert!(usage.cpu > Duration::ZERO);
    }
}
