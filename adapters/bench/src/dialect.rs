//! The languages that a load speaks: how requests are written, and how replies are checked.

mod echo;
mod herd;
mod http;
mod memcached;
pub(crate) mod redis;

use clap::ValueEnum;

use super::digits;
use super::traffic::{Kind, Request, Traffic};

/// What the server understands, and what an update is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// A herd: IAMAT and WHATSAT.
    Herd,
    /// A herd: IAMAT and NEAR
    HerdNear,
    /// Redis: SET of what an AT line says, and GEOSEARCH
    RedisSet,
    /// Redis: GEOADD, and GEOSEARCH
    RedisGeoadd,
    /// Redis: GEOADD, and GEOSEARCH among those added
    RedisNear,
    /// memcached: set of what an AT line says, and get
    Memcached,
    /// A herd's HTTP door: PUT of a client, and GET
    HttpPut,
    /// A server that sends back what it gets: IAMAT and WHATSAT lines. What no server can do better
    Echo,
}

/// A request that is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// What was asked.
    pub(crate) kind: Kind,
    /// When it was due, in the load's nanoseconds.
    pub(crate) due: u64,
    /// What the reply must show: an update's nanoseconds of its second, a question's client.
    proof: u64,
}

impl Asked {
    /// What is kept of a request until its reply comes.
    pub(crate) const fn new(request: &Request, due: u64) -> Self {
        let proof = match request.kind {
            Kind::Update => request.nanos % 1_000_000_000,
            Kind::Question => request.client,
        };
        Self { kind: request.kind, due, proof }
    }
}

/// A whole reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// How many bytes it takes.
    pub(crate) len: usize,
    /// Whether it is what was asked for.
    pub(crate) is_right: bool,
}

impl Dialect {
    /// That language, with questions for who is near in place of those for the places near a client.
    ///
    /// # Panics
    /// Where the server cannot be asked that.
    pub(crate) fn near(self) -> Self {
        match self {
            Self::Herd => Self::HerdNear,
            Self::RedisGeoadd => Self::RedisNear,
            other => panic!("{other:?} has no question for who is near"),
        }
    }

    /// Appends a request.
    pub(crate) fn push(self, out: &mut Vec<u8>, traffic: &Traffic, request: &Request) {
        match (self, request.kind) {
            (Self::Herd | Self::HerdNear | Self::Echo, Kind::Update) => herd::push_update(out, request),
            (Self::HerdNear, Kind::Question) => herd::push_near(out, traffic, request),
            (Self::Herd | Self::Echo, Kind::Question) => herd::push_question(out, traffic, request),
            (Self::HttpPut, Kind::Update) => http::push_put(out, request),
            (Self::HttpPut, Kind::Question) => http::push_get(out, request),
            (Self::RedisSet, Kind::Update) => redis::push_set(out, request),
            (Self::RedisGeoadd | Self::RedisNear, Kind::Update) => redis::push_geoadd(out, request),
            (Self::RedisSet | Self::RedisGeoadd, Kind::Question) => {
                redis::push_geosearch(out, "places", traffic, request);
            }
            (Self::RedisNear, Kind::Question) => redis::push_geosearch(out, "clients", traffic, request),
            (Self::Memcached, Kind::Update) => memcached::push_set(out, request),
            (Self::Memcached, Kind::Question) => memcached::push_get(out, request),
        }
    }

    /// The reply at the front of `input`, if it is whole.
    pub(crate) fn read(self, input: &[u8], asked: &Asked) -> Option<Reply> {
        match self {
            Self::Herd => herd::read(input, asked),
            Self::HerdNear => herd::read_near(input, asked),
            Self::RedisSet | Self::RedisGeoadd | Self::RedisNear => redis::read(input, asked),
            Self::Memcached => memcached::read(input, asked),
            Self::HttpPut => http::read(input, asked),
            Self::Echo => echo::read(input, asked),
        }
    }
}

/// Bytes of a client's ID.
const CLIENT_LEN: usize = 20;

/// A client's ID: 20 bytes.
fn push_client(out: &mut Vec<u8>, client: u64) {
    out.extend_from_slice(b"herd-bench-");
    digits::push::<9>(out, client);
}

/// Degrees with both digits or all three, and six decimals: a fixed width.
fn push_degrees<const WHOLE: usize>(out: &mut Vec<u8>, value: i32) {
    out.push(if value < 0 { b'-' } else { b'+' });
    let value = u64::from(value.unsigned_abs());
    digits::push::<WHOLE>(out, value / 1_000_000);
    out.push(b'.');
    digits::push::<6>(out, value % 1_000_000);
}

/// `client +LAT-LNG TIME`: what a report says, 63 bytes.
fn push_report(out: &mut Vec<u8>, request: &Request) {
    push_client(out, request.client);
    out.push(b' ');
    push_degrees::<2>(out, request.spot.latitude);
    push_degrees::<3>(out, request.spot.longitude);
    out.push(b' ');
    digits::push::<10>(out, request.nanos / 1_000_000_000);
    out.push(b'.');
    digits::push::<9>(out, request.nanos % 1_000_000_000);
}

/// What an AT line says before the report.
const AT: &[u8] = b"AT Alford +0.000263873 ";
/// Bytes of an AT line without its end.
pub(crate) const AT_LEN: usize = AT.len() + CLIENT_LEN + 1 + 10 + 11 + 1 + 20;

/// An AT line without its end: what is kept of a client where a server keeps values, not positions.
fn push_at(out: &mut Vec<u8>, request: &Request) {
    out.extend_from_slice(AT);
    push_report(out, request);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::WESTWOOD;

    /// A request, and what is kept of it.
    pub(super) fn asked(kind: Kind) -> (Request, Asked) {
        let request = Request { kind, client: 7, spot: WESTWOOD, nanos: 1_479_413_884_392_014_450 };
        (request, Asked::new(&request, 0))
    }

    /// Every front of the stream that is too short has no reply, and the whole stream has just these.
    pub(super) fn check(dialect: Dialect, replies: &[(&str, Kind, bool)]) {
        let stream: String = replies.iter().map(|(text, ..)| *text).collect();
        let mut at = 0;
        for &(text, kind, is_right) in replies {
            let (_, asked) = asked(kind);
            for cut in 0..text.len() {
                assert_eq!(dialect.read(&stream.as_bytes()[at..at + cut], &asked), None, "{cut} of {text:?}");
            }
            let reply = Some(Reply { len: text.len(), is_right });
            assert_eq!(dialect.read(&stream.as_bytes()[at..], &asked), reply, "{text:?}");
            at += text.len();
        }
    }

    #[test]
    fn an_at_line_has_the_length_that_is_told() {
        let mut out = Vec::new();
        push_at(&mut out, &asked(Kind::Update).0);
        assert_eq!(out.len(), AT_LEN);
        assert!(out.ends_with(b" +34.068930-118.445127 1479413884.392014450"));
    }
}
