//! One network namespace, as `ip netns` has them.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{io, process, thread};

use nix::sched::{CloneFlags, setns};

use crate::patience::PATIENCE;
use crate::process::command;

/// What the name of each begins with; then comes the process that made it.
const PREFIX: &str = "herd-test-";
/// Where `ip netns` has the namespaces, and the files that `ip netns exec` puts in place of those in `/etc`.
const NAMESPACES: &str = "/run/netns";
const FILES: &str = "/etc/netns";

/// A network namespace. It is removed when this is dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one, in which only `lo` is, and that is down.
    #[must_use]
    pub fn new(role: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static REMOVE_OLD: Once = Once::new();
        REMOVE_OLD.call_once(remove_old);
        let name = format!("{PREFIX}{}-{}-{role}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        run(command("ip").args(["netns", "add", &name]));
        let namespace = Self { name };
        namespace.run("sysctl", "-q -w net.ipv6.conf.all.disable_ipv6=1");
        namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `program`, to be run here.
    #[must_use]
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = command("ip");
        command.args(["netns", "exec", &self.name]).arg(program.as_ref());
        command
    }

    /// Runs a program here, with arguments that hold no spaces.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, program: &str, arguments: &str) {
        run(self.command(program).args(arguments.split_whitespace()));
    }

    /// Runs `ip` here.
    pub fn ip(&self, arguments: &str) {
        run(command("ip").args(["-netns", &self.name]).args(arguments.split_whitespace()));
    }

    /// Does something on a thread that is here.
    ///
    /// # Panics
    /// If there is no such namespace any more.
    pub fn within<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let here = File::open(Path::new(NAMESPACES).join(&self.name)).expect("a namespace");
        thread::scope(|scope| {
            let acting = scope.spawn(|| {
                setns(here, CloneFlags::CLONE_NEWNET).expect("root");
                act()
            });
            acting.join().expect("it does not panic")
        })
    }

    /// Connects from here.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        self.within(|| TcpStream::connect_timeout(&to, PATIENCE))
    }

    /// Makes this what programs that are started here read in `/etc/hosts`; they see later changes too.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn set_hosts(&self, text: &str) {
        let folder = self.files();
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("hosts"), text).expect("a file");
    }

    fn files(&self) -> PathBuf {
        Path::new(FILES).join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = command("ip").args(["netns", "delete", &self.name]).status();
        let _ = fs::remove_dir_all(self.files());
    }
}

/// Runs a command to its end.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {told}", output.status);
}

/// Removes what processes left behind that were killed.
fn remove_old() {
    for folder in [NAMESPACES, FILES] {
        let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        for name in names.filter_map(|name| name.into_string().ok()) {
            let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
            if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
                drop(Namespace { name });
            }
        }
    }
}
