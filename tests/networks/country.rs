//! A herd, each server at a site of its own.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use herd_tests::client::Client;
use herd_tests::network::{Namespace, Network};
use herd_tests::patience::{PATIENCE, wait_for};
use herd_tests::process::Process;
use tempfile::TempDir;

use crate::program;

/// The servers' names; the site of each has its index.
const NAMES: [&str; 3] = ["A", "B", "C"];
const PORT: u16 = 12_880;

/// Short times, so that a case does not take long: what is lost is found out after one, and tried again after the other.
pub(crate) const LINK_TIMEOUT: Duration = Duration::from_secs(1);
pub(crate) const LINK_RETRY: Duration = Duration::from_secs(1);

/// How soon after a partition heals the servers agree.
const PROMISE: Duration = LINK_TIMEOUT.saturating_add(LINK_RETRY).saturating_add(Duration::from_secs(2));

/// What asking all servers about all clients may take beyond that, where the processors have much else to do. It is
/// far less than `repair-interval`, at which the servers would agree without having noticed anything.
const SLACK: Duration = Duration::from_secs(PATIENCE.as_secs() / 4);

/// A herd of two or three servers, each linked with each.
#[derive(Debug)]
pub(crate) struct Country {
    // Processes end before their network does.
    processes: [Option<Process>; NAMES.len()],
    /// Where they are.
    pub(crate) network: Network,
    /// Variables for servers that are started from now on.
    pub(crate) variables: Vec<(String, OsString)>,
    flags: Vec<String>,
    /// What was accepted: a client, and its AT line.
    accepted: Vec<(String, String)>,
    folder: TempDir,
}

impl Country {
    /// So many sites, with a server at each that has short times.
    pub(crate) fn of(count: u8) -> Self {
        let mut country = Self::prepare(count, |site| Network::address(site).to_string());
        country.flags = ["--link-timeout", "1s", "--link-retry", "1s"].map(String::from).to_vec();
        country.start_all();
        country
    }

    /// So many sites without a server yet, whose addresses are written like that.
    pub(crate) fn prepare(count: u8, address: impl Fn(u8) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Whoever is on one of these networks is one of the servers.
        let mut config = "[herd]\ntrust-addresses = true\n[access]\nanonymous = [\"all\"]\n".to_owned();
        for site in 0..count {
            let (name, address) = (NAMES[usize::from(site)], address(site));
            let links = &NAMES[usize::from(site) + 1..usize::from(count)];
            writeln!(config, "[[server]]\nname = {name:?}\nlisten = \"0.0.0.0:{PORT}\"").expect("a string");
            writeln!(config, "address = \"{address}:{PORT}\"\nlinks = {links:?}\n").expect("a string");
        }
        fs::write(folder.path().join("herd.toml"), config).expect("a file");
        let (processes, accepted) = (NAMES.map(|_| None), Vec::new());
        Self { processes, network: Network::of(count), variables: Vec::new(), flags: Vec::new(), accepted, folder }
    }

    /// With this flag for every server.
    pub(crate) fn with(mut self, flag: &str, value: &str) -> Self {
        self.flags.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    /// Starts a server at every site.
    pub(crate) fn start_all(&mut self) {
        for site in 0..self.network.len() {
            self.start(site);
        }
    }

    /// Starts the server of a site, and waits until it listens.
    pub(crate) fn start(&mut self, site: u8) {
        let log = File::options().create(true).append(true).open(self.log_path(site)).expect("a log");
        let mut command = self.site(site).command(program());
        command.args(["serve", NAMES[usize::from(site)], "--config"]).arg(self.folder.path().join("herd.toml"));
        command.args(["--log-format", "json", "--log-filter", "info"]).args(&self.flags);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::null()).stderr(log);
        self.processes[usize::from(site)] = Some(Process::of(command.spawn().expect("a program to run")));
        wait_for("a server to listen", || self.site(site).connect(here()).ok());
    }

    /// Kills the server of a site, as `kill -9` does: what it alone has is lost.
    pub(crate) fn kill(&mut self, site: u8) {
        self.processes[usize::from(site)].take().expect("a running server").kill();
    }

    /// Where a site is.
    pub(crate) fn site(&self, site: u8) -> &Namespace {
        self.network.site(site)
    }

    /// From now on the site gets nothing that comes from that address, and nobody is told.
    pub(crate) fn block(&self, site: u8, from: Ipv4Addr) {
        let site = self.site(site);
        site.run("nft", "add table ip cut");
        site.run("nft", "add chain ip cut in { type filter hook input priority 0 ; }");
        site.run("nft", &format!("add rule ip cut in ip saddr {from} drop"));
    }

    /// The site gets everything again.
    pub(crate) fn unblock(&self, site: u8) {
        self.site(site).run("nft", "delete table ip cut");
    }

    /// Connects to a server from its own site, so that whatever happens to the network does not happen to clients.
    pub(crate) fn client(&self, site: u8) -> Client {
        Client::over(self.site(site).connect(here()).expect("a server that listens"))
    }

    /// A server accepts the report of a new client, as of that time.
    pub(crate) fn tell_at(&mut self, site: u8, time: &str) -> String {
        let client = format!("{}-{}", NAMES[usize::from(site)], self.accepted.len());
        let at = self.client(site).ask(format!("IAMAT {client} +34.068930-118.445127 {time}"));
        assert!(at.starts_with("AT "), "{at}");
        self.accepted.push((client, at.clone()));
        at
    }

    /// A server accepts the report of a new client.
    pub(crate) fn tell(&mut self, site: u8) {
        self.tell_at(site, "1479413884.392014450");
    }

    /// Every server that runs accepts the report of a new client.
    pub(crate) fn tell_each(&mut self) {
        for site in self.running() {
            self.tell(site);
        }
    }

    /// Goes on telling these servers of clients for so long.
    pub(crate) fn tell_for(&mut self, sites: &[u8], time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            for &site in sites {
                self.tell(site);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until that server knows all that any has accepted.
    pub(crate) fn wait_until_knows_all(&self, site: u8) {
        for (client, at) in &self.accepted {
            wait_for(&format!("{} to know {at}", NAMES[usize::from(site)]), || {
                (self.client(site).ask(format!("WHATSAT {client} 0 0")) == *at).then_some(())
            });
        }
    }

    /// Waits until each server that runs does.
    pub(crate) fn wait_until_all_know(&self) {
        for site in self.running() {
            self.wait_until_knows_all(site);
        }
    }

    /// That server has not heard of what the other was told last: they are parted.
    pub(crate) fn assert_unheard(&self, site: u8, of: u8) {
        let from = format!("{}-", NAMES[usize::from(of)]);
        let last = self.accepted.iter().rfind(|(client, _)| client.starts_with(&from));
        let (client, _) = last.expect("it was told of clients");
        let reply = self.client(site).ask(format!("WHATSAT {client} 0 0"));
        assert!(reply.starts_with("? "), "they are not parted: {reply}");
    }

    /// All servers know all as soon after `healed` as is promised.
    pub(crate) fn agree_after(&self, what: &str, healed: Instant) {
        self.wait_until_all_know();
        let took = healed.elapsed();
        println!("{what}: all knew all {took:?} after it was over; {PROMISE:?} is promised");
        assert!(took < PROMISE + SLACK, "{what}: it took {took:?}, and {PROMISE:?} is promised");
    }

    /// A file of that name, in a folder that is removed with the herd.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a server has logged until now.
    pub(crate) fn log(&self, site: u8) -> String {
        fs::read_to_string(self.log_path(site)).expect("a log")
    }

    /// The sites whose servers run.
    fn running(&self) -> Vec<u8> {
        (0..).zip(&self.processes).filter(|(_, process)| process.is_some()).map(|(site, _)| site).collect()
    }

    fn log_path(&self, site: u8) -> PathBuf {
        self.file(&format!("{site}.log"))
    }
}

/// A server's address at its own site.
fn here() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, PORT).into()
}
