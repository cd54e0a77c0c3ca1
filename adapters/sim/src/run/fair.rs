//! Whether every connection has its turn: how much others do while one waits for it.

use herd::Turn;

use super::Run;
use super::passes::Input;
use crate::calendar::Due;
use crate::connection::ConnectionId;
use crate::violation::Invariant;

/// The most that one request may take a pass beyond its share: a WHATSAT with the largest bound.
const MOST_REQUEST: u64 = 65;

/// What a pass did, worked out from its lines a second time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort {
    /// Lines, and places that were asked for, at what they cost.
    pub(super) work: u64,
    /// Questions of a neighbour's that compares.
    pub(super) questions: u64,
}

impl Effort {
    /// A line was taken, and so many places are asked for.
    pub(super) const fn add(&mut self, line: &[u8], places: u8) {
        self.work += 1 + (line.len() / 256) as u64 + 3 * places as u64;
    }
}

/// A connection that waits for its turn, and what others at its server have done since.
#[derive(Debug)]
pub(super) struct Waiting {
    id: ConnectionId,
    server: usize,
    others: Vec<(ConnectionId, u64)>,
}

impl Run {
    /// A session that holds something back goes on when all others that have something to do have had a turn.
    pub(super) fn wants_turn(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        if self.waiting.iter().any(|waiting| waiting.id == id) {
            return;
        }
        let server = connection.server as usize;
        self.waiting.push(Waiting { id, server, others: Vec::new() });
        self.calendar.put(self.now, Due::Turn(id));
    }

    /// A session has its turn.
    pub(super) fn turn(&mut self, id: ConnectionId) {
        self.waiting.retain(|waiting| waiting.id != id);
        let Some(connection) = self.connections.get(id) else { return };
        let goes_on = connection.session.as_ref().is_some_and(|session| session.can_resume());
        if goes_on && self.hosts[connection.server as usize].stopping.is_none() {
            self.serve(id, &Input::More);
        }
        self.resume(id);
    }

    /// A pass is over: it was no longer than it may be, and nobody who waits has been passed over.
    pub(super) fn check_fair(&mut self, id: ConnectionId, server: usize, effort: Effort) {
        let share = Turn::SHARE + MOST_REQUEST;
        if effort.work > share || effort.questions > 1 {
            let what = format!("a pass took {} units of work and {} questions", effort.work, effort.questions);
            return self.violate(Invariant::Fair, Some(server), what);
        }
        let mut most = 0;
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.server == server && waiting.id != id) {
            let others = &mut waiting.others;
            let index = others.iter().position(|(other, _)| *other == id).unwrap_or_else(|| {
                others.push((id, 0));
                others.len() - 1
            });
            others[index].1 += effort.work;
            most = most.max(others[index].1);
        }
        // What comes at the very moment is a turn too.
        if most > 2 * share {
            let what = format!("a connection did {most} units of work while another one waited for its turn");
            self.violate(Invariant::Fair, Some(server), what);
        }
    }
}
