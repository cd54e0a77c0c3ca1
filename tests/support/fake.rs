//! A server that says what a test tells it to, and nothing by itself.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// The server.
#[derive(Debug)]
pub struct FakeServer {
    listener: TcpListener,
    /// Where it listens, as an option names it.
    pub to: String,
}

impl FakeServer {
    /// One on a free port.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// One at that address.
    #[must_use]
    pub fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("it is free");
        let to = listener.local_addr().expect("bound").to_string();
        Self { listener, to }
    }

    /// Takes a connection.
    #[must_use]
    pub fn accept(&self) -> FakeConnection {
        let (stream, _) = self.listener.accept().expect("a connection");
        FakeConnection(BufReader::new(stream))
    }

    /// Takes a connection and this request on it, and says this.
    #[must_use]
    pub fn answer(&self, request: &str, lines: &str) -> FakeConnection {
        let mut connection = self.accept();
        connection.hears(&[request]);
        connection.says(lines);
        connection
    }
}

/// A connection to it.
#[derive(Debug)]
pub struct FakeConnection(pub BufReader<TcpStream>);

impl FakeConnection {
    /// Takes a request, whatever it is.
    pub fn request(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a request");
        line.trim_end().to_owned()
    }

    /// Takes these requests.
    pub fn hears(&mut self, requests: &[&str]) {
        for request in requests {
            assert_eq!(self.request(), *request);
        }
    }

    /// Says this.
    pub fn says(&self, reply: &str) {
        self.0.get_ref().write_all(reply.as_bytes()).expect("it listens");
    }
}
