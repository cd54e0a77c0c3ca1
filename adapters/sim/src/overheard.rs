//! What servers have said to each other lately, as somebody on the way would have heard it.

use std::collections::VecDeque;

use crate::connection::{ConnectionId, Way};
use crate::seed::Seed;

/// The most lines that are remembered.
const MOST: usize = 512;

/// Whole lines, LF included, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Overheard {
    lines: VecDeque<Heard>,
}

#[derive(Debug)]
struct Heard {
    connection: u64,
    way: Way,
    line: Vec<u8>,
}

impl Overheard {
    /// Hears what is said on a connection between two servers.
    pub(crate) fn hear(&mut self, id: ConnectionId, way: Way, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.lines.push_back(Heard { connection: id.number(), way, line: line.to_vec() });
        }
        self.lines.drain(..self.lines.len().saturating_sub(MOST));
    }

    /// All that the opener of one of the connections has said on it.
    pub(crate) fn conversation(&self, chance: &mut Seed) -> Vec<Vec<u8>> {
        if self.lines.is_empty() {
            return Vec::new();
        }
        let connection = self.lines[chance.index(self.lines.len())].connection;
        let said = self.lines.iter().filter(|heard| heard.connection == connection && heard.way == Way::There);
        said.map(|heard| heard.line.clone()).collect()
    }

    /// One of the lines that went that way and begin so.
    pub(crate) fn line(&self, way: Way, begins: &[u8], chance: &mut Seed) -> Option<&[u8]> {
        let is_one = |heard: &&Heard| heard.way == way && heard.line.starts_with(begins);
        let lines: Vec<&Heard> = self.lines.iter().filter(is_one).collect();
        (!lines.is_empty()).then(|| &*lines[chance.index(lines.len())].line)
    }

    /// A value of that field of a greeting.
    pub(crate) fn field(&self, name: &[u8], chance: &mut Seed) -> Option<String> {
        let values: Vec<String> = self.lines.iter().filter_map(|heard| field(&heard.line, name)).collect();
        (!values.is_empty()).then(|| chance.pick(&values).clone())
    }
}

/// The value of a field of a line, if there is one of that name.
pub(crate) fn field(line: &[u8], name: &[u8]) -> Option<String> {
    let mut fields = line.trim_ascii_end().split(|&byte| byte == b' ');
    let value = fields.find_map(|field| field.strip_prefix(name)?.strip_prefix(b"="))?;
    Some(String::from_utf8_lossy(value).into_owned())
}
