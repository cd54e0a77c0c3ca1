//! A server that speaks Google's legacy Nearby Search, as well or as badly as a test wants.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::lock::lock;
use crate::patience::{PATIENCE, wait_for};

/// A places server. It serves until the test's process ends.
#[derive(Clone, Debug)]
pub struct PlacesServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<String>,
    holds: bool,
}

impl PlacesServer {
    /// Answers each request with these bytes, piece by piece.
    #[must_use]
    pub fn answering(pieces: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let server = Self { address, shared: Arc::default() };
        let running = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (running, pieces) = (running.clone(), pieces.clone());
                thread::spawn(move || running.serve(&stream, &pieces));
            }
        });
        server
    }

    /// Answers with this status and body.
    #[must_use]
    pub fn with_reply(status: &str, body: &str) -> Self {
        Self::answering(vec![reply(status, body)])
    }

    /// Answers with `count` places.
    #[must_use]
    pub fn with_places(count: usize) -> Self {
        Self::with_reply("200 OK", &places(count))
    }

    /// Holds every answer back from now on.
    pub fn hold(&self) {
        lock(&self.shared.state).holds = true;
    }

    /// Gives every answer that was held back.
    pub fn release(&self) {
        lock(&self.shared.state).holds = false;
        self.shared.released.notify_all();
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is, for `--places-url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/maps/api/place/nearbysearch/json", self.address)
    }

    /// The first lines of the requests until now.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shared.state).requests.clone()
    }

    /// Waits until it was asked this often.
    pub fn wait_for_requests(&self, count: usize) {
        wait_for(&format!("{count} fetches"), || (self.requests().len() >= count).then_some(()));
    }

    fn serve(&self, mut stream: &TcpStream, pieces: &[Vec<u8>]) {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let Some(request) = lines.next() else { return };
        let _headers = lines.take_while(|line| !line.is_empty()).count();
        self.await_release(request);
        for piece in pieces {
            let _ = stream.write_all(piece);
            let _ = stream.flush();
            // The pieces are to arrive apart from each other; nothing depends on that they do.
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn await_release(&self, request: String) {
        let mut state = lock(&self.shared.state);
        state.requests.push(request);
        let waited = self.shared.released.wait_timeout_while(state, PATIENCE, |state| state.holds);
        drop(waited);
    }
}

/// A whole HTTP reply.
#[must_use]
pub fn reply(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

/// A whole HTTP reply in chunks of a few bytes each, headers first.
#[must_use]
pub fn chunked(body: &str) -> Vec<Vec<u8>> {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let mut pieces = vec![head.as_bytes().to_vec()];
    for part in body.as_bytes().chunks(37) {
        pieces.push([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    }
    pieces.push(b"0\r\n\r\n".to_vec());
    pieces
}

/// The JSON of a Nearby Search reply, with blank lines inside and at the end as some servers send it.
#[must_use]
pub fn places(count: usize) -> String {
    let result = |index: usize| format!("      {{\n         \"name\" : \"Place {index}\"\n      }}");
    let results: Vec<String> = (0..count).map(result).collect();
    let results = results.join(",\n\n");
    format!(
        "{{\n   \"html_attributions\" : [],\n\n\n   \"results\" : [\n{results}\n   ],\n   \"status\" : \"OK\"\n}}\n\n\n"
    )
}
