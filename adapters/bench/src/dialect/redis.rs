//! Redis' protocol, RESP 2, as far as a load needs it.

use std::io::Write;

use memchr::memchr;

use super::{AT_LEN, Asked, CLIENT_LEN, Reply, push_at, push_client, push_degrees};
use crate::traffic::{Kind, Request, Traffic};

/// `SET client 'AT ...'`.
pub(super) fn push_set(out: &mut Vec<u8>, request: &Request) {
    const { assert!(CLIENT_LEN == 20 && AT_LEN == 86, "the lengths that are written below") };
    out.extend_from_slice(b"*3\r\n$3\r\nSET\r\n$20\r\n");
    push_client(out, request.client);
    out.extend_from_slice(b"\r\n$86\r\n");
    push_at(out, request);
    out.extend_from_slice(b"\r\n");
}

/// `PUBLISH reports 'SEEN ...'`: what a watcher of everybody is told.
pub(crate) fn push_publish(out: &mut Vec<u8>, request: &Request) {
    const { assert!(AT_LEN == 86, "the length that is written below, with two letters and ` *` more") };
    out.extend_from_slice(b"*3\r\n$7\r\nPUBLISH\r\n$7\r\nreports\r\n$90\r\nSEEN");
    let start = out.len();
    push_at(out, request);
    out.drain(start..start + 2);
    out.extend_from_slice(b" *\r\n");
}

/// `GEOADD clients longitude latitude client`.
pub(super) fn push_geoadd(out: &mut Vec<u8>, request: &Request) {
    out.extend_from_slice(b"*5\r\n$6\r\nGEOADD\r\n$7\r\nclients\r\n$11\r\n");
    push_degrees::<3>(out, request.spot.longitude);
    out.extend_from_slice(b"\r\n$10\r\n");
    push_degrees::<2>(out, request.spot.latitude);
    out.extend_from_slice(b"\r\n$20\r\n");
    push_client(out, request.client);
    out.extend_from_slice(b"\r\n");
}

/// `GEOSEARCH key FROMLONLAT ... BYRADIUS ... km ASC COUNT ... WITHCOORD`: what a WHATSAT asks of places, and a NEAR of
/// clients.
pub(super) fn push_geosearch(out: &mut Vec<u8>, key: &str, traffic: &Traffic, request: &Request) {
    write!(out, "*12\r\n$9\r\nGEOSEARCH\r\n${}\r\n{key}\r\n", key.len()).expect("a Vec takes every write");
    out.extend_from_slice(b"$10\r\nFROMLONLAT\r\n$11\r\n");
    push_degrees::<3>(out, request.spot.longitude);
    out.extend_from_slice(b"\r\n$10\r\n");
    push_degrees::<2>(out, request.spot.latitude);
    out.extend_from_slice(b"\r\n$8\r\nBYRADIUS\r\n");
    let Traffic { radius, bound, .. } = traffic;
    let bound_len = if *bound < 10 { 1 } else { 2 };
    write!(out, "${}\r\n{radius}\r\n$2\r\nkm\r\n$3\r\nASC\r\n", radius.len()).expect("a Vec takes every write");
    write!(out, "$5\r\nCOUNT\r\n${bound_len}\r\n{bound}\r\n$9\r\nWITHCOORD\r\n").expect("a Vec takes every write");
}

/// A command of any words, for what is done once.
pub(crate) fn command(words: &[&str]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        write!(out, "${}\r\n{word}\r\n", word.len()).expect("a Vec takes every write");
    }
    out
}

/// `+OK` for SET, a number for GEOADD, an array of at least one for GEOSEARCH.
pub(super) fn read(input: &[u8], asked: &Asked) -> Option<Reply> {
    match value_len(input) {
        Ok(len) => {
            let len = len?;
            let is_right = match (asked.kind, input[0]) {
                (Kind::Update, b'+') => &input[..len] == b"+OK\r\n",
                (Kind::Update, b':') => true,
                (Kind::Question, b'*') => input[1] != b'0' && input[1] != b'-',
                _ => false,
            };
            Some(Reply { len, is_right })
        }
        Err(Malformed) => Some(Reply { len: input.len(), is_right: false }),
    }
}

/// What came is no RESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// How long the value at the front is, if it is whole.
pub(crate) fn value_len(input: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(line_end) = memchr(b'\n', input) else { return Ok(None) };
    let (line, mut len) = (&input[..line_end], line_end + 1);
    let number = || {
        let digits = std::str::from_utf8(line.get(1..).unwrap_or_default()).map_err(|_| Malformed)?;
        digits.trim_end().parse::<i64>().map_err(|_| Malformed)
    };
    match input[0] {
        b'+' | b'-' | b':' => Ok(Some(len)),
        b'$' => {
            if let Ok(body) = usize::try_from(number()?) {
                len = len.checked_add(body).and_then(|len| len.checked_add(2)).ok_or(Malformed)?;
            }
            Ok((input.len() >= len).then_some(len))
        }
        b'*' => {
            for _ in 0..number()? {
                match value_len(&input[len..])? {
                    Some(item) => len += item,
                    None => return Ok(None),
                }
            }
            Ok(Some(len))
        }
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, tests};

    #[test]
    fn replies_are_read_in_pieces_and_checked() {
        let found =
            "*2\r\n*2\r\n$8\r\nWestwood\r\n*2\r\n$2\r\n-1\r\n$1\r\n3\r\n*2\r\n$1\r\nB\r\n*2\r\n$1\r\n4\r\n$1\r\n5\r\n";
        tests::check(
            Dialect::RedisSet,
            &[
                ("+OK\r\n", Kind::Update, true),
                (":0\r\n", Kind::Update, true),
                (found, Kind::Question, true),
                ("*0\r\n", Kind::Question, false),
                ("-ERR unknown command\r\n", Kind::Update, false),
                ("$-1\r\n", Kind::Update, false),
            ],
        );
        assert_eq!(value_len(b"hello\r\n"), Err(Malformed));
    }

    #[test]
    fn every_request_is_one_whole_command() {
        for kind in [Kind::Update, Kind::Question] {
            for dialect in [Dialect::RedisSet, Dialect::RedisGeoadd, Dialect::RedisNear] {
                let mut out = Vec::new();
                dialect.push(&mut out, &Traffic { bound: 20, ..Traffic::default() }, &tests::asked(kind).0);
                assert_eq!(value_len(&out), Ok(Some(out.len())), "{}", String::from_utf8_lossy(&out));
            }
        }
        let mut out = Vec::new();
        push_publish(&mut out, &tests::asked(Kind::Update).0);
        assert_eq!(value_len(&out), Ok(Some(out.len())), "{}", String::from_utf8_lossy(&out));
        assert!(out.ends_with(
            b"\r\nSEEN Alford +0.000263873 herd-bench-000000007 +34.068930-118.445127 1479413884.392014450 *\r\n"
        ));
        assert_eq!(command(&["PING", "x"]), b"*2\r\n$4\r\nPING\r\n$1\r\nx\r\n");
    }
}
