//! A process of servers that runs on this machine, told to read its settings again.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// The programs that take SIGHUP for that. It would end another one.
const PROGRAMS: [&str; 2] = ["herd-tokio", "herd-async-std"];

/// As much of a program's name as Linux keeps of a process.
const MOST_OF_NAME: usize = 15;

/// Why a process was sent no signal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("there is no process {0}; it may have been restarted since")]
    Gone(i32),
    #[error("process {0} is another user's; run this as that user, or as root")]
    NotOurs(i32),
    #[error("process {pid} is {name:?} and no server of a herd")]
    NoHerd { pid: i32, name: String },
    #[error("process {pid} cannot be looked at: {why}")]
    Unknown { pid: i32, why: io::Error },
}

/// Has that process read its settings again.
///
/// # Errors
/// A [`NotSent`]: it was told nothing.
pub(crate) fn have_reload(pid: i32, program: &str) -> Result<(), NotSent> {
    let unsent = |why| match why {
        Errno::SRCH => NotSent::Gone(pid),
        Errno::PERM => NotSent::NotOurs(pid),
        why => NotSent::Unknown { pid, why: why.into() },
    };
    let process = Pid::from_raw(pid).ok_or(NotSent::Gone(pid))?;
    test_kill_process(process).map_err(unsent)?;
    let name = name(pid).map_err(|why| match why.kind() {
        io::ErrorKind::NotFound => NotSent::Gone(pid),
        _ => NotSent::Unknown { pid, why },
    })?;
    let is = |known: &str| name == known[..known.len().min(MOST_OF_NAME)] || name == known;
    if !PROGRAMS.into_iter().chain([program]).any(is) {
        return Err(NotSent::NoHerd { pid, name });
    }
    kill_process(process, Signal::HUP).map_err(unsent)
}

/// The name of the program that a process runs.
#[cfg(target_os = "linux")]
fn name(pid: i32) -> io::Result<String> {
    let name = std::fs::read(format!("/proc/{pid}/comm"))?;
    Ok(String::from_utf8_lossy(name.trim_ascii_end()).into_owned())
}

#[cfg(not(target_os = "linux"))]
fn name(pid: i32) -> io::Result<String> {
    let mut ps = std::process::Command::new("ps");
    let output = ps.args(["-o", "comm=", "-p", &pid.to_string()]).output()?;
    let path = String::from_utf8_lossy(output.stdout.trim_ascii()).into_owned();
    match path.rsplit('/').next() {
        Some(name) if output.status.success() => Ok(name.into()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}
