//! Server processes: started, signalled, killed, started again.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

pub use rustix::process::Signal;
use rustix::process::{Pid, Resource, Rlimit, kill_process, prlimit};

use crate::patience::wait_for;

/// The programs under test. A herd's servers take them in turn.
#[derive(Clone, Debug)]
pub struct Binaries(Vec<PathBuf>);

impl Binaries {
    /// These programs.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn new(paths: &[impl AsRef<Path>]) -> Self {
        assert!(!paths.is_empty(), "a herd runs some program");
        Self(paths.iter().map(|path| path.as_ref().to_owned()).collect())
    }

    /// This adapter's program and the other one's, in turn. The other is beside this one, and built where it is not: `cargo
    /// test` of one adapter alone does not build it.
    ///
    /// # Panics
    /// If it cannot be built.
    #[must_use]
    pub fn mixed(this: &str) -> Self {
        let this = Path::new(this);
        let is_tokio = this.file_stem().is_some_and(|name| name == "herd-tokio");
        let name = if is_tokio { "herd-async-std" } else { "herd-tokio" };
        let other = this.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !other.exists() {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "-p", name]);
            if other.parent().is_some_and(|folder| folder.ends_with("release")) {
                build.arg("--release");
            }
            let status = build.status().expect("cargo");
            assert!(status.success() && other.exists(), "{} cannot be built", other.display());
        }
        Self(vec![this.into(), other])
    }

    /// The one of the server with this index.
    #[must_use]
    pub fn nth(&self, index: usize) -> &Path {
        &self.0[index % self.0.len()]
    }

    /// The first one, to run with settings of its own: no variable of a herd is passed on to it.
    #[must_use]
    pub fn command(&self) -> Command {
        command(self.nth(0))
    }

    /// Runs the first one to its end.
    #[must_use]
    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().expect("a program to run")
    }
}

/// A program without the variables of the herd that this process may have, but for the number of workers: so all cases
/// can be run with one and with several.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let is_setting = |name: &OsString| name.as_encoded_bytes().starts_with(b"HERD_") && name != "HERD_WORKERS";
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_setting) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Whether a program that some machines do not have runs on this one; says so if it does not.
#[must_use]
pub fn runs_here(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let runs = version.is_ok_and(|status| status.success());
    if !runs {
        println!("skipped: {program} does not run here");
    }
    runs
}

/// How to start one server.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) address: SocketAddr,
    /// Where its standard error goes, behind what is there.
    pub(crate) log: PathBuf,
}

impl Recipe {
    /// The command, but for where standard error goes.
    pub(crate) fn command(&self) -> Command {
        let mut command = command(&self.program);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::null());
        command
    }

    /// The same behind another program.
    pub(crate) fn behind(&self, program: &[&str]) -> Self {
        let (program, arguments) = program.split_first().expect("a program");
        let mut all: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        all.push(self.program.clone().into());
        all.extend(self.arguments.iter().cloned());
        Self { program: program.into(), arguments: all, ..self.clone() }
    }
}

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(recipe: &Recipe) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(&recipe.log).expect("a log");
        let mut command = recipe.command();
        command.stderr(log);
        Self::spawn(&mut command, recipe.address, || std::fs::read_to_string(&recipe.log).unwrap_or_default())
    }

    /// Starts a server by this command and waits until it listens at `address`.
    pub fn listening(command: &mut Command, address: SocketAddr) -> Self {
        Self::spawn(command, address, String::new)
    }

    fn spawn(command: &mut Command, address: SocketAddr, log: impl Fn() -> String) -> Self {
        let mut process = Self::of(command.spawn().expect("a program to run"));
        wait_for(&format!("a server to listen at {address}"), || {
            if let Some(status) = process.child.try_wait().expect("a child") {
                panic!("the server ended at once, {status}: {}", log());
            }
            TcpStream::connect(address).ok()
        });
        process
    }

    /// A child that somebody else has started.
    #[must_use]
    pub fn of(child: Child) -> Self {
        Self { child }
    }

    /// Its number in the system.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many of its threads have this name, where the system tells.
    #[must_use]
    pub fn threads(&self, name: &str) -> Option<usize> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let names = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        Some(names.filter(|found| found.trim_end() == name).count())
    }

    /// The command line that other users of the machine can read, where the system tells.
    #[must_use]
    pub fn command_line(&self) -> Option<String> {
        let bytes = std::fs::read(format!("/proc/{}/cmdline", self.child.id())).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
    }

    /// Its memory that is in use, in bytes, where the system tells.
    #[must_use]
    pub fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
    }

    /// How many files it has open, where the system tells.
    #[must_use]
    pub fn open_files(&self) -> Option<usize> {
        Some(std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?.count())
    }

    /// Lets it have so many files open from now on.
    pub fn limit_open_files(&self, count: usize) {
        let limit = Rlimit { current: Some(count as u64), maximum: Some(1 << 10) };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Nofile, limit).expect("a process of ours");
    }

    /// Lets none of its files become larger than that from now on: what is behind it cannot be written.
    pub fn limit_file_size(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).expect("a process of ours");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process to signal");
    }

    /// Waits until it has ended.
    pub fn end(&mut self) -> ExitStatus {
        wait_for("a process to end", || self.child.try_wait().expect("a child"))
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a child");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
