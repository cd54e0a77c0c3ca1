//! Watchers that have news of what a connection brings.

use std::mem;

use herd::{Action, SessionId};

/// The watchers that a connection has news for.
///
/// A pass takes in less the more watchers it tells, so that nobody waits long for a turn. If watchers were called after
/// each, they would be woken and written to for every few reports. So they are called when all that was read at once is
/// told, or when that has taken some turns.
#[derive(Debug, Default)]
pub(super) struct Called {
    watchers: Vec<SessionId>,
    /// How many turns have ended since the first was called.
    turns: u32,
}

impl Called {
    /// How long they wait at the most: some milliseconds, in which a thousand are told of more than a hundred reports each.
    const MOST_TURNS: u32 = 64;

    /// Takes those of what a pass of that session has to be done; the session itself goes on anyway.
    pub(super) fn take(&mut self, actions: &mut Vec<Action>, own: SessionId) {
        let called = actions.extract_if(.., |action| matches!(action, Action::Look { .. }));
        self.watchers.extend(called.filter_map(|action| match action {
            Action::Look { session } if session != own => Some(session),
            _ => None,
        }));
    }

    /// A turn has ended, and the next one takes in more of what was read, or not: calls them if they need not wait.
    pub(super) fn end_turn(&mut self, goes_on: bool, call: impl FnMut(SessionId)) {
        if self.watchers.is_empty() {
            return;
        }
        self.turns += 1;
        if !goes_on || self.turns >= Self::MOST_TURNS {
            mem::take(self).watchers.into_iter().for_each(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has them called by a pass of the session 0, and then ends a turn: who was called.
    fn turn(called: &mut Called, watchers: &[u64], goes_on: bool) -> Vec<u64> {
        let mut actions: Vec<_> = watchers.iter().map(|&id| Action::Look { session: SessionId(id) }).collect();
        actions.push(Action::Post);
        called.take(&mut actions, SessionId(0));
        assert!(matches!(actions[..], [Action::Post]), "{actions:?}");
        let mut calls = Vec::new();
        called.end_turn(goes_on, |watcher| calls.push(watcher.0));
        calls
    }

    #[test]
    fn watchers_are_called_when_nothing_more_is_to_come() {
        let mut called = Called::default();
        assert!(turn(&mut called, &[1, 0], true).is_empty());
        assert!(turn(&mut called, &[2], true).is_empty());
        assert_eq!(turn(&mut called, &[], false), [1, 2]);
        assert_eq!(turn(&mut called, &[3], false), [3]);
        assert!(turn(&mut called, &[], false).is_empty());
    }

    #[test]
    fn they_do_not_wait_for_long() {
        let mut called = Called::default();
        let calls: Vec<_> = (1..=200).map(|watcher| turn(&mut called, &[watcher], true).len()).collect();
        assert_eq!((calls.iter().sum::<usize>(), calls.iter().max()), (192, Some(&64)));
    }
}
