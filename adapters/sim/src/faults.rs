//! Which kinds of trouble a scenario is made of.

use std::fmt;
use std::str::FromStr;

use herd_command::did_you_mean;

/// One kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Links of very different latency, much jitter, little bandwidth, and links that get slower for a while.
    Latency,
    /// Bytes that arrive cut anywhere, also one by one.
    Chunking,
    /// Connections that break, mostly in the middle of a line.
    Breaks,
    /// Links that let nothing through for a while, one way or both.
    Partitions,
    /// Neighbours and clients that read slowly, or not at all.
    Slow,
    /// Servers that crash and come back.
    Crashes,
    /// Wall clocks that are wrong, drift and jump.
    Clocks,
    /// Places sources that are slow, fail, or never answer.
    Places,
    /// Middleboxes that accept connections in place of a server, and take what is sent without passing it on.
    Middleboxes,
    /// Servers that are added to a running herd and removed, in one server's list after the other's.
    Members,
    /// Servers that stop in good order and come back.
    Stops,
    /// Servers of an older make among the others.
    Makes,
    /// Servers that move to another IP address.
    Moves,
    /// Herds with a hash key, and servers that have another one.
    Keys,
    /// Herds with secrets, which change server by server, and strangers who have none.
    Secrets,
    /// Clients that are forgotten, and tombstones that go after seconds.
    Forgets,
    /// Reports that are over after seconds.
    Expiry,
    /// Servers with a disk, which loses what was not synced, is slow, fails, and rots.
    Disks,
    /// Clients that ask who is near, and that watch, some of them slowly.
    Watches,
    /// Clients that move to other regions, and come back.
    Regions,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Latency,
        Self::Chunking,
        Self::Breaks,
        Self::Partitions,
        Self::Slow,
        Self::Crashes,
        Self::Clocks,
        Self::Places,
        Self::Middleboxes,
        Self::Members,
        Self::Stops,
        Self::Makes,
        Self::Moves,
        Self::Keys,
        Self::Secrets,
        Self::Forgets,
        Self::Expiry,
        Self::Disks,
        Self::Watches,
        Self::Regions,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Chunking => "chunking",
            Self::Breaks => "breaks",
            Self::Partitions => "partitions",
            Self::Slow => "slow",
            Self::Crashes => "crashes",
            Self::Clocks => "clocks",
            Self::Places => "places",
            Self::Middleboxes => "middleboxes",
            Self::Members => "members",
            Self::Stops => "stops",
            Self::Makes => "makes",
            Self::Moves => "moves",
            Self::Keys => "keys",
            Self::Secrets => "secrets",
            Self::Forgets => "forgets",
            Self::Expiry => "expiry",
            Self::Disks => "disks",
            Self::Watches => "watches",
            Self::Regions => "regions",
        }
    }
}

/// A set of [`Fault`]s. On the command line: `all`, `none`, or names with commas between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u32);

impl Faults {
    /// No trouble at all.
    pub const NONE: Self = Self(0);
    /// Every kind of trouble.
    pub const ALL: Self = Self((1 << Fault::ALL.len()) - 1);

    /// Whether that kind is in the set.
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u8) != 0
    }

    /// The set with that kind in it.
    #[must_use]
    pub const fn with(self, fault: Fault) -> Self {
        Self(self.0 | 1 << fault as u8)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.pad("none"),
            Self::ALL => f.pad("all"),
            faults => {
                let names: Vec<_> = Fault::ALL.iter().filter(|&&fault| faults.has(fault)).map(|f| f.name()).collect();
                f.pad(&names.join(","))
            }
        }
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::ALL),
            "none" => return Ok(Self::NONE),
            _ => {}
        }
        text.split(',').try_fold(Self::NONE, |faults, name| {
            let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name);
            fault.map(|fault| faults.with(fault)).ok_or_else(|| {
                let names = Fault::ALL.map(Fault::name);
                let meant = did_you_mean(name, names);
                format!("unknown fault {name:?}{meant} (known: all, none, {})", names.join(", "))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_is_read() {
        for text in ["all", "none", "latency", "breaks,crashes,middleboxes"] {
            assert_eq!(text.parse::<Faults>().expect(text).to_string(), text);
        }
        assert!("rain".parse::<Faults>().is_err());
    }
}
