//! A client of a server's HTTP door, down to the byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::patience::PATIENCE;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Such as 200.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Whole, without its chunks.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The first value of that header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, parsed.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// It is a problem of that status.
    pub fn is_problem(&self, status: u16) {
        let _ = self.problem(status);
    }

    /// What a problem of that status says.
    #[must_use]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!((self.status, self.header("content-type")), (status, Some("application/problem+json")), "{self:?}");
        let json = self.json();
        assert_eq!((&json["status"], &json["type"]), (&status.into(), &"about:blank".into()), "{json}");
        json["detail"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }
}

/// A connection to a door, which is kept open. Every read fails the test after [`PATIENCE`].
#[derive(Debug)]
pub struct HttpClient {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl HttpClient {
    /// Connects.
    #[must_use]
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a door that is open");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        Self { stream: BufReader::new(stream), address }
    }

    /// Sends these bytes, whatever they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("a server that reads");
    }

    /// Sends these bytes, unless the connection is over before.
    ///
    /// # Errors
    /// Where it is.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes.as_ref())
    }

    /// Sends no more. What is owed still comes.
    pub fn finish(&mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("an open connection");
    }

    /// Sends a request with these headers besides `Host` and `Content-Length`, the latter where there is a body.
    pub fn request(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let length = body.len().to_string();
        let length = Some(("Content-Length", length.as_str())).filter(|_| !body.is_empty());
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers.iter().copied().chain(length) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        self.send([head.as_bytes(), b"\r\n", body].concat());
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> HttpAnswer {
        self.request(method, target, headers, body);
        self.answer(method)
    }

    /// The answer to a request of that method.
    pub fn answer(&mut self, method: &str) -> HttpAnswer {
        let mut answer = self.head();
        answer.body = self.body(method, &answer);
        answer
    }

    /// What is behind the head of the answer to a request of that method.
    pub fn body(&mut self, method: &str, head: &HttpAnswer) -> Vec<u8> {
        match (head.header("content-length"), head.header("transfer-encoding")) {
            _ if method == "HEAD" || matches!(head.status, 100..=199 | 204 | 304) => Vec::new(),
            (_, Some("chunked")) => core::iter::from_fn(|| self.chunk()).flatten().collect(),
            (Some(length), _) => {
                let mut body = vec![0; length.parse().expect("a length")];
                self.stream.read_exact(&mut body).expect("a whole body in time");
                body
            }
            (None, _) => self.rest(),
        }
    }

    /// The answer to a request of that method, unless the connection is over before.
    pub fn try_answer(&mut self, method: &str) -> Option<HttpAnswer> {
        let is_there = self.stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        is_there.then(|| self.answer(method))
    }

    /// The head of an answer; the body is empty, and still to come.
    pub fn head(&mut self) -> HttpAnswer {
        let status = self.line();
        let number = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = number.unwrap_or_else(|| panic!("no status line: {status:?}"));
        let lines = core::iter::from_fn(|| Some(self.line()).filter(|line| !line.is_empty()));
        let of_line = |line: String| {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line}"));
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        HttpAnswer { status, headers: lines.map(of_line).collect(), body: Vec::new() }
    }

    /// The next chunk of a body; `None` behind the last.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.line();
        let size = usize::from_str_radix(&size, 16).unwrap_or_else(|_| panic!("no size of a chunk: {size:?}"));
        let mut chunk = vec![0; size];
        self.stream.read_exact(&mut chunk).expect("a whole chunk in time");
        assert_eq!(self.line(), "", "a chunk ends with a line's end");
        (size > 0).then_some(chunk)
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

    /// The next line, without its end.
    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).expect("a line in time");
        let line = String::from_utf8(line).expect("heads are ASCII");
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("the connection ended within a line: {line:?}")).to_owned()
    }
}

/// One request on a connection of its own.
#[must_use]
pub fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> HttpAnswer {
    HttpClient::connect(address).ask(method, target, headers, body)
}

/// The header `Authorization` of somebody with a password.
#[must_use]
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Events, as a server sends them.
#[derive(Debug)]
pub struct EventStream {
    client: HttpClient,
    /// What came and was not taken yet.
    text: String,
    is_over: bool,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its `id`, if it has one.
    pub id: Option<String>,
    /// Its `event`.
    pub name: String,
    /// Its `data`.
    pub data: String,
}

impl Event {
    /// Its data, parsed.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error} in {}", self.data))
    }
}

impl EventStream {
    /// Asks for events, which must be granted.
    #[must_use]
    pub fn open(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Self {
        let mut client = HttpClient::connect(address);
        client.request("GET", target, headers, "");
        let head = client.head();
        assert_eq!((head.status, head.header("transfer-encoding")), (200, Some("chunked")), "{head:?}");
        assert_eq!(head.header("content-type"), Some("text/event-stream"), "{head:?}");
        Self { client, text: String::new(), is_over: false }
    }

    /// The next event; `None` where the stream has ended as it should. Comments are skipped.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = event(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            if self.is_over {
                assert_eq!(self.text, "", "events end with an empty line");
                return None;
            }
            match self.client.chunk() {
                Some(chunk) => self.text.push_str(&String::from_utf8(chunk).expect("events are UTF-8")),
                None => self.is_over = true,
            }
        }
    }

    /// The next event, which must be of that name.
    pub fn expect(&mut self, name: &str) -> Event {
        let event = self.next_event().unwrap_or_else(|| panic!("the stream ended before {name}"));
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}

/// An event of its lines; comments alone are none.
fn event(block: &str) -> Option<Event> {
    let mut event = Event::default();
    for line in block.lines().filter(|line| !line.starts_with(':')) {
        match line.split_once(": ").unwrap_or_else(|| panic!("no field of an event: {line:?}")) {
            ("id", id) => event.id = Some(id.to_owned()),
            ("event", name) => name.clone_into(&mut event.name),
            ("data", data) => data.clone_into(&mut event.data),
            (field, _) => assert_eq!(field, "retry", "{block:?}"),
        }
    }
    (event != Event::default()).then_some(event)
}
