//! Neighbours that know nothing but AT lines, as the asyncio herds are: they tell each neighbour on a connection of its
//! own, and differ in how they listen.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::patience::{PATIENCE, wait_for};
use crate::skew::{nanos, now};

/// How a plain neighbour listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It reads one line of a connection, answers `? line` to what it does not know, and closes.
    LineByLine,
    /// It reads one line of a connection and closes, without a word where it does not know that.
    LineByLineMute,
    /// It reads a connection to its end before it looks at it, and answers `? text` to what is not one AT line.
    ToTheEnd,
    /// It takes the AT lines of a connection, as many as come, and never says a word.
    Silent,
}

/// A plain neighbour. It serves until the test's process ends.
#[derive(Clone, Debug)]
pub struct Plain {
    name: String,
    manner: Manner,
    /// The names and addresses of its neighbours.
    neighbours: Vec<(String, SocketAddr)>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Those that have ended, in that order.
    connections: Vec<Connection>,
    /// The updates that it has passed on: client and time.
    handled: BTreeSet<(String, String)>,
}

/// A connection that a plain neighbour was told something on.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The lines that it brought.
    pub lines: Vec<String>,
    /// How long it was open.
    pub open: Duration,
}

impl Plain {
    /// Listens at `address` as the server of this name, line by line.
    #[must_use]
    pub fn listen(name: &str, address: SocketAddr, neighbours: &[(&str, SocketAddr)]) -> Self {
        Self::listen_as(Manner::LineByLine, name, address, neighbours)
    }

    /// Listens at `address` as the server of this name, in that manner.
    #[must_use]
    pub fn listen_as(manner: Manner, name: &str, address: SocketAddr, neighbours: &[(&str, SocketAddr)]) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let neighbours = neighbours.iter().map(|&(name, address)| (name.to_owned(), address)).collect();
        let plain = Self { name: name.into(), manner, neighbours, seen: Arc::default() };
        let server = plain.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = server.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        plain
    }

    /// Tells the neighbours where a client is, as if it had reported here and now, whatever the client's clock says; the
    /// AT line without its sender.
    #[must_use]
    pub fn report(&self, client: &str, time: &str) -> String {
        let skew = now() - nanos(time);
        let (seconds, rest) = (skew / 1_000_000_000, skew % 1_000_000_000);
        let at = format!("AT {} +{seconds}.{rest:09} {client} +34.068930-118.445127 {time}", self.name);
        self.is_news(&format!("{at} {}", self.name));
        self.tell(&at, &[]);
        at
    }

    /// The connections that have ended until now.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        lock(&self.seen).connections.clone()
    }

    /// The AT lines until now.
    #[must_use]
    pub fn at_lines(&self) -> Vec<String> {
        self.lines("AT ")
    }

    /// The greetings until now.
    #[must_use]
    pub fn greetings(&self) -> Vec<String> {
        self.lines("HELLO ")
    }

    fn lines(&self, start: &str) -> Vec<String> {
        let lines = self.connections().into_iter().flat_map(|connection| connection.lines);
        lines.filter(|line| line.starts_with(start)).collect()
    }

    /// Waits for this AT line of that neighbour.
    pub fn wait_for_line(&self, at: &str, sender: &str) {
        let line = format!("{at} {sender}");
        wait_for(&format!("{} to hear {line}", self.name), || self.at_lines().contains(&line).then_some(()));
    }

    fn serve(&self, stream: TcpStream) {
        let start = Instant::now();
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let mut reader = BufReader::new(stream);
        let lines = match self.manner {
            Manner::LineByLine | Manner::LineByLineMute => self.one_line(&mut reader),
            Manner::ToTheEnd => self.one_text(&mut reader),
            Manner::Silent => self.all_lines(&mut reader),
        };
        if !lines.is_empty() {
            lock(&self.seen).connections.push(Connection { lines, open: start.elapsed() });
        }
    }

    fn one_line(&self, reader: &mut BufReader<TcpStream>) -> Vec<String> {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return Vec::new();
        }
        self.hear(reader, line.trim_end());
        let _ = reader.get_ref().shutdown(Shutdown::Write);
        // What was sent behind the first line, for tests that it is nothing.
        lines_of(&(line + &text_of(reader)))
    }

    fn one_text(&self, reader: &mut BufReader<TcpStream>) -> Vec<String> {
        let text = text_of(reader);
        self.hear(reader, text.trim_end());
        lines_of(&text)
    }

    fn all_lines(&self, reader: &mut BufReader<TcpStream>) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 0 {
            if line.starts_with("AT ") {
                self.take(line.trim_end());
            }
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        lines
    }

    fn hear(&self, reader: &mut BufReader<TcpStream>, text: &str) {
        if text.starts_with("AT ") && !text.contains('\n') {
            self.take(text);
        } else if !text.is_empty() && self.manner != Manner::LineByLineMute {
            let _ = reader.get_mut().write_all(format!("? {text}\n").as_bytes());
        }
    }

    fn take(&self, line: &str) {
        if self.is_news(line) {
            let (at, sender) = line.rsplit_once(' ').expect("fields");
            let origin = at.split(' ').nth(1).expect("fields");
            self.tell(at, &[sender, origin]);
        }
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

fn text_of(reader: &mut impl Read) -> String {
    let mut text = Vec::new();
    let _ = reader.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
