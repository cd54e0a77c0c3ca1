//! Servers of an older make among the others: what they say and hear is put into the words that they know.
//!
//! They greet without fields, and do not understand a greeting that has some. A filter around the sessions and links of
//! such a server makes it so; all else it does as others do.

use bytes::Bytes;

use super::Run;
use crate::connection::{ConnectionId, Opener};

/// Begins what stands in the place of a greeting that an older server does not understand: no server does.
const STRANGE: &[u8] = b"hELLO ";

/// How an older server answers to that, before it closes.
const REFUSED: &[u8] = b"? hELLO ";

/// How many fields a greeting has that every server understands.
const FIELDS: usize = 3;

/// The most bytes of a line that has not ended and may be a greeting.
const MOST: usize = 4096;

impl Run {
    /// What a server says on a link, in the words of its make.
    pub(super) fn said_by(&self, server: usize, bytes: Bytes) -> Bytes {
        if !self.hosts[server].older || !bytes.starts_with(b"HELLO ") {
            return bytes;
        }
        let mut said = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if line.starts_with(b"HELLO ") {
                let fields: Vec<&[u8]> = line.trim_ascii_end().split(|&byte| byte == b' ').take(FIELDS).collect();
                said.extend_from_slice(&fields.join(&b' '));
                said.push(b'\n');
            } else {
                said.extend_from_slice(line);
            }
        }
        said.into()
    }

    /// What a session of a server is to be given of a piece that came to it: whole lines, if it is of the older make.
    pub(super) fn heard_by(&mut self, id: ConnectionId, piece: Bytes) -> Bytes {
        let Some(connection) = self.connections.get_mut(id) else { return piece };
        if !self.hosts[connection.server as usize].older || !matches!(connection.opener, Opener::Link(_)) {
            return piece;
        }
        connection.begun.extend_from_slice(&piece);
        let is_greeting = connection.begun.len() < MOST;
        let whole = memchr::memrchr(b'\n', &connection.begun).map_or(0, |end| end + 1);
        let rest = connection.begun.split_off(if is_greeting { whole } else { connection.begun.len() });
        let mut heard = std::mem::replace(&mut connection.begun, rest);
        hide_greetings(&mut heard);
        heard.into()
    }

    /// The rest of what came, at the end of a connection.
    pub(super) fn heard_last(&mut self, id: ConnectionId) -> Bytes {
        let begun = self.connections.get_mut(id).map(|connection| std::mem::take(&mut connection.begun));
        begun.unwrap_or_default().into()
    }

    /// What a session of a server replies, in the words of its make.
    pub(super) fn replied_by(&self, server: usize, out: &mut [u8]) {
        if self.hosts[server].older
            && let Some(at) = memchr::memmem::find(out, REFUSED)
        {
            out[at + b"? ".len()] = b'H';
        }
    }
}

/// Makes a greeting with fields into what nobody understands.
fn hide_greetings(lines: &mut [u8]) {
    for line in lines.split_inclusive_mut(|&byte| byte == b'\n') {
        if line.starts_with(b"HELLO ") && line.trim_ascii_end().split(|&byte| byte == b' ').count() > FIELDS {
            line[..STRANGE.len()].copy_from_slice(STRANGE);
        }
    }
}

/// A line as it was sent.
pub(super) fn shown(line: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    line.strip_prefix(STRANGE).map_or(line.into(), |rest| [b"HELLO ", rest].concat().into())
}
