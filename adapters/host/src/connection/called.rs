//! Watchers that have news of what a connection brings.

use std::mem;

use herd::{Action, SessionId};

/// The watchers that a connection has news for.
///
/// A pass takes in less the more watchers it tells, so that nobody waits long for a turn. If watchers were called after
/// each, they would be woken and written to for every few reports. So they are called when all that was read at once is
/// told, or so much of it that those who read would be taken for slow.
#[derive(Debug, Default)]
pub(super) struct Called {
    watchers: Vec<SessionId>,
    /// How much was read since watchers were called, and what was left then of what was read before.
    read: usize,
}

impl Called {
    /// They are called when they have been told of so many bytes of reports: a hundred, of which a line each is not half of
    /// what a watcher may have waiting that counts as one that reads.
    const MOST: usize = 8 << 10;

    /// So many bytes were read.
    pub(super) const fn read(&mut self, len: usize) {
        self.read += len;
    }

    /// Takes those of what a pass of that session has to be done; the session itself goes on anyway.
    pub(super) fn take(&mut self, actions: &mut Vec<Action>, own: SessionId) {
        let called = actions.extract_if(.., |action| matches!(action, Action::Look { .. }));
        self.watchers.extend(called.filter_map(|action| match action {
            Action::Look { session } if session != own => Some(session),
            _ => None,
        }));
    }

    /// A turn has ended, and the next ones take in as many bytes more of what was read: calls them if they need not wait.
    pub(super) fn end_turn(&mut self, left: usize, call: impl FnMut(SessionId)) {
        let goes_on = left > 0 && self.read.saturating_sub(left) < Self::MOST;
        if !goes_on || self.watchers.is_empty() {
            self.read = left;
            mem::take(&mut self.watchers).into_iter().for_each(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has them called by a pass of the session 0, and then ends a turn: who was called.
    fn turn(called: &mut Called, watchers: &[u64], left: usize) -> Vec<u64> {
        let mut actions: Vec<_> = watchers.iter().map(|&id| Action::Look { session: SessionId(id) }).collect();
        actions.push(Action::Post);
        called.take(&mut actions, SessionId(0));
        assert!(matches!(actions[..], [Action::Post]), "{actions:?}");
        let mut calls = Vec::new();
        called.end_turn(left, |watcher| calls.push(watcher.0));
        calls
    }

    #[test]
    fn watchers_are_called_when_nothing_more_is_to_come() {
        let mut called = Called::default();
        called.read(400);
        assert!(turn(&mut called, &[1, 0], 300).is_empty());
        assert!(turn(&mut called, &[2], 200).is_empty());
        assert_eq!(turn(&mut called, &[], 0), [1, 2]);
        assert_eq!(turn(&mut called, &[3], 0), [3]);
        assert!(turn(&mut called, &[], 0).is_empty());
    }

    #[test]
    fn they_do_not_wait_for_long() {
        let mut called = Called::default();
        called.read(32 << 10);
        let lefts = (0..32 << 10).rev().step_by(1 << 10);
        let calls: Vec<_> = lefts.map(|left| turn(&mut called, &[1], left).len()).collect();
        assert_eq!((calls.iter().sum::<usize>(), calls.iter().max()), (25, Some(&9)));
    }

    #[test]
    fn what_was_told_to_nobody_does_not_count() {
        let mut called = Called::default();
        called.read(64 << 10);
        assert!(turn(&mut called, &[], 20 << 10).is_empty());
        assert!(turn(&mut called, &[1], 15 << 10).is_empty());
        assert_eq!(turn(&mut called, &[1], 12 << 10), [1, 1]);
    }
}
