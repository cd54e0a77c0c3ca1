//! A neighbour that knows nothing but AT lines, as the asyncio herds are: it reads one line of a
//! connection, answers `? line` to what it does not know, and closes; it tells each neighbour on a
//! connection of its own.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::lock::lock;
use crate::patience::{PATIENCE, wait_for};

/// A plain neighbour. It serves until the test's process ends.
#[derive(Clone, Debug)]
pub struct Plain {
    name: String,
    /// The names and addresses of its neighbours.
    neighbours: Vec<(String, SocketAddr)>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What each connection brought, in the order in which they ended.
    connections: Vec<Vec<String>>,
    /// The updates that it has passed on: client and time.
    handled: BTreeSet<(String, String)>,
}

impl Plain {
    /// Listens at `address` as the server of this name.
    #[must_use]
    pub fn listen(name: &str, address: SocketAddr, neighbours: &[(&str, SocketAddr)]) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let neighbours = neighbours.iter().map(|&(name, address)| (name.to_owned(), address)).collect();
        let plain = Self { name: name.into(), neighbours, seen: Arc::default() };
        let server = plain.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = server.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        plain
    }

    /// Tells the neighbours where a client is, as if it had reported here; the AT line without its
    /// sender.
    #[must_use]
    pub fn report(&self, client: &str, time: &str) -> String {
        let at = format!("AT {} +0.125000000 {client} +34.068930-118.445127 {time}", self.name);
        self.is_news(&format!("{at} {}", self.name));
        self.tell(&at, &[]);
        at
    }

    /// What each connection brought until now.
    #[must_use]
    pub fn connections(&self) -> Vec<Vec<String>> {
        lock(&self.seen).connections.clone()
    }

    /// The AT lines until now.
    #[must_use]
    pub fn at_lines(&self) -> Vec<String> {
        self.connections().into_iter().flatten().filter(|line| line.starts_with("AT ")).collect()
    }

    /// Waits for this AT line of that neighbour.
    pub fn wait_for_line(&self, at: &str, sender: &str) {
        let line = format!("{at} {sender}");
        wait_for(&format!("{} to hear {line}", self.name), || self.at_lines().contains(&line).then_some(()));
    }

    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end();
        if !line.starts_with("AT ") {
            let _ = reader.get_mut().write_all(format!("? {line}\n").as_bytes());
        }
        let mut lines = vec![line.to_owned()];
        let _ = reader.get_ref().shutdown(Shutdown::Write);
        lines.extend(rest_of(&mut reader).lines().map(str::to_owned));
        lock(&self.seen).connections.push(lines);
        if line.starts_with("AT ") && self.is_news(line) {
            self.forward(line);
        }
    }

    fn forward(&self, line: &str) {
        let (at, sender) = line.rsplit_once(' ').expect("fields");
        let origin = at.split(' ').nth(1).expect("fields");
        self.tell(at, &[sender, origin]);
    }

    fn tell(&self, at: &str, all_but: &[&str]) {
        for (name, address) in &self.neighbours {
            if all_but.contains(&name.as_str()) {
                continue;
            }
            // One that is down misses it, as in those herds.
            if let Ok(mut stream) = TcpStream::connect(address) {
                let _ = stream.write_all(format!("{at} {}\n", self.name).as_bytes());
            }
        }
    }

    fn is_news(&self, line: &str) -> bool {
        let fields: Vec<&str> = line.split(' ').collect();
        let key = (fields[3].to_owned(), fields[5].to_owned());
        lock(&self.seen).handled.insert(key)
    }
}

/// What was sent behind the first line, for tests that it is nothing.
fn rest_of(reader: &mut impl Read) -> String {
    let mut rest = Vec::new();
    let _ = reader.read_to_end(&mut rest);
    String::from_utf8_lossy(&rest).into_owned()
}
