//! Three regions and the NATS server between them.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::compare::server::{NoServer, Server, free_ports};
use crate::compare::status::Status;
use crate::compare::system::System;

const REGIONS: [&str; 3] = ["us", "eu", "ap"];
/// The servers of each, all linked with each other.
const SERVERS: [&str; 3] = ["Alford", "Ball", "Hamilton"];

/// How long it may take until all agree.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long to wait before it is looked again.
const NAP: Duration = Duration::from_millis(10);

/// Processes that end with it.
pub(super) struct World {
    /// Region by region.
    servers: Vec<Server>,
    /// Where NATS listens for clients.
    pub(super) nats: SocketAddr,
    /// Where it tells of itself.
    monitor: u16,
    running: Option<Server>,
    dir: TempDir,
}

impl World {
    pub(super) fn start(system: System, bin: &Path) -> Result<Self, NoServer> {
        let failed = |error: io::Error| NoServer::Failed { program: system.name().into(), why: error.to_string() };
        let dir = tempfile::tempdir().map_err(failed)?;
        let ports = free_ports(2 + REGIONS.len() * SERVERS.len()).map_err(failed)?;
        let (nats, monitor) = (SocketAddr::from(([127, 0, 0, 1], ports[0])), ports[1]);
        let mut world = Self { servers: Vec::new(), nats, monitor, running: None, dir };
        world.running = Some(world.nats_server()?);
        for (region, ports) in REGIONS.iter().zip(ports[2..].chunks(SERVERS.len())) {
            let file = world.write(region, ports).map_err(failed)?;
            for (name, port) in SERVERS.iter().zip(ports) {
                let mut command = Command::new(bin.join(system.herd().unwrap_or_default()));
                command.args(["serve", &format!("{region}-{name}"), "--log-filter", "error", "--config"]).arg(&file);
                world.servers.push(Server::start(command, *port, world.dir.path())?);
            }
        }
        Ok(world)
    }

    /// The file of a region.
    fn write(&self, region: &str, ports: &[u16]) -> io::Result<PathBuf> {
        let mut text = String::new();
        for ((name, port), number) in SERVERS.iter().zip(ports).zip(1..) {
            let links: Vec<String> = SERVERS[number..].iter().map(|other| format!("{region}-{other}")).collect();
            let listen = format!("127.0.0.1:{port}");
            writeln!(text, "[[server]]\nname = \"{region}-{name}\"\nlisten = {listen:?}\nlinks = {links:?}\n")
                .expect("a String takes every write");
        }
        writeln!(text, "[region]\nname = {region:?}\nnats = [\"nats://{}\"]", self.nats)
            .expect("a String takes every write");
        let path = self.dir.path().join(format!("{region}.toml"));
        std::fs::write(&path, text)?;
        Ok(path)
    }

    fn nats_server(&self) -> Result<Server, NoServer> {
        let mut command = Command::new("nats-server");
        command.args(["-a", "127.0.0.1", "-p", &self.nats.port().to_string(), "-m", &self.monitor.to_string()]);
        command.arg("-js").arg("-sd").arg(self.dir.path().join("jetstream"));
        Server::start(command, self.nats.port(), self.dir.path())
    }

    /// Kills NATS.
    pub(super) fn stop_nats(&mut self) {
        self.running = None;
    }

    /// Starts it again, with what it had on disk.
    pub(super) fn start_nats(&mut self) -> io::Result<()> {
        self.running = Some(self.nats_server().map_err(io::Error::other)?);
        Ok(())
    }

    /// The first server of a region.
    pub(super) fn server(&self, region: usize) -> &Server {
        &self.servers[region * SERVERS.len()]
    }

    /// Waits until every region has a bridge, and hears of the others.
    pub(super) fn wait_until_joined(&self) -> io::Result<()> {
        self.wait("the regions are not joined", |_, status| {
            let others = status["regions"].as_array().map(Vec::as_slice).unwrap_or_default();
            others.len() == REGIONS.len() - 1
        })
    }

    /// Waits until all servers know so many clients to be at home in a region, and in no other.
    pub(super) fn wait_until_at_home(&self, region: usize, clients: u32) -> io::Result<()> {
        self.wait("not all know where clients are at home", |of, status| {
            status["away"] == if of == region { 0 } else { clients }
        })
    }

    /// Waits until what each server says is right, by its region.
    fn wait(&self, what: &str, is_right: impl Fn(usize, &Value) -> bool) -> io::Result<()> {
        let start = Instant::now();
        for (number, server) in self.servers.iter().enumerate() {
            let mut status = Status::open(server.address)?;
            while !is_right(number / SERVERS.len(), &status.ask()?) {
                if start.elapsed() > PATIENCE {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, what));
                }
                std::thread::sleep(NAP);
            }
        }
        Ok(())
    }

    /// How many bytes NATS has been sent, by all.
    pub(super) fn bytes_into_nats(&self) -> io::Result<f64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.monitor))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /varz HTTP/1.0\r\n\r\n")?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let told: Value = serde_json::from_str(body)?;
        told["in_bytes"].as_f64().ok_or_else(|| io::Error::other("NATS does not say what it was sent"))
    }
}
