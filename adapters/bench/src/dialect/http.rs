//! A herd's HTTP door: `PUT /v1/clients/{id}`.

use std::fmt;
use std::io::Write;

use memchr::memmem;

use super::{Asked, Reply, push_client};
use crate::digits;
use crate::traffic::{Kind, Request};

/// `PUT /v1/clients/client`.
pub(super) fn push_put(out: &mut Vec<u8>, request: &Request) {
    out.extend_from_slice(b"PUT /v1/clients/");
    push_client(out, request.client);
    let (latitude, longitude) = (Degrees(request.spot.latitude), Degrees(request.spot.longitude));
    let (seconds, nanos) = (request.nanos / 1_000_000_000, request.nanos % 1_000_000_000);
    let body = format!(r#"{{"lat":{latitude},"lng":{longitude},"time":{seconds}.{nanos:09}}}"#);
    let len = body.len();
    write!(out, " HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n{body}")
        .expect("a Vec takes every write");
}

/// Millionths of degrees, as JSON has numbers: no zeros in front.
struct Degrees(i32);

impl fmt::Display for Degrees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, micro) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
    }
}

/// Asks for the client that was put there.
pub(super) fn push_get(out: &mut Vec<u8>, request: &Request) {
    out.extend_from_slice(b"GET /v1/clients/");
    push_client(out, request.client);
    out.extend_from_slice(b" HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

/// A head, and as much of a body as it says. An update's body ends with the update's own time; a question's names the
/// client that was asked for.
pub(super) fn read(input: &[u8], asked: &Asked) -> Option<Reply> {
    let head_len = memmem::find(input, b"\r\n\r\n")? + 4;
    let head = &input[..head_len];
    let Some(body_len) = content_length(head) else { return Some(Reply { len: input.len(), is_right: false }) };
    let len = head_len + body_len;
    let body = input.get(head_len..len)?;
    let is_right = head.starts_with(b"HTTP/1.1 200 ")
        && match asked.kind {
            Kind::Update => last_digits(body, b"\"time\":\"") == Some(asked.proof),
            Kind::Question => last_digits(body, b"\"id\":\"") == Some(asked.proof),
        };
    Some(Reply { len, is_right })
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let lower = |window: &[u8]| window.eq_ignore_ascii_case(NAME);
    let at = head.windows(NAME.len()).position(lower)? + NAME.len();
    let value = head[at..].split(|&byte| byte == b'\r').next()?;
    std::str::from_utf8(value).ok()?.parse::<u32>().ok().map(|len| len as usize)
}

/// The nine digits at the end of a member's text.
fn last_digits(body: &[u8], member: &[u8]) -> Option<u64> {
    let at = memmem::rfind(body, member)? + member.len();
    digits::last(body[at..].split(|&byte| byte == b'"').next()?, 9)
}

#[cfg(test)]
mod tests {
    use crate::dialect::{Dialect, tests};
    use crate::traffic::Kind;

    fn response(status: &str, time: &str) -> String {
        let body = format!(
            r#"{{"type":"Feature","id":"herd-bench-000000007","geometry":null,"properties":{{"time":"{time}"}}}}"#
        );
        format!("HTTP/1.1 {status}\r\ncontent-type: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn responses_are_read_in_pieces_and_checked() {
        let right = response("200 OK", "1479413884.392014450");
        let refused = response("403 Forbidden", "1479413884.392014450");
        let older = response("200 OK", "1479413884.392014449");
        tests::check(
            Dialect::HttpPut,
            &[
                (&right, Kind::Update, true),
                (&refused, Kind::Update, false),
                (&older, Kind::Update, false),
                (&right, Kind::Question, true),
            ],
        );
    }

    #[test]
    fn a_request_has_the_length_that_is_told() {
        let mut out = Vec::new();
        super::push_put(&mut out, &tests::asked(Kind::Update).0);
        let expected = "PUT /v1/clients/herd-bench-000000007 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 63\r\n\r\n\
                        {\"lat\":34.068930,\"lng\":-118.445127,\"time\":1479413884.392014450}";
        assert_eq!(String::from_utf8_lossy(&out), expected);
        assert_eq!(super::Degrees(-500_000).to_string(), "-0.500000");
    }
}
