//! Who of two servers has the newer report of each client of a span.

use core::cmp::Ordering;

use super::intake::Kept;
use crate::report::Head;
use crate::wire::{Held, Span};

/// What another server says that it holds in a span, held against what is kept here, client by client.
///
/// Clients are told apart by 32 bits of their hashes. Where two have the same, both servers send both: that is rare, and
/// costs a few lines.
#[derive(Debug)]
pub(crate) struct Matching {
    span: Span,
    /// What the other one holds, in the order of the keys.
    theirs: Vec<Held>,
    /// Which of those a client here was held against.
    seen: Vec<bool>,
    /// Keys of clients of which the other one has the newer report, and of those that cannot be told apart.
    wanted: Vec<u32>,
    /// Keys that several clients have.
    shared: Vec<u32>,
}

impl Matching {
    pub(crate) fn new(span: Span, mut theirs: Vec<Held>) -> Self {
        theirs.sort_unstable_by_key(|held| held.key);
        let seen = vec![false; theirs.len()];
        let mut shared: Vec<u32> =
            theirs.windows(2).filter(|pair| pair[0].key == pair[1].key).map(|pair| pair[0].key).collect();
        shared.dedup();
        Self { span, theirs, seen, wanted: Vec::new(), shared }
    }

    /// Whether the other one lacks what is kept of a client here.
    pub(crate) fn lacks(&mut self, kept: &Kept<'_>) -> bool {
        let mine = held(self.span, kept);
        let Ok(index) = self.theirs.binary_search_by_key(&mine.key, |held| held.key) else { return true };
        if core::mem::replace(&mut self.seen[index], true) {
            self.shared.push(mine.key);
        }
        if self.shared.contains(&mine.key) {
            return true;
        }
        let theirs = self.theirs[index];
        match order(&mine, &theirs) {
            Some(Ordering::Equal) => false,
            Some(Ordering::Greater) => true,
            Some(Ordering::Less) => {
                self.wanted.push(mine.key);
                false
            }
            None => {
                self.wanted.push(mine.key);
                true
            }
        }
    }

    /// Whether a client's key is one that several have: then it is to be sent, whatever was said of it before.
    pub(crate) fn is_shared(&self, kept: &Kept<'_>) -> bool {
        self.shared.contains(&self.span.key(kept.hash.bits()))
    }

    /// Whether several clients have one key.
    pub(crate) fn has_shared(&self) -> bool {
        !self.shared.is_empty()
    }

    /// The keys of clients of which the other one has what is lacked here, each once, when all that is kept here
    /// [was held against it](Self::lacks).
    pub(crate) fn wanted(self) -> Vec<u32> {
        let Self { theirs, seen, mut wanted, shared, .. } = self;
        wanted.extend(theirs.iter().zip(seen).filter(|(_, seen)| !seen).map(|(held, _)| held.key));
        wanted.extend(shared);
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }
}

/// How a report is told of in a list.
#[expect(clippy::cast_possible_truncation, reason = "a part of the digest will do")]
pub(super) const fn held(span: Span, kept: &Kept<'_>) -> Held {
    Held { key: span.key(kept.hash.bits()), at: kept.record.head.at, digest: kept.digest as u32 }
}

/// Which of two reports of one client is the newer, as far as that can be told; `Equal` only where they are the same.
fn order(mine: &Held, theirs: &Held) -> Option<Ordering> {
    match mine.at.cmp(&theirs.at) {
        Ordering::Equal => (mine.digest == theirs.digest).then_some(Ordering::Equal),
        _ if mine.at == Head::FAR || theirs.at == Head::FAR => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{HashKey, Record};
    use crate::values::ServerId;

    /// Whether the other one lacks a report of that time and digest, and whether it has what is lacked here.
    fn held_against(mine: (i64, u64), theirs: &[(i64, u32)]) -> (bool, bool) {
        let (span, hash) = (Span::of_range(0), HashKey::default().hash(b"kiwi"));
        let key = span.key(hash.bits());
        let theirs = theirs.iter().map(|&(at, digest)| Held { key, at, digest }).collect();
        let head = Head { at: mine.0, offsets: ServerId::NONE.0.into() };
        let kept = Kept { hash, digest: mine.1, record: Record { line: b"", head }, came: None };
        let mut matching = Matching::new(span, theirs);
        let lacks = matching.lacks(&kept);
        (lacks, matching.wanted() == [key])
    }

    #[test]
    fn only_the_newer_of_two_is_sent() {
        assert_eq!(held_against((5, 1), &[]), (true, false));
        assert_eq!(held_against((5, 1), &[(4, 2)]), (true, false));
        assert_eq!(held_against((5, 1), &[(6, 2)]), (false, true));
        assert_eq!(held_against((5, 1 << 32 | 7), &[(5, 7)]), (false, false), "they are the same");
    }

    #[test]
    fn where_it_cannot_be_told_both_are() {
        assert_eq!(held_against((5, 1), &[(5, 2)]), (true, true), "of one time");
        assert_eq!(held_against((Head::FAR, 1), &[(5, 2)]), (true, true));
        assert_eq!(held_against((5, 1), &[(Head::FAR, 2)]), (true, true));
        assert_eq!(held_against((Head::FAR, 1), &[(Head::FAR, 1)]), (false, false));
        assert_eq!(held_against((5, 1), &[(5, 1), (4, 3)]), (true, true), "two have one key");
    }

    #[test]
    fn clients_here_that_share_a_key_are_all_sent() {
        let (span, hash) = (Span::of_range(0), HashKey::default().hash(b"kiwi"));
        let key = span.key(hash.bits());
        let kept = |at| {
            let head = Head { at, offsets: ServerId::NONE.0.into() };
            Kept { hash, digest: 1, record: Record { line: b"", head }, came: None }
        };
        let mut matching = Matching::new(span, vec![Held { key, at: 5, digest: 1 }]);
        assert!(!matching.lacks(&kept(5)) && !matching.has_shared());
        assert!(matching.lacks(&kept(4)) && matching.has_shared() && matching.is_shared(&kept(5)));
        assert_eq!(matching.wanted(), [key]);
    }
}
