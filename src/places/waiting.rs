//! Fetches that are not started yet, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::values::{FetchId, SessionId};

/// The queue of fetches, served session by session: each gives one when it has its turn, its oldest, so that many
/// fetches of one session keep another's waiting no longer than one. Every step takes the logarithm of what there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    by_session: BTreeMap<SessionId, Share>,
    /// The sessions in the order of their turns, which are numbered.
    turns: BTreeMap<u64, SessionId>,
    next_turn: u64,
    /// The sessions by how many fetches each has.
    by_count: BTreeSet<(usize, SessionId)>,
    len: usize,
}

/// What one session has in the queue; it is never empty.
#[derive(Clone, Debug)]
struct Share {
    fetches: BTreeSet<FetchId>,
    turn: u64,
}

impl Waiting {
    /// How many fetches wait.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// How many of them are that session's.
    pub(super) fn share(&self, session: SessionId) -> usize {
        self.by_session.get(&session).map_or(0, |share| share.fetches.len())
    }

    /// The session with the most, and how many those are.
    pub(super) fn largest(&self) -> Option<(SessionId, usize)> {
        self.by_count.last().map(|&(count, session)| (session, count))
    }

    /// The newest fetch of that session.
    pub(super) fn newest(&self, session: SessionId) -> Option<FetchId> {
        self.by_session.get(&session)?.fetches.last().copied()
    }

    /// Puts a fetch of that session there.
    pub(super) fn push(&mut self, session: SessionId, fetch: FetchId) {
        let next_turn = &mut self.next_turn;
        let share = self.by_session.entry(session).or_insert_with(|| {
            let turn = *next_turn;
            *next_turn += 1;
            self.turns.insert(turn, session);
            Share { fetches: BTreeSet::new(), turn }
        });
        let before = share.fetches.len();
        if share.fetches.insert(fetch) {
            self.len += 1;
            self.by_count.remove(&(before, session));
            self.by_count.insert((before + 1, session));
        }
    }

    /// Takes a fetch of that session out; whether it was there.
    pub(super) fn remove(&mut self, session: SessionId, fetch: FetchId) -> bool {
        let Some(share) = self.by_session.get_mut(&session).filter(|share| share.fetches.contains(&fetch)) else {
            return false;
        };
        let before = share.fetches.len();
        share.fetches.remove(&fetch);
        self.len -= 1;
        self.by_count.remove(&(before, session));
        if before > 1 {
            self.by_count.insert((before - 1, session));
        } else {
            self.turns.remove(&share.turn);
            self.by_session.remove(&session);
        }
        true
    }

    /// Takes out the fetch whose turn it is; its session's next turn comes behind those of all others.
    pub(super) fn pop(&mut self) -> Option<FetchId> {
        let (_, session) = self.turns.pop_first()?;
        let share = self.by_session.get_mut(&session)?;
        share.turn = self.next_turn;
        self.next_turn += 1;
        self.turns.insert(share.turn, session);
        let oldest = share.fetches.first().copied()?;
        self.remove(session, oldest);
        Some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(fetches: &[(u64, u64)]) -> Waiting {
        let mut waiting = Waiting::default();
        for &(session, fetch) in fetches {
            waiting.push(SessionId(session), FetchId(fetch));
        }
        waiting
    }

    #[test]
    fn sessions_have_their_turns_one_after_the_other() {
        let mut waiting = waiting(&[(1, 1), (1, 2), (1, 3), (2, 4), (1, 5), (3, 6), (2, 7)]);
        let mut served = Vec::new();
        while let Some(FetchId(fetch)) = waiting.pop() {
            served.push(fetch);
        }
        assert_eq!(served, [1, 4, 6, 2, 7, 3, 5]);
        assert_eq!((waiting.len(), waiting.largest()), (0, None));
    }

    #[test]
    fn who_comes_anew_waits_for_one_turn_of_each_other() {
        let mut waiting = waiting(&[(1, 1), (1, 2), (2, 3), (2, 4)]);
        assert_eq!(waiting.pop(), Some(FetchId(1)));
        waiting.push(SessionId(3), FetchId(5));
        assert_eq!([waiting.pop(), waiting.pop(), waiting.pop()], [3, 2, 5].map(|fetch| Some(FetchId(fetch))));
    }

    #[test]
    fn it_knows_who_has_the_most() {
        let mut waiting = waiting(&[(1, 1), (2, 2), (2, 3), (3, 4)]);
        assert_eq!(waiting.largest(), Some((SessionId(2), 2)));
        assert_eq!((waiting.share(SessionId(2)), waiting.newest(SessionId(2))), (2, Some(FetchId(3))));
        assert!(waiting.remove(SessionId(2), FetchId(3)) && !waiting.remove(SessionId(2), FetchId(3)));
        assert!(waiting.remove(SessionId(2), FetchId(2)) && waiting.remove(SessionId(1), FetchId(1)));
        assert_eq!((waiting.largest(), waiting.len()), (Some((SessionId(3), 1)), 1));
        assert_eq!((waiting.pop(), waiting.pop()), (Some(FetchId(4)), None));
    }
}
