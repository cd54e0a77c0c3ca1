//! The rule of the first asyncio herd, as Jeffrey Xu's report "Using asyncio for Application Server
//! Herds" has it: pass a report on to all but its sender and its origin, each on a connection of its
//! own; remember nothing of what was handled; repair nothing.
//!
//! This is the one server here that is a model. The other one is the core itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::graphs::{self, Graph};
use super::site::{Input, Kept, Output, Place, Site, Step, Text};
use super::table::Table;
use super::update::Update;

/// What a server of the first herd knows: who it is, and the newest time and report of each client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Server {
    me: usize,
    known: BTreeMap<String, (u64, String)>,
}

/// Servers of the first herd.
pub(crate) struct First {
    graph: Graph,
    updates: Vec<Update>,
    servers: Mutex<Table<Server, Server>>,
    texts: Mutex<Table<String, Arc<[u8]>>>,
}

impl First {
    pub(crate) fn new(graph: Graph, updates: &[Update]) -> Self {
        Self { graph, updates: updates.to_vec(), servers: Mutex::new(Table::new()), texts: Mutex::new(Table::new()) }
    }

    /// Takes a report `ORIGIN SKEW CLIENT POSITION TIME` that came from `sender`, or from a client.
    fn pass_on(&self, server: &mut Server, report: &str, sender: Option<&str>, up: u8) -> Vec<(usize, String)> {
        let fields: Vec<_> = report.split(' ').collect();
        let [origin, _, client, _, time] = fields[..] else { panic!("{report} is no report") };
        let time = time.parse().expect("a whole number of seconds");
        if server.known.get(client).is_none_or(|&(known, _)| known < time) {
            server.known.insert(client.to_owned(), (time, report.to_owned()));
        }
        let line = format!("AT {report} {}\n", graphs::name(server.me));
        let neighbours = self.graph.ways().into_iter().filter(|way| way.0 == server.me).map(|way| way.1);
        let to = |to: &usize| ![sender, Some(origin)].contains(&Some(graphs::name(*to))) && up & 1 << to != 0;
        neighbours.filter(to).map(|to| (to, line.clone())).collect()
    }
}

impl Site for First {
    fn step(&self, from: Place, input: Input, up: u8) -> Step {
        let mut servers = self.servers.lock().expect("no step panics and the check goes on");
        let mut texts = self.texts.lock().expect("as above");
        let mut server = match input {
            Input::Start(me, _) => Server { me, known: BTreeMap::new() },
            _ => servers.get(from).clone(),
        };
        let lines = match input {
            Input::Client(update) => {
                let Update { client, time, .. } = self.updates[update];
                let report = format!("{} +0.5 {client} +34.068930-118.445127 {time}", graphs::name(server.me));
                self.pass_on(&mut server, &report, None, up)
            }
            Input::Request(text) => {
                let line = String::from_utf8_lossy(texts.get(text)).into_owned();
                let line = line.trim_end().strip_prefix("AT ").expect("nothing else is sent");
                let (report, sender) = line.rsplit_once(' ').expect("an AT line has fields");
                self.pass_on(&mut server, report, Some(sender), up)
            }
            Input::Start(..) | Input::Answer(..) | Input::Lost(_) | Input::Wait(_) => Vec::new(),
        };
        let mut outputs = Vec::new();
        for (to, line) in lines {
            let text = texts.number(line.clone(), || line.as_bytes().into());
            outputs.extend([Output::Open(to), Output::Send(to, text), Output::Close(to)]);
        }
        Step { to: servers.number(server.clone(), || server), outputs, wrong: None }
    }

    fn kept(&self, place: Place) -> Kept {
        let servers = self.servers.lock().expect("as above");
        Arc::new(servers.get(place).known.values().map(|(_, report)| report.clone().into_bytes()).collect())
    }

    fn wake(&self, _: Place) -> Option<u64> {
        None
    }

    fn brings(&self, text: Text) -> u64 {
        Update::brought(&self.updates, self.texts.lock().expect("as above").get(text))
    }

    fn updates(&self) -> &[Update] {
        &self.updates
    }
}
