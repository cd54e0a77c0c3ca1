//! Processors of their own for a server and for its load, so that neither has to wait for the other's.

use std::io;

/// Two processors of those that this program may use.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Cores {
    all: rustix::thread::CpuSet,
    server: rustix::thread::CpuSet,
    load: rustix::thread::CpuSet,
}

#[cfg(target_os = "linux")]
impl Cores {
    /// The first two.
    pub(super) fn take() -> io::Result<Self> {
        let all = rustix::thread::sched_getaffinity(None)?;
        let mut own = (0..rustix::thread::CpuSet::MAX_CPU).filter(|&core| all.is_set(core));
        let (Some(load), Some(server)) = (own.next(), own.next()) else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "two processors are needed"));
        };
        let only = |core| {
            let mut set = rustix::thread::CpuSet::new();
            set.set(core);
            set
        };
        Ok(Self { all, server: only(server), load: only(load) })
    }

    /// Starts something that is to run on the server's: what a thread starts runs where the thread may.
    pub(super) fn on_servers<T>(&self, start: impl FnOnce() -> T) -> io::Result<T> {
        rustix::thread::sched_setaffinity(None, &self.server)?;
        let started = start();
        rustix::thread::sched_setaffinity(None, &self.load)?;
        Ok(started)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Cores {
    fn drop(&mut self) {
        // It was allowed before.
        let _ = rustix::thread::sched_setaffinity(None, &self.all);
    }
}

/// There are none.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Cores;

#[cfg(not(target_os = "linux"))]
impl Cores {
    /// Only Linux is asked for them.
    pub(super) fn take() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "it is measured on Linux alone"))
    }

    /// Starts it anywhere.
    pub(super) fn on_servers<T>(&self, start: impl FnOnce() -> T) -> io::Result<T> {
        Ok(start())
    }
}
