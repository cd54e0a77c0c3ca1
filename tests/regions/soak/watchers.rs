//! Connections that watch clients, wherever these are, and are there for as long as their servers.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use herd::{Position, SplitMix64};
use herd_tests::patience::wait_longer_for;

use super::clients::{Clients, PATIENCE};
use super::world::{Place, REGIONS, World};

/// What is watched in each region: one client, the beginning of IDs, a circle.
const TARGETS: [&str; 3] = ["c7", "c1*", "+40+40 3000"];

/// All of them.
pub(super) struct Watchers {
    luck: SplitMix64,
    all: Vec<Watcher>,
    connections: usize,
    lines: usize,
}

/// Somebody who watches, with one connection after the other.
struct Watcher {
    region: usize,
    target: &'static str,
    connection: Option<Connection>,
}

/// A connection to a server, and what was told on it.
struct Connection {
    to: Place,
    stream: TcpStream,
    /// A line that has not come as a whole.
    begun: Vec<u8>,
    is_ready: bool,
    /// The time of the last report of each client that is shown, and of the last line of each.
    shown: BTreeMap<String, u64>,
    told: BTreeMap<String, u64>,
}

impl Watchers {
    pub(super) fn new(seed: u64) -> Self {
        let all = (0..REGIONS.len()).flat_map(|region| TARGETS.map(|target| (region, target)));
        let all = all.map(|(region, target)| Watcher { region, target, connection: None }).collect();
        Self { luck: SplitMix64::new(seed), all, connections: 0, lines: 0 }
    }

    /// All read what has come. Whose connection is over has another one, to any server of its region.
    pub(super) fn read(&mut self, world: &World, clients: &Clients) {
        for watcher in &mut self.all {
            let Watcher { region, target, connection } = watcher;
            if let Some(connection) = connection {
                let (lines, is_over) = connection.read();
                self.lines += lines.len();
                for line in lines {
                    let taken = connection.take(&line, target, clients);
                    taken.unwrap_or_else(|what| panic!("who watches {target} at {:?}: {line}: {what}", connection.to));
                }
                if !is_over {
                    continue;
                }
            }
            let places = world.up(*region);
            let to = places[usize::try_from(self.luck.below(places.len() as u64)).expect("a few")];
            *connection = Some(Connection::open(world, to, target));
            self.connections += 1;
        }
    }

    /// Each holds what its region answers.
    pub(super) fn wait_until_all_agree(&mut self, world: &World, clients: &Clients) {
        for index in 0..self.all.len() {
            let Watcher { region, target, .. } = self.all[index];
            let is_shown = |(client, _, at): &(&str, u64, Option<&str>)| at.is_some_and(|at| is_in(target, client, at));
            let so = clients.newest().filter(is_shown).map(|(client, time, _)| (client.to_owned(), time));
            let so: BTreeMap<String, u64> = so.collect();
            wait_longer_for(
                &format!("who watches {target} in {} to be shown {so:?}", REGIONS[region]),
                PATIENCE,
                || {
                    self.read(world, clients);
                    let connection = self.all[index].connection.as_ref()?;
                    (connection.is_ready && connection.shown == so).then_some(())
                },
            );
        }
    }
}

impl Connection {
    fn open(world: &World, to: Place, target: &str) -> Self {
        let mut stream = TcpStream::connect(world.address(to)).expect("a server that listens");
        stream.write_all(format!("WATCH {target}\n").as_bytes()).expect("a server that reads");
        stream.set_nonblocking(true).expect("a socket");
        let (shown, told) = (BTreeMap::new(), BTreeMap::new());
        Self { to, stream, begun: Vec::new(), is_ready: false, shown, told }
    }

    /// The lines that have come, and whether no more will.
    fn read(&mut self) -> (Vec<String>, bool) {
        let mut piece = [0; 4096];
        let is_over = loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break true,
                Ok(len) => self.begun.extend_from_slice(&piece[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
                Err(_) => break true,
            }
        };
        let end = self.begun.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let whole: Vec<u8> = self.begun.drain(..end).collect();
        (String::from_utf8(whole).expect("text").lines().map(str::to_owned).collect(), is_over)
    }

    /// Takes a line; what is wrong with it.
    fn take(&mut self, line: &str, target: &str, clients: &Clients) -> Result<(), String> {
        let fields: Vec<&str> = line.split(' ').collect();
        let (word, client) = match *fields {
            ["WATCHING", ..] => {
                self.is_ready = true;
                return Ok(());
            }
            ["AGAIN", ..] => {
                self.shown.clear();
                self.is_ready = false;
                return Ok(());
            }
            [word, _, _, client, ..] => (word, client.to_owned()),
            _ => return Err("it is no line of a watch".into()),
        };
        let (position, time) = if word == "FORGOTTEN" { (None, fields[4]) } else { (Some(fields[4]), fields[5]) };
        let time = time.parse().map_err(|error| format!("{error}"))?;
        if !clients.have_told(&client, time, position) {
            return Err("that was never told".into());
        }
        let before = self.told.insert(client.clone(), time).unwrap_or_default();
        if time < before {
            return Err(format!("it was told of the time {before} before"));
        }
        if word == "SEEN" {
            self.shown.insert(client, time);
        } else if self.shown.remove(&client).is_none() && (word != "FORGOTTEN" || target.starts_with('+')) {
            return Err("it was not seen before".into());
        }
        Ok(())
    }
}

/// Whether a target is about a client that is there.
fn is_in(target: &str, client: &str, position: &str) -> bool {
    let at = |position: &str| Position::parse(position.as_bytes()).expect("a position");
    match target.split_once(' ') {
        Some((center, radius)) => at(center).distance_km(at(position)) <= radius.parse().expect("a radius"),
        None => target.strip_suffix('*').map_or(client == target, |prefix| client.starts_with(prefix)),
    }
}

impl fmt::Display for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, connections, lines, .. } = self;
        write!(f, "{} watchers, {connections} connections, {lines} lines", all.len())
    }
}
