//! As much of HTTP/1.1 (RFC 9112) as a places server needs.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use socket2::SockRef;

use crate::answer::{self, Answer};
use crate::{Fault, Faults, State};

/// The longest request that is read.
const MOST_BYTES: usize = 64 << 10;

/// The most headers of one.
const MOST_HEADERS: usize = 64;

/// A request as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`, mostly.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What came behind the head.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header, its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter of the query, percent-decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(known, _)| *known == name).map(|(_, value)| decoded(value)).next()
    }

    pub(crate) fn target_without_key(&self) -> String {
        let hide = |part: &str| if part.starts_with("key=") { "key=...".into() } else { part.to_owned() };
        self.target.split('&').map(hide).collect::<Vec<_>>().join("&")
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Serves a connection without TLS.
pub(crate) fn serve(state: &State, socket: &TcpStream) -> io::Result<()> {
    let mut stream = socket;
    serve_all(state, socket, &mut stream)
}

/// Answers the requests of a connection until the other end closes it.
pub(crate) fn serve_all<S: Read + Write>(state: &State, socket: &TcpStream, stream: &mut S) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = read(stream, &mut buffer)? {
        let faults = state.take(&request);
        if state.is_stopped() {
            break;
        }
        if faults.fault == Some(Fault::Reset) {
            // Closing with a linger of zero is what makes TCP reset.
            return SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
        let mut answer = answer::to(state, &request, &faults);
        let takes_gzip = request.header("accept-encoding").is_some_and(|coding| coding.contains("gzip"));
        let gzip = faults.gzip && takes_gzip;
        if gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&answer.body)?;
            answer.body = encoder.finish()?;
        }
        if !write(stream, &answer, gzip, &faults)? {
            break;
        }
    }
    Ok(())
}

fn read(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut chunk = [0; 4096];
    loop {
        if let Some((request, len)) = parse(buffer)? {
            buffer.drain(..len);
            return Ok(Some(request));
        }
        if buffer.len() > MOST_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        match stream.read(&mut chunk)? {
            0 => return Ok(None),
            len => buffer.extend_from_slice(&chunk[..len]),
        }
    }
}

/// The request at the front, and its length, if it is whole. Bodies must have a length.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head_len) = head.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let headers = head
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()));
    let mut request = Request {
        method: head.method.unwrap_or_default().into(),
        target: head.path.unwrap_or_default().into(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    let body_len = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let Some(body) = bytes.get(head_len..head_len + body_len) else { return Ok(None) };
    request.body = body.to_vec();
    Ok(Some((request, head_len + body_len)))
}

/// Whether the connection can go on.
fn write(stream: &mut impl Write, answer: &Answer, gzip: bool, faults: &Faults) -> io::Result<bool> {
    if faults.fault == Some(Fault::Garbage) {
        stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n")?;
        return Ok(false);
    }
    let truncate = faults.fault == Some(Fault::Truncate);
    let mut head = format!("HTTP/1.1 {} Told\r\nContent-Type: application/json\r\n", answer.status);
    if gzip {
        head += "Content-Encoding: gzip\r\n";
    }
    if let Some(seconds) = faults.retry_after {
        let _ = write!(head, "Retry-After: {seconds}\r\n");
    }
    if let Some(size) = faults.chunked {
        head += "Transfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes())?;
        for chunk in answer.body.chunks(size.max(1)) {
            stream.write_all(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())?;
            stream.flush()?;
        }
        stream.write_all(b"0\r\n\r\n")?;
    } else {
        let _ = write!(head, "Content-Length: {}\r\n\r\n", answer.body.len());
        let body = if truncate { &answer.body[..answer.body.len() / 2] } else { &answer.body };
        stream.write_all(&[head.as_bytes(), body].concat())?;
    }
    stream.flush()?;
    Ok(!truncate)
}
