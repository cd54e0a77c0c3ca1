//! Clients that ask who is near, and that watch.

use herd::wire::{Around, Near, Target, Tells};

use super::Run;
use crate::connection::{ConnectionId, End, Opener, Side};
use crate::nearby::{Found, NearAsked};
use crate::oracle::ReportId;
use crate::talk::Owed;
use crate::trace::escaped;
use crate::viewer::{Asked, View};
use crate::violation::Invariant;

impl Run {
    /// What a client is owed that asks who is near.
    pub(super) fn asks_near(&self, server: usize, near: &Near, around: Option<ReportId>) -> Owed {
        let around = around.map(|id| self.oracle.report(id));
        let center = match &near.around {
            Around::Position(at) => *at,
            Around::Client(_) => {
                around.and_then(|report| report.position).expect("it is refused where there is no report")
            }
        };
        let except = around.map(|report| report.client);
        let host = &self.hosts[server];
        let (life, from, wall) = (host.life, host.kept_so_far.len(), host.now(self.now).wall);
        Owed::Near(Box::new(NearAsked { near: near.clone(), center, except, life, from, wall }))
    }

    /// Whether a client may watch that on a connection: the same target is not watched in the other way, and there are not
    /// too many.
    pub(super) fn may_watch(&self, id: ConnectionId, target: &Target) -> bool {
        let Some(talk) = self.connections.get(id).and_then(|connection| connection.talk.as_ref()) else { return true };
        let is_fence = |tells: &Tells| matches!(tells, Tells::Crossings { .. });
        match talk.viewer.taken.get(&target.text) {
            Some(tells) => is_fence(tells) == is_fence(&target.tells),
            None => talk.viewer.taken.len() < self.limits.watches,
        }
    }

    /// A client watches something more.
    pub(super) fn watches(&mut self, id: ConnectionId, target: &Target) -> Option<Owed> {
        let talk = self.connections.get_mut(id)?.talk.as_mut()?;
        talk.viewer.taken.insert(target.text.clone(), target.tells);
        Some(Owed::Watching(Box::new(Asked { target: target.clone(), since: talk.written })))
    }

    /// A client watches something no more.
    pub(super) fn unwatches(&mut self, id: ConnectionId, target: &[u8]) -> Owed {
        if let Some(talk) = self.connections.get_mut(id).and_then(|connection| connection.talk.as_mut()) {
            talk.viewer.taken.remove(target);
        }
        Owed::Unwatched(target.into())
    }

    /// Who is told to be near was so.
    pub(super) fn check_found(
        &self,
        server: usize,
        found: impl Iterator<Item = Found>,
    ) -> Result<(), (Invariant, String)> {
        let may_go = |id| self.may_have_gone(server, id);
        // What a server kept before it started again is known no more.
        for found in found.filter(|found| found.asked.life == self.hosts[server].life) {
            if let Some(fault) = found.fault(&self.hosts[server].kept_so_far, &self.oracle, &may_go) {
                let Found { asked, told } = &found;
                let what = format!("{fault}: {} are told to be near, asked {:?}", told.len(), asked.near);
                return Err((Invariant::Near, what));
            }
        }
        Ok(())
    }

    /// A watcher that does not hold what its server holds, although it reads, and what differs.
    pub(super) fn unaware(&self) -> Option<(usize, Invariant, String)> {
        for id in self.connections.ids() {
            let Some(connection) = self.connections.get(id) else { continue };
            let (Opener::Client(client), Some(talk)) = (connection.opener, &connection.talk) else { continue };
            let reads = self.clients[client as usize].pace.is_none();
            let healthy = !connection.broken && connection.session.is_some();
            if !reads || !healthy || connection.end(Side::Opener) != End::Here {
                continue;
            }
            let server = connection.server as usize;
            for view in talk.viewer.views.values() {
                if let Some(what) = self.unaware_by(server, view) {
                    let target = escaped(&view.target.text);
                    let what = format!("client {client} watches {target:?} {:?}, {what}", view.target.tells);
                    return Some((server, view.invariant(), what));
                }
            }
        }
        None
    }

    fn unaware_by(&self, server: usize, view: &View) -> Option<String> {
        if view.begins {
            return Some("and is not told all that there is at the start".into());
        }
        self.oracle.clients().find_map(|client| {
            let (kept, shown) = (self.oracle.seen(server, client), view.shown.get(&client).copied());
            let is_over = |id: Option<ReportId>| id.is_some_and(|id| self.may_have_gone(server, id));
            if is_over(kept) || is_over(shown) {
                return None;
            }
            let is_right = match view.target.tells {
                Tells::Reports => match kept.map_or(Some(false), |kept| self.covers(view, kept)) {
                    Some(true) => shown == kept,
                    Some(false) => shown.is_none(),
                    None => true,
                },
                Tells::Crossings { dwell: None } => {
                    kept.map_or(Some(false), |kept| self.covers(view, kept)).is_none_or(|is| is == shown.is_some())
                }
                Tells::Crossings { dwell: Some(_) } => {
                    self.must_be(server, client, view).is_none_or(|is| is == shown.is_some())
                }
            };
            let show =
                |id: Option<ReportId>| id.map_or_else(|| "nothing".into(), |id| escaped(&self.oracle.report(id).line));
            (!is_right).then(|| format!("holds {}, and its server holds {}", show(shown), show(kept)))
        })
    }

    fn covers(&self, view: &View, id: ReportId) -> Option<bool> {
        let record = self.oracle.report(id);
        view.covers(record, self.oracle.client(record.client))
    }

    /// Whether a client must count as inside a fence that waits, or as outside, by what was kept since the watcher knew all:
    /// one that was on one side for long enough, or is known no more.
    fn must_be(&self, server: usize, client: u32, view: &View) -> Option<bool> {
        let Tells::Crossings { dwell: Some(dwell) } = view.target.tells else { return None };
        let since = self.hosts[server].kept_so_far.get(view.since..)?;
        let mut reports = since.iter().rev().filter(|(of, _)| *of == client).map(|&(_, id)| id);
        let last = reports.next()?;
        let is_report = |id: ReportId| self.oracle.report(id).is_report();
        let Some(last) = last.filter(|&id| is_report(id)) else { return Some(false) };
        let side = self.covers(view, last)?;
        let run = reports.map_while(|id| id.filter(|&id| is_report(id) && self.covers(view, id) == Some(side)));
        let first = run.last().unwrap_or(last);
        let time = |id| self.oracle.report(id).at.as_nanos();
        (time(last) - time(first) >= dwell.as_nanos().cast_signed()).then_some(side)
    }
}
