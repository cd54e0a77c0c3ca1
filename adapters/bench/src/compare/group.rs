//! The servers of one system under one load.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;

use super::certificate::{self, AUTHORITY, CERTIFICATE, KEY};
use super::redis;
use super::server::{NoServer, Server, free_ports};
use super::system::System;
use crate::encryption::Encryption;

/// How many servers there are, and who talks with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One.
    Alone,
    /// One, and two that talk with nobody else; for Redis, two replicas.
    Star,
    /// Two.
    Pair,
    /// One whose neighbour is away.
    Bereft,
    /// Five in a circle.
    Ring,
}

impl Shape {
    /// The servers' names, and which of them each is linked to.
    const fn servers(self) -> &'static [(&'static str, &'static [usize])] {
        match self {
            Self::Alone => &[("Alford", &[])],
            Self::Star => &[("Alford", &[1, 2]), ("Ball", &[0]), ("Hamilton", &[0])],
            Self::Pair | Self::Bereft => &[("Alford", &[1]), ("Ball", &[0])],
            Self::Ring => &[
                ("Alford", &[1, 4]),
                ("Hamilton", &[0, 2]),
                ("Holiday", &[1, 3]),
                ("Ball", &[2, 4]),
                ("Welsh", &[3, 0]),
            ],
        }
    }
}

/// The servers of one system; they end with it.
#[derive(Debug)]
pub(crate) struct Group {
    /// The first is the one that clients talk to.
    servers: Vec<Server>,
    /// How they are talked to, if not in plain text.
    pub(crate) encryption: Option<Encryption>,
    shape: Shape,
    system: System,
    bin: PathBuf,
    dir: TempDir,
}

/// The plain servers, which this program brings along.
pub(crate) const ASYNCIO: &str = include_str!("../../../../benches/baselines/herd.py");
/// The one on Node.js.
pub(crate) const NODE: &str = include_str!("../../../../benches/baselines/herd.js");

impl Group {
    /// Starts them all, those without clients first. `bin` is where the herds are.
    pub(crate) fn start(system: System, shape: Shape, bin: &Path) -> Result<Self, NoServer> {
        let failed = |error: io::Error| NoServer::Failed { program: system.name().into(), why: error.to_string() };
        let dir = tempfile::tempdir().map_err(failed)?;
        let ports = free_ports(shape.servers().len()).map_err(failed)?;
        write_files(dir.path(), shape, &ports).map_err(failed)?;
        let name = shape.servers()[0].0;
        let encryption = system.is_encrypted().then(|| certificate::make(dir.path(), name)).transpose();
        let encryption = encryption.map_err(failed)?;
        let count = if shape == Shape::Bereft { 1 } else { ports.len() };
        // Redis' replicas need the first one to be there, a herd's neighbours find each other.
        let start = |index: usize| Server::start(command(system, shape, &ports, index, bin), ports[index], dir.path());
        let servers: Vec<Server> = (0..count).map(start).collect::<Result<_, _>>()?;
        if system.is_redis() && servers.len() > 1 {
            redis::wait_for_replicas(servers[0].address, servers.len() - 1).map_err(failed)?;
        }
        Ok(Self { servers, encryption, shape, system, bin: bin.into(), dir })
    }

    /// The one that clients talk to.
    pub(crate) fn first(&self) -> &Server {
        &self.servers[0]
    }

    /// Kills the only server, and starts it anew; when that was.
    pub(crate) fn restart(&mut self) -> Result<Instant, NoServer> {
        let ports: Vec<u16> = self.servers.drain(..).map(|server| server.address.port()).collect();
        let start = Instant::now();
        let command = command(self.system, self.shape, &ports, 0, &self.bin);
        self.servers.push(Server::start(command, ports[0], self.dir.path())?);
        Ok(start)
    }

    /// How many bytes it has on disk.
    pub(crate) fn on_disk(&self) -> io::Result<u64> {
        let folder = if self.system.is_redis() { "appendonlydir" } else { "data" };
        bytes_in(&self.dir.path().join(folder))
    }

    /// One that is as many links away as any.
    pub(crate) fn farthest(&self) -> &Server {
        let index = if self.shape == Shape::Ring { 2 } else { self.servers.len() - 1 };
        &self.servers[index]
    }
}

/// The bytes of all files in a folder, and in those in it.
fn bytes_in(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_in(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

/// A herd's file, and the plain servers.
fn write_files(dir: &Path, shape: Shape, ports: &[u16]) -> io::Result<()> {
    let mut herd = String::new();
    for ((name, links), port) in shape.servers().iter().zip(ports) {
        let links: Vec<&str> = links.iter().map(|&link| shape.servers()[link].0).collect();
        writeln!(herd, "[[server]]\nname = {name:?}\nlisten = \"127.0.0.1:{port}\"\nlinks = {links:?}\n")
            .expect("a String takes every write");
    }
    std::fs::write(dir.join("herd.toml"), herd)?;
    std::fs::write(dir.join("herd.py"), ASYNCIO)?;
    std::fs::write(dir.join("herd.js"), NODE)
}

/// How one of the servers is started.
fn command(system: System, shape: Shape, ports: &[u16], index: usize, bin: &Path) -> Command {
    let (name, links) = shape.servers()[index];
    let port = ports[index].to_string();
    let neighbours = links.iter().map(|&link| format!("{}={}", shape.servers()[link].0, ports[link]));
    match system {
        System::HerdTokio
        | System::HerdAsyncStd
        | System::HerdTokioTls
        | System::HerdAsyncStdTls
        | System::HerdTokioDisk
        | System::HerdTokioEach => {
            let mut command = Command::new(bin.join(system.herd().unwrap_or_default()));
            command.args(["serve", name, "--config", "herd.toml", "--log-filter", "error"]);
            if let Some(sync) = system.sync() {
                command.args(["--data", "data", "--data-sync", sync]);
            }
            if system.is_encrypted() {
                command.args(["--tls-cert", CERTIFICATE, "--tls-key", KEY, "--tls-ca", AUTHORITY]);
            }
            command
        }
        System::HerdTokioHttp | System::HerdAsyncStdHttp => {
            let mut command = Command::new(bin.join(system.herd().unwrap_or_default()));
            // Nobody speaks in lines here.
            command.args(["serve", name, "--config", "herd.toml", "--listen", "127.0.0.1:0", "--log-filter", "error"]);
            command.args(["--http", &format!("127.0.0.1:{port}")]);
            command
        }
        System::BareHyper => {
            let mut command = Command::new(bin.join("examples/bare-hyper"));
            command.arg(format!("127.0.0.1:{port}"));
            command
        }
        System::RustlsEcho => {
            // It is this program.
            let mut command = Command::new(std::env::current_exe().unwrap_or_default());
            command.args(["bench", "echo", "--port", &port, "--cert", CERTIFICATE, "--key", KEY]);
            command
        }
        System::RedisSet
        | System::RedisTls
        | System::RedisGeo
        | System::RedisPartial
        | System::RedisFull
        | System::RedisEverysec
        | System::RedisAlways => {
            let mut command = Command::new("redis-server");
            if system == System::RedisTls {
                command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                command.args(["--tls-cert-file", CERTIFICATE, "--tls-key-file", KEY]);
                command.args(["--tls-ca-cert-file", AUTHORITY]);
            } else {
                command.args(["--port", &port]);
            }
            // No persistence but what the herd has, too; a replica begins without a pause.
            let appends = if system.sync().is_some() { "yes" } else { "no" };
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", appends]);
            if let Some(sync) = system.sync() {
                command.args(["--appendfsync", sync]);
            }
            command.args(["--repl-diskless-sync-delay", "0"]);
            match system {
                System::RedisPartial => {
                    command.args(["--repl-backlog-size", "8gb"]);
                }
                System::RedisFull => {
                    command.args(["--repl-backlog-size", "16kb"]);
                }
                _ => {}
            }
            if index > 0 {
                command.args(["--replicaof", "127.0.0.1", &ports[0].to_string()]);
            }
            command
        }
        System::Memcached => {
            let mut command = Command::new("memcached");
            command.args(["-l", "127.0.0.1", "-p", &port, "-U", "0", "-m", "1024", "-t", "2"]);
            if is_root() {
                // It refuses unless it is told that this is meant.
                command.args(["-u", "root"]);
            }
            command
        }
        System::Asyncio => {
            let mut command = Command::new("python3");
            command.args(["herd.py", name, &port]).args(neighbours);
            command
        }
        System::Node => {
            let mut command = Command::new("node");
            command.args(["herd.js", name, &port]).args(neighbours);
            command
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
