//! What a client is told that asks who is near, beside what its server kept meanwhile.

use std::collections::BTreeMap;

use herd::wire::Near;
use herd::{Position, Timestamp};

use crate::globe;
use crate::oracle::{Oracle, ReportId};

/// What a server kept of a client, and no more.
pub(crate) type Kept = (u32, Option<ReportId>);

/// A client's question who is near, from when the server has taken it.
#[derive(Clone, Debug)]
pub(crate) struct NearAsked {
    pub(crate) near: Near,
    /// Around what, and which client is not among those who are told.
    pub(crate) center: Position,
    pub(crate) except: Option<u32>,
    /// In which life of the server.
    pub(crate) life: u32,
    /// How much the server had kept by then, and what its clock said.
    pub(crate) from: usize,
    pub(crate) wall: Timestamp,
}

/// Who was told to be near, in that order.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) asked: NearAsked,
    pub(crate) told: Vec<ReportId>,
}

impl NearAsked {
    /// Whether a record is asked for, and how far it is away; none where that cannot be told.
    fn takes(&self, id: ReportId, oracle: &Oracle) -> Option<(bool, f64)> {
        let record = oracle.report(id);
        let covers = self.near.pattern.covers(oracle.client(record.client)) && Some(record.client) != self.except;
        let Some(at) = record.position.filter(|_| covers) else { return Some((false, 0.0)) };
        let since = self.near.heard.map(|time| self.wall.as_nanos() - time.as_nanos().cast_signed());
        if since.is_some_and(|since| record.heard_at.as_nanos() < since) {
            return Some((false, 0.0));
        }
        let within = globe::is_within((self.center, self.near.radius), at)?;
        Some((within, globe::metres(self.center, at)))
    }
}

impl Found {
    /// What is wrong with it, where the server has `kept` that, one behind the other, and a record `may_go` because it is
    /// over.
    pub(crate) fn fault(&self, kept: &[Kept], oracle: &Oracle, may_go: &dyn Fn(ReportId) -> bool) -> Option<String> {
        let versions = versions(kept, self.asked.from);
        if self.told.len() > self.asked.near.bound.into() {
            return Some(format!("{} are told", self.told.len()));
        }
        let mut told = BTreeMap::new();
        for &id in &self.told {
            let client = oracle.report(id).client;
            let show = || String::from_utf8_lossy(&oracle.report(id).line).into_owned();
            if told.insert(client, id).is_some() {
                return Some(format!("told twice: {}", show()));
            }
            if !versions.get(&client).is_some_and(|versions| versions.contains(&Some(id))) {
                return Some(format!("it was not kept meanwhile: {}", show()));
            }
            if self.asked.takes(id, oracle).is_some_and(|(takes, _)| !takes) {
                return Some(format!("it was not asked for: {}", show()));
            }
        }
        self.out_of_order(oracle).or_else(|| self.missing(&versions, &told, oracle, may_go))
    }

    /// Nearest first, and at one distance by ID.
    fn out_of_order(&self, oracle: &Oracle) -> Option<String> {
        let place = |id: ReportId| {
            let record = oracle.report(id);
            let at = record.position?;
            Some((globe::metres(self.asked.center, at), (at.latitude(), at.longitude()), oracle.client(record.client)))
        };
        for pair in self.told.windows(2) {
            let (Some((near, at, one)), Some((far, also_at, other))) = (place(pair[0]), place(pair[1])) else {
                continue;
            };
            if near > far + 2.0 * globe::doubt(far) || at == also_at && one >= other {
                let show = |id: ReportId| String::from_utf8_lossy(&oracle.report(id).line).into_owned();
                return Some(format!("{} before {}", show(pair[0]), show(pair[1])));
            }
        }
        None
    }

    /// Somebody who was there all the time, and nearer than the last who is told, or there was room.
    fn missing(
        &self,
        versions: &BTreeMap<u32, Vec<Option<ReportId>>>,
        told: &BTreeMap<u32, ReportId>,
        oracle: &Oracle,
        may_go: &dyn Fn(ReportId) -> bool,
    ) -> Option<String> {
        let farthest = if self.told.len() < self.asked.near.bound.into() {
            f64::INFINITY
        } else {
            self.told.last().and_then(|&id| Some(globe::metres(self.asked.center, oracle.report(id).position?)))?
        };
        let is_near = |&id: &Option<ReportId>| {
            let takes = id.filter(|&id| !may_go(id)).and_then(|id| self.asked.takes(id, oracle));
            takes.is_some_and(|(takes, metres)| takes && metres + 2.0 * globe::doubt(metres) < farthest)
        };
        let mut clients = versions.iter().filter(|(client, _)| !told.contains_key(client));
        let (_, missed) = clients.find(|(_, versions)| versions.iter().all(is_near))?;
        let line = missed.last().copied().flatten().map(|id| String::from_utf8_lossy(&oracle.report(id).line));
        Some(format!("missing: {}", line.unwrap_or_default()))
    }
}

/// All that was kept of each client from some time on.
fn versions(kept: &[Kept], from: usize) -> BTreeMap<u32, Vec<Option<ReportId>>> {
    let mut versions = BTreeMap::new();
    for &(client, id) in &kept[..from] {
        versions.insert(client, vec![id]);
    }
    for &(client, id) in &kept[from..] {
        versions.entry(client).or_insert_with(|| vec![None]).push(id);
    }
    versions
}
