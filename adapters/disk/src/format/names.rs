//! What the files of a folder are called.

use std::fmt;

/// The file that says which of the others count.
pub(crate) const MANIFEST: &str = "MANIFEST";

/// The next manifest, until it takes the place of the other one.
pub(crate) const NEW_MANIFEST: &str = "MANIFEST.new";

/// The name of a numbered file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileName {
    Snapshot(u64),
    Log(u64),
}

impl FileName {
    /// What a file of that name is, if it is one of ours.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (number, kind) = name.split_once('.')?;
        let number = number.parse().ok()?;
        let parsed = match kind {
            "snapshot" => Self::Snapshot(number),
            "log" => Self::Log(number),
            _ => return None,
        };
        (parsed.to_string() == name).then_some(parsed)
    }

    pub(crate) const fn number(self) -> u64 {
        match self {
            Self::Snapshot(number) | Self::Log(number) => number,
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(number) => write!(f, "{number:010}.snapshot"),
            Self::Log(number) => write!(f, "{number:010}.log"),
        }
    }
}

/// A name under which a damaged file can be kept, that none of these files has.
pub(crate) fn aside(name: &str, taken: &[String]) -> String {
    let (mut aside, mut again) = (format!("{name}.damaged"), 0_u64);
    while taken.contains(&aside) {
        again += 1;
        aside = format!("{name}.damaged-{again}");
    }
    aside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [FileName::Log(1), FileName::Snapshot(12_345_678_901), FileName::Log(u64::MAX)] {
            assert_eq!(FileName::parse(&name.to_string()), Some(name));
        }
        for other in ["", "LOCK", "1.log", "+000000001.log", "0000000001.lag", "0000000001.log.damaged"] {
            assert_eq!(FileName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_set_aside_replaces_nothing() {
        assert_eq!(aside("a", &[]), "a.damaged");
        assert_eq!(aside("a", &["a.damaged".into(), "a.damaged-1".into()]), "a.damaged-2");
    }
}
