//! A client of a server, down to the byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use crate::patience::PATIENCE;

/// A connection to a server. Every read fails the test after [`PATIENCE`].
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// The reply to a WHATSAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatsatReply {
    /// Its first line, without the LF.
    pub at: String,
    /// What follows, without the two LFs at its end.
    pub json: String,
}

impl WhatsatReply {
    /// The JSON, parsed.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.json).unwrap_or_else(|error| panic!("{error} in {}", self.json))
    }

    /// How many results there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.results().len()
    }

    /// The results.
    #[must_use]
    pub fn results(&self) -> Vec<serde_json::Value> {
        self.value()["results"].as_array().expect("a list of results").clone()
    }

    /// The results' names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.results().iter().map(|result| result["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The JSON's `status`.
    #[must_use]
    pub fn status(&self) -> String {
        self.value()["status"].as_str().expect("a status").to_owned()
    }
}

impl Client {
    /// Connects.
    #[must_use]
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a server that listens");
        Self::over(stream)
    }

    /// Connects, with so little room for what it has not read that the server soon notices.
    #[must_use]
    pub fn narrow(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4 << 10).expect("a socket");
        socket.connect_timeout(&address.into(), PATIENCE).expect("a server that listens");
        Self::over(socket.into())
    }

    /// A client over a connection that is there already.
    #[must_use]
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        Self { stream: BufReader::new(stream) }
    }

    /// The connection itself.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    /// Sends these bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("a server that reads");
    }

    /// Sends these bytes, each in a segment of its own.
    pub fn send_bytewise(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Sends no more. What is owed still comes.
    pub fn finish(&mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("an open connection");
    }

    /// The next line's bytes, without the LF.
    pub fn raw_line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).expect("a line in time");
        assert_eq!(line.pop(), Some(b'\n'), "the connection ended within a line: {}", line.escape_ascii());
        line
    }

    /// The next line, without the LF.
    pub fn line(&mut self) -> String {
        String::from_utf8(self.raw_line()).expect("a line of text")
    }

    /// The reply to a WHATSAT: everything to the first empty line.
    pub fn whatsat(&mut self) -> WhatsatReply {
        let at = self.line();
        assert!(at.starts_with("AT "), "{at}");
        let mut lines = Vec::new();
        loop {
            match self.line() {
                line if line.is_empty() => return WhatsatReply { at, json: lines.join("\n") },
                line => lines.push(line),
            }
        }
    }

    /// The reply to a NEAR: its lines up to the empty one.
    pub fn near(&mut self) -> Vec<String> {
        self.until("")
    }

    /// All lines before the next one that is this.
    pub fn until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.line() {
                line if line == last => return lines,
                line => lines.push(line),
            }
        }
    }

    /// Everything until the server closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an end in time");
        rest
    }

    /// Everything until the server closes; nothing where it has reset the connection.
    pub fn rest_unless_reset(&mut self) -> Option<Vec<u8>> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).ok().map(|_| rest)
    }

    /// Asks, and reads the reply's first line.
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> String {
        self.send(request);
        self.send(b"\n");
        self.line()
    }
}

impl Client {
    /// Asks, and reads the reply's first line, unless the connection is over before.
    pub fn try_ask(&mut self, request: &str) -> Option<String> {
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes()).ok()?;
        self.try_line()
    }

    /// The next line, unless the connection is over before.
    pub fn try_line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).ok()?;
        line.strip_suffix('\n').map(str::to_owned)
    }
}

/// Sends these bytes on a connection of their own, says that no more follow, and reads to the end.
#[must_use]
pub fn converse(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut client = Client::connect(address);
    client.send(bytes);
    client.finish();
    client.rest()
}
