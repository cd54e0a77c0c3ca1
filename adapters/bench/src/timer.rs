//! Waking up at a time that is not in whole milliseconds.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

/// A timer that wakes a poll. Where the system has none, a poll ends a little late.
#[derive(Debug)]
pub(crate) struct Timer {
    #[cfg(target_os = "linux")]
    file: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl Timer {
    /// A timer that wakes whoever polls `registry`.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
        use std::os::fd::AsRawFd;
        let file = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        registry.register(&mut mio::unix::SourceFd(&file.as_raw_fd()), token, mio::Interest::READABLE)?;
        Ok(Self { file })
    }

    /// Wakes after that time, and not at any time that was set before.
    pub(crate) fn set(&self, after: Duration) -> io::Result<()> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
        // All zeros would stop it.
        let after = after.max(Duration::from_nanos(1));
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec {
            tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(after.subsec_nanos()),
        };
        timerfd_settime(&self.file, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: zero, it_value: value })?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
impl Timer {
    /// Nothing: the poll's own time-out has to do.
    pub(crate) fn new(_: &Registry, _: Token) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Nothing.
    pub(crate) fn set(&self, _: Duration) -> io::Result<()> {
        Ok(())
    }
}
