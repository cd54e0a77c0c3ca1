//! What a process of this machine uses, as Linux tells it under `/proc`.

use std::fs;
use std::time::Duration;

/// A process, by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// Linux counts CPU time in hundredths of a second towards programs, whatever its own clock does.
const TICK: Duration = Duration::from_millis(10);

impl Process {
    /// CPU time so far, in the program and in the system on its behalf.
    pub(crate) fn cpu(self) -> Option<Duration> {
        cpu(&fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?)
    }

    /// Stops it, as a machine does that is asleep: it does nothing, and its connections stay.
    pub(crate) fn stop(self) -> std::io::Result<()> {
        self.signal(rustix::process::Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) fn go_on(self) -> std::io::Result<()> {
        self.signal(rustix::process::Signal::CONT)
    }

    fn signal(self, signal: rustix::process::Signal) -> std::io::Result<()> {
        let pid = i32::try_from(self.0).ok().and_then(rustix::process::Pid::from_raw);
        Ok(rustix::process::kill_process(pid.ok_or(std::io::ErrorKind::InvalidInput)?, signal)?)
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(self) -> Option<u64> {
        resident(&fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?)
    }
}

/// Our own CPU time.
pub(crate) fn own_cpu() -> Duration {
    Process(std::process::id()).cpu().unwrap_or_default()
}

/// Fields 14 and 15 of `/proc/PID/stat`. The second one is a name, which may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(TICK * (ticks(11)? + ticks(12)?))
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 5 0 0";
        assert_eq!(cpu(stat), Some(Duration::from_secs(2)));
        assert_eq!(resident("Name:\ta\nVmRSS:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!((cpu("nothing"), resident("nothing")), (None, None));
    }
}
