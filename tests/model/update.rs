//! What clients say.

use super::graphs;

/// One sighting that a client may tell one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// The server that the client talks to.
    pub(crate) server: usize,
    /// The client.
    pub(crate) client: &'static str,
    /// The seconds of its time.
    pub(crate) time: u32,
}

impl Update {
    /// The client's line.
    pub(crate) fn line(&self) -> String {
        format!("IAMAT {} +34.068930-118.445127 {}\n", self.client, self.time)
    }

    /// A bit for each of the updates that a text brings in an AT line.
    pub(crate) fn brought(updates: &[Self], text: &[u8]) -> u64 {
        let of = |line| updates.iter().position(|update| update.is_in(line)).map_or(0, |update| 1 << update);
        text.split(|&byte| byte == b'\n').fold(0, |brought, line| brought | of(line))
    }

    /// Whether an AT line brings it: the line's fields are `AT origin skew client position time sender`.
    fn is_in(&self, line: &[u8]) -> bool {
        let fields: Vec<_> = line.split(|&byte| byte == b' ').collect();
        let [b"AT", origin, _, client, _, time, _] = fields[..] else { return false };
        let time_is = time == self.time.to_string().as_bytes();
        origin == graphs::name(self.server).as_bytes() && client == self.client.as_bytes() && time_is
    }
}
