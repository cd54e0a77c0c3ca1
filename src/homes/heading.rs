//! The first line of every message between regions: who sent it.

use crate::values::ServerName;

/// `FROM region server fence`: who sent a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) region: ServerName,
    pub(crate) server: ServerName,
    /// The fencing number of a bridge; zero of any other server.
    pub(crate) fence: u64,
}

impl Heading {
    const WORD: &[u8] = b"FROM";

    /// Reads it off a payload; the rest of that.
    pub(crate) fn split(payload: &[u8]) -> Option<(Self, &[u8])> {
        let end = memchr::memchr(b'\n', payload)?;
        let (line, rest) = (&payload[..end], &payload[end + 1..]);
        let fields: Vec<_> = line.split(|&byte| byte == b' ').collect();
        let [Self::WORD, region, server, fence] = *fields else { return None };
        let heading = Self {
            region: ServerName::of(region)?,
            server: ServerName::of(server)?,
            fence: core::str::from_utf8(fence).ok()?.parse().ok()?,
        };
        Some((heading, rest))
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let Self { region, server, fence } = self;
        for part in [Self::WORD, b" ", region.as_bytes(), b" ", server.as_bytes(), b" ", fence.to_string().as_bytes()] {
            out.extend_from_slice(part);
        }
        out.push(b'\n');
    }
}

/// The lines of a payload, without their LF.
pub(crate) fn lines(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    payload.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}
