//! Two neighbours that compare while what they say is tampered with.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use herd::{Limits, Node, Record};

use super::driver::Driver;
use super::pair::Pair;

/// What two servers keep, and what happens to what they say.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Meeting {
    /// Clients and times, at each of them.
    asker: Vec<(u16, u8)>,
    answerer: Vec<(u16, u8)>,
    /// Clients that both keep alike.
    both: u16,
    /// How often lines are sketched before they are too long, in effect.
    long_lines: bool,
    tampering: Vec<Tamper>,
}

/// What happens to one piece of a conversation, from one server to the other.
#[derive(Arbitrary, Clone, Debug)]
enum Tamper {
    /// Nothing.
    Nothing,
    /// Its end is cut off.
    Cut(u16),
    /// Its beginning is.
    Skip(u16),
    /// It comes twice.
    Twice,
    /// A byte is another one.
    Byte(u16, u8),
    /// Something is said before it.
    Says(Line),
}

/// A line that one of them could say, with its numbers as they come.
#[derive(Arbitrary, Clone, Debug)]
enum Line {
    Raw(Vec<u8>),
    /// A report of that client, of that time, by the asker or not: found missing, or passed on.
    Report(u16, u8, bool),
    End,
    Ranges(u8, u64),
    Sketch(u8, u16, Vec<u8>),
    All(u8, u16),
    More(u8, u16),
    Want(u8, u16, Vec<u8>),
    Have(u8, u16, Vec<u8>),
    Lack(u8, u16, Vec<u8>),
}

impl Meeting {
    /// Nothing that is said breaks a server or takes a position back, and two servers that keep what these
    /// keep then agree once nobody tampers.
    pub(crate) fn hold(&self) {
        let max_line = if self.long_lines { 4096 } else { 500 };
        let limits = Limits { max_line, handled: 64, ..Limits::default() };
        let mut pair = Pair::new(&limits);
        for (driver, own) in [(&mut pair.asker, &self.asker), (&mut pair.answerer, &self.answerer)] {
            let shared = (0..self.both % 2048).map(|client| (client, 1));
            for (client, time) in own.iter().copied().chain(shared) {
                keep(driver, client, time);
            }
        }
        let before = [times(pair.asker.node()), times(pair.answerer.node())];
        let mut tampering = self.tampering.iter();
        pair.meet_with(|bytes| tampering.next().into_iter().for_each(|tamper| tamper.apply(bytes)));
        for (before, node) in before.iter().zip([pair.asker.node(), pair.answerer.node()]) {
            let after = times(node);
            for (client, time) in before {
                assert!(after.get(client) >= Some(time), "{} went back", client.escape_ascii());
            }
        }
        let mut fresh = Pair::new(&limits);
        for (old, new) in [(&pair.asker, &mut fresh.asker), (&pair.answerer, &mut fresh.answerer)] {
            old.node().records().for_each(|kept| new.restore(&written(kept.record())));
        }
        fresh.meet();
        let (asker, answerer) = (fresh.asker.node(), fresh.answerer.node());
        assert_eq!((times(asker), asker.digest()), (times(answerer), answerer.digest()));
    }
}

fn keep(driver: &mut Driver, client: u16, time: u8) {
    driver.restore(format!("AT s0 +0.5 c{client} +1-1 {time}").as_bytes());
}

/// A record as a file has it.
fn written(record: Record<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    record.write_line(&mut line);
    line
}

/// The times of what is kept, and lines that tell apart those of one time.
fn times(node: &Node) -> BTreeMap<Vec<u8>, (herd::Timestamp, Vec<u8>)> {
    let entry = |report: Record<'_>| (report.client().to_vec(), (report.at(), report.line().to_vec()));
    node.records().map(|kept| entry(kept.record())).collect()
}

impl Tamper {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |place: u16| usize::from(place) % bytes.len().max(1);
        match self {
            Self::Nothing => {}
            Self::Cut(place) => bytes.truncate(at(*place)),
            Self::Skip(place) => drop(bytes.drain(..at(*place).min(bytes.len()))),
            Self::Twice => bytes.extend_from_within(..),
            Self::Byte(place, byte) => {
                let at = at(*place);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Says(line) => drop(bytes.splice(..0, line.bytes())),
        }
    }
}

impl Line {
    fn bytes(&self) -> Vec<u8> {
        let base64 = |bytes: &[u8], size: usize| STANDARD_NO_PAD.encode(&bytes[..bytes.len() / size * size]);
        let span = |bits: u8, prefix: u16| {
            let bits = 10 + u32::from(bits) % 54;
            let digits = bits.div_ceil(4);
            let width = digits as usize;
            format!("{bits}/{:0width$x}", (u64::from(prefix) << 48) >> (64 - 4 * digits))
        };
        let text = match self {
            Self::Raw(bytes) => return [&bytes[..], b"\n"].concat(),
            Self::Report(client, time, by_asker) => {
                let word = ["KEPT", "AT"][usize::from(time % 2)];
                format!("{word} s1 +0.5 c{client} +1-1 {time} s{}", u8::from(!by_asker))
            }
            Self::End => "REPAIR s1 end".into(),
            Self::Ranges(group, digest) => {
                format!("REPAIR s1 ranges {} {}", group % 34, base64(&digest.to_be_bytes().repeat(32), 8))
            }
            Self::Sketch(bits, prefix, cells) => {
                format!("REPAIR s0 sketch {} {}", span(*bits, *prefix), base64(cells, 12))
            }
            Self::All(bits, prefix) => format!("REPAIR s0 all {}", span(*bits, *prefix)),
            Self::More(bits, prefix) => format!("REPAIR s1 more {}", span(*bits, *prefix)),
            Self::Want(bits, prefix, digests) => {
                format!("REPAIR s1 want {} {}", span(*bits, *prefix), base64(digests, 8))
            }
            Self::Have(bits, prefix, list) => format!("REPAIR s0 have {} {}", span(*bits, *prefix), base64(list, 16)),
            Self::Lack(bits, prefix, keys) => format!("REPAIR s1 lack {} {}", span(*bits, *prefix), base64(keys, 4)),
        };
        format!("{text}\n").into_bytes()
    }
}
