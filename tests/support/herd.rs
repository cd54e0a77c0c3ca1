//! A herd of server processes on this machine, from a config file in a folder of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::client::{Client, converse};
use crate::graphs::Graph;
use crate::http::HttpClient;
use crate::patience::wait_for;
use crate::ports::free_address;
use crate::process::{Binaries, Process, Recipe, Signal};

/// A herd that is not started yet.
#[derive(Clone, Debug)]
#[must_use]
pub struct Plan {
    binaries: Binaries,
    graph: Graph,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    absent: Vec<String>,
    /// What the config file has besides the servers.
    config: String,
    has_http: bool,
}

impl Plan {
    /// A herd of these programs and of this shape, that logs everything as JSON.
    pub fn new(binaries: &Binaries, graph: &Graph) -> Self {
        // As variables, so that a case's own flags go before.
        let variables = [("HERD_LOG_FORMAT", "json"), ("HERD_LOG_FILTER", "debug")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let (binaries, graph) = (binaries.clone(), graph.clone());
        Self {
            binaries,
            graph,
            arguments: Vec::new(),
            variables,
            absent: Vec::new(),
            config: String::new(),
            has_http: false,
        }
    }

    /// With these flags for every server.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// With this variable for every server.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// With these tables in the config file, behind the servers.
    pub fn with_config(mut self, tables: &str) -> Self {
        self.config.push_str(tables);
        self
    }

    /// With an HTTP door at each server.
    pub fn with_http(mut self) -> Self {
        self.has_http = true;
        self
    }

    /// Without this server, whose place the test itself takes.
    pub fn without(mut self, name: &str) -> Self {
        self.absent.push(name.into());
        self
    }

    /// Starts every server but the absent ones, and waits until all of them listen.
    #[must_use]
    pub fn start(self) -> Herd {
        let mut herd = self.prepare();
        for name in herd.graph.names.clone() {
            if !self.absent.contains(&name) {
                herd.start(&name);
            }
        }
        herd
    }

    /// Writes the herd's config and starts nothing.
    #[must_use]
    pub fn prepare(&self) -> Herd {
        let folder = tempfile::tempdir().expect("a folder");
        let addresses: Vec<SocketAddr> = self.graph.names.iter().map(|_| free_address()).collect();
        let config = folder.path().join("herd.toml");
        let doors = self.graph.names.iter().filter(|_| self.has_http).map(|name| (name.clone(), free_address()));
        let doors: BTreeMap<String, SocketAddr> = doors.collect();
        std::fs::write(&config, config_text_with(&self.graph, &addresses, &doors) + &self.config).expect("a file");
        let mut recipes = BTreeMap::new();
        for (index, (name, &address)) in self.graph.names.iter().zip(&addresses).enumerate() {
            let mut arguments = vec!["serve".into(), name.into(), "--config".into(), config.clone().into_os_string()];
            arguments.extend(self.arguments.iter().map(Into::into));
            let recipe = Recipe {
                program: self.binaries.nth(index).to_owned(),
                arguments,
                variables: self.variables.clone(),
                address,
                log: folder.path().join(format!("{name}.log")),
            };
            recipes.insert(name.clone(), recipe);
        }
        Herd { graph: self.graph.clone(), processes: BTreeMap::new(), recipes, doors, config, _folder: folder }
    }
}

/// The config file of a herd of this shape at these addresses.
#[must_use]
pub fn config_text(graph: &Graph, addresses: &[SocketAddr]) -> String {
    config_text_with(graph, addresses, &BTreeMap::new())
}

/// The same, with the HTTP doors of these servers.
fn config_text_with(graph: &Graph, addresses: &[SocketAddr], doors: &BTreeMap<String, SocketAddr>) -> String {
    let mut text = String::new();
    for (name, address) in graph.names.iter().zip(addresses) {
        let to: Vec<&str> = graph.links.iter().filter(|(from, _)| from == name).map(|(_, to)| to.as_str()).collect();
        writeln!(text, "[[server]]\nname = {name:?}\nlisten = \"{address}\"\nlinks = {to:?}").expect("a string");
        if let Some(door) = doors.get(name) {
            writeln!(text, "http = \"{door}\"").expect("a string");
        }
        text.push('\n');
    }
    text
}

/// A herd, some of whose servers run. All are killed when this is dropped.
#[derive(Debug)]
pub struct Herd {
    graph: Graph,
    processes: BTreeMap<String, Process>,
    recipes: BTreeMap<String, Recipe>,
    /// Where HTTP is spoken.
    doors: BTreeMap<String, SocketAddr>,
    /// Its config file.
    pub config: PathBuf,
    _folder: TempDir,
}

impl Herd {
    /// Its shape.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Where that server listens.
    #[must_use]
    pub fn address(&self, name: &str) -> SocketAddr {
        self.recipes[name].address
    }

    /// From now on the config file has these tables behind the servers: for those that read it from now on.
    pub fn configure(&self, tables: &str) {
        let addresses: Vec<SocketAddr> = self.graph.names.iter().map(|name| self.address(name)).collect();
        self.write("herd.toml", &(config_text(&self.graph, &addresses) + tables));
    }

    /// Writes a file of that name beside the config file, which only its owner can read.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.config.with_file_name(name);
        // Renamed, so that nobody reads half of it.
        let new = path.with_extension("new");
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new).expect("a file");
        file.write_all(text.as_bytes()).expect("a file");
        std::fs::rename(new, path).expect("a file");
    }

    /// Has a server read its files again, and waits until it has.
    pub fn reload(&self, name: &str) {
        self.signal_and_wait(name, "settings read again");
    }

    /// Has a server read its files again, which are wrong; what it logs of that.
    #[must_use]
    pub fn reload_in_vain(&self, name: &str) -> serde_json::Value {
        self.signal_and_wait(name, "settings cannot be used, the old ones stay")
    }

    /// Sends a server a signal.
    pub fn signal(&self, name: &str, signal: Signal) {
        self.processes[name].signal(signal);
    }

    fn signal_and_wait(&self, name: &str, says: &str) -> serde_json::Value {
        let message = format!("\"{says}\"");
        let last = |after| {
            let text = self.log_text(name);
            let line = text.split_inclusive('\n').filter(|line| line.contains(&message)).nth(after)?;
            line.ends_with('\n').then(|| serde_json::from_str(line).expect("JSON"))
        };
        let said = self.log_text(name).lines().filter(|line| line.contains(&message)).count();
        self.signal(name, Signal::HUP);
        wait_for(&format!("{name} to say {says:?}"), || last(said))
    }

    /// Starts a server, and waits until it listens.
    pub fn start(&mut self, name: &str) {
        let process = Process::start(&self.recipes[name]);
        self.processes.insert(name.into(), process);
        if let Some(door) = self.doors.get(name) {
            wait_for(&format!("a door at {door}"), || TcpStream::connect(door).ok());
        }
    }

    /// Starts a server that listens at another address than was planned, as its config file has it.
    pub fn start_at(&mut self, name: &str, address: SocketAddr) {
        self.recipes.get_mut(name).expect("a server").address = address;
        self.start(name);
    }

    /// Starts a server with these arguments besides, whose standard error goes there, and waits until it listens.
    pub fn start_with(&mut self, name: &str, stderr: Stdio, arguments: &[&str]) {
        let recipe = &self.recipes[name];
        let mut command = recipe.command();
        command.args(arguments).stderr(stderr);
        self.processes.insert(name.into(), Process::listening(&mut command, recipe.address));
    }

    /// Starts a server behind another program, which takes the server's command as its own arguments.
    pub fn start_behind(&mut self, program: &[&str], name: &str) {
        let process = Process::start(&self.recipes[name].behind(program));
        self.processes.insert(name.into(), process);
    }

    /// Kills a server, as `kill -9` does.
    pub fn kill(&mut self, name: &str) {
        self.processes.remove(name).expect("a running server").kill();
    }

    /// Counts a server that has ended by itself among those that run no more.
    pub fn forget(&mut self, name: &str) {
        self.processes.remove(name).expect("a server that ran");
    }

    /// A server's process.
    pub fn process(&mut self, name: &str) -> &mut Process {
        self.processes.get_mut(name).expect("a running server")
    }

    /// The servers that run.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        self.processes.keys().cloned().collect()
    }

    /// Connects to a server.
    #[must_use]
    pub fn client(&self, name: &str) -> Client {
        Client::connect(self.address(name))
    }

    /// Where that server speaks HTTP.
    #[must_use]
    pub fn door(&self, name: &str) -> SocketAddr {
        self.doors[name]
    }

    /// Connects to a server's HTTP door.
    #[must_use]
    pub fn http(&self, name: &str) -> HttpClient {
        HttpClient::connect(self.door(name))
    }

    /// Sends these bytes to a server on a connection of their own, and reads all that comes back.
    #[must_use]
    pub fn converse(&self, name: &str, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        converse(self.address(name), bytes)
    }

    /// How a server says that it is.
    #[must_use]
    pub fn status(&self, name: &str) -> serde_json::Value {
        let line = self.client(name).ask("STATUS");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// What a server says needs a person, each in a sentence.
    #[must_use]
    pub fn wrong(&self, name: &str) -> Vec<String> {
        let status = self.status(name);
        let wrong = status["wrong"].as_array().unwrap_or_else(|| panic!("{status}"));
        wrong.iter().map(|sentence| sentence.as_str().expect("text").to_owned()).collect()
    }

    /// Tells a server where a client is; its reply, from `AT` to the time.
    #[must_use]
    pub fn report(&self, name: &str, client: &str, time: &str) -> String {
        self.client(name).ask(format!("IAMAT {client} +34.068930-118.445127 {time}"))
    }

    /// Waits until a server gives this AT line for a client.
    pub fn wait_until_known(&self, name: &str, client: &str, at: &str) {
        wait_for(&format!("{name} to know {at}"), || {
            (self.client(name).ask(format!("WHATSAT {client} 0 0")) == at).then_some(())
        });
    }

    /// Waits until all servers that run give this AT line for a client.
    pub fn wait_until_all_know(&self, client: &str, at: &str) {
        for name in self.running() {
            self.wait_until_known(&name, client, at);
        }
    }

    /// What a server has logged until now, as lines of JSON.
    #[must_use]
    pub fn log(&self, name: &str) -> Vec<serde_json::Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let text = self.log_text(name);
        // The last line may be half written.
        text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(parse).collect()
    }

    /// What a server has logged until now.
    #[must_use]
    pub fn log_text(&self, name: &str) -> String {
        std::fs::read_to_string(self.log_path(name)).expect("a log")
    }

    /// The file that a server's standard error goes to.
    #[must_use]
    pub fn log_path(&self, name: &str) -> &Path {
        &self.recipes[name].log
    }
}
