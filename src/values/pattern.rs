//! Which clients a right is about, or a watch.

use core::fmt;
use core::str::FromStr;

use crate::bytes::is_white_space;

/// A client's ID, or the beginning of IDs with a `*` behind it. A `*` stands only at the end, and always means any.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: Box<[u8]>,
    is_prefix: bool,
}

impl Pattern {
    /// Reads a pattern: one field, with a `*` at its end or none.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (text, is_prefix) = text.strip_suffix(b"*").map_or((text, false), |prefix| (prefix, true));
        let is_field = (is_prefix || !text.is_empty()) && !text.iter().any(|&byte| is_white_space(byte));
        (is_field && !text.contains(&b'*')).then(|| Self { text: text.into(), is_prefix })
    }

    /// The pattern that is about every client.
    #[must_use]
    pub fn any() -> Self {
        Self { text: Box::default(), is_prefix: true }
    }

    /// The pattern that is about that client alone, whatever bytes its ID has.
    #[must_use]
    pub fn exactly(client: &[u8]) -> Self {
        Self { text: client.into(), is_prefix: false }
    }

    /// Whether it is about that client.
    #[must_use]
    pub fn covers(&self, client: &[u8]) -> bool {
        self.is_any() || if self.is_prefix { client.starts_with(&self.text) } else { client == &*self.text }
    }

    /// Whether it is about all clients that `other` is about.
    #[must_use]
    pub fn covers_all_of(&self, other: &Self) -> bool {
        if other.is_prefix { self.is_prefix && other.text.starts_with(&self.text) } else { self.covers(&other.text) }
    }

    /// The client that it is about, where that is one.
    #[must_use]
    pub fn only(&self) -> Option<&[u8]> {
        (!self.is_prefix).then_some(&*self.text)
    }

    /// Whether it is about every client.
    #[must_use]
    #[inline]
    pub fn is_any(&self) -> bool {
        self.is_prefix && self.text.is_empty()
    }
}

/// Why a text is no pattern. Put the `*` at its end, or leave it out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern {0:?}: a client's ID, or the beginning of one and a `*` behind it")]
pub struct InvalidPattern(pub String);

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        Self::parse(text.as_bytes()).ok_or_else(|| InvalidPattern(text.into()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", String::from_utf8_lossy(&self.text), if self.is_prefix { "*" } else { "" })
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Pattern {
    /// Appends it as it was read.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
        if self.is_prefix {
            out.push(b'*');
        }
    }

    /// What the IDs begin with that it is about.
    pub(crate) const fn prefix(&self) -> &[u8] {
        &self.text
    }

    /// Whether there can be a client that both are about.
    fn overlaps(&self, other: &Self) -> bool {
        self.covers_all_of(other) || other.covers_all_of(self)
    }
}

/// What a right is about in all: any of some patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patterns {
    /// Whether every client is covered: looked at first, since it nearly always is so.
    is_any: bool,
    patterns: Vec<Pattern>,
}

impl Patterns {
    pub(crate) fn add(&mut self, pattern: Pattern) {
        self.is_any |= pattern.is_any();
        self.patterns.push(pattern);
    }

    /// Whether that client is covered.
    #[inline]
    pub(crate) fn covers(&self, client: &[u8]) -> bool {
        self.is_any || self.patterns.iter().any(|pattern| pattern.covers(client))
    }

    /// Each of those patterns that can be written and read again: not of one client whose ID ends in a `*`.
    pub(crate) fn to_write(&self) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().filter(|pattern| pattern.only().is_none_or(|client| !client.ends_with(b"*")))
    }

    /// How the IDs begin that the first of them covers, where it covers more than one; any where all are covered.
    pub(crate) fn first_prefix(&self) -> Option<&[u8]> {
        if self.is_any {
            return Some(b"");
        }
        self.patterns.first().filter(|pattern| pattern.is_prefix).map(|pattern| &*pattern.text)
    }

    /// Whether every client is covered.
    pub(crate) const fn covers_any(&self) -> bool {
        self.is_any
    }

    /// Whether there can be a client that is covered and that a pattern is about.
    pub(crate) fn overlap(&self, other: &Pattern) -> bool {
        self.patterns.iter().any(|pattern| pattern.overlaps(other))
    }

    /// Whether each pattern of the others is within one of these.
    pub(crate) fn cover_all_of(&self, other: &Self) -> bool {
        other.patterns.iter().all(|other| self.patterns.iter().any(|pattern| pattern.covers_all_of(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().expect(text)
    }

    #[test]
    fn a_star_stands_at_the_end_and_means_any() {
        for (text, covered, not) in [
            ("*", vec!["a", "*", "a*b"], vec![]),
            ("truck-*", vec!["truck-", "truck-7"], vec!["truck", "Truck-7"]),
            ("truck-7", vec!["truck-7"], vec!["truck-70", "truck-"]),
        ] {
            assert!(covered.iter().all(|client| pattern(text).covers(client.as_bytes())), "{text}");
            assert!(!not.iter().any(|client: &&str| pattern(text).covers(client.as_bytes())), "{text}");
            assert_eq!(pattern(text).to_string(), text);
        }
        for bad in ["", "a*b", "**", "*a", "a b", "a\tb*", " "] {
            assert_eq!(bad.parse::<Pattern>(), Err(InvalidPattern(bad.into())));
        }
    }

    #[test]
    fn patterns_within_patterns() {
        for (outer, inner, is_within) in [
            ("*", "truck-*", true),
            ("truck-*", "*", false),
            ("truck-*", "truck-1*", true),
            ("truck-*", "truck-*", true),
            ("truck-1*", "truck-*", false),
            ("truck-*", "truck-7", true),
            ("truck-7", "truck-7", true),
            ("truck-7", "truck-7*", false),
            ("truck-7", "truck-70", false),
        ] {
            assert_eq!(pattern(outer).covers_all_of(&pattern(inner)), is_within, "{outer} {inner}");
        }
    }
}
