//! What must hold once nothing goes wrong any more.

use std::collections::BTreeMap;

use super::Regions;
use super::clients::{Newest, seconds};
use super::server::region_name;
use crate::scenario::SECOND;

impl Regions {
    /// Every server of every region names the same home for each client, and answers with its newest report; who watches
    /// was told of it.
    pub(super) fn check_rest(&mut self) {
        if let Some(asked) = self.waiting.values().next() {
            let what = format!("{} was asked where {} is, and never answered", asked.server, asked.client);
            return self.violate(&what);
        }
        let newest = self.truth.newest.clone();
        for server in 0..self.servers.len() {
            for (client, newest) in &newest {
                self.check_record(server, client, newest);
                self.check_answer(server, client, newest);
            }
        }
        self.check_followers(&newest);
    }

    /// What a server keeps of a client.
    fn check_record(&mut self, server: usize, client: &str, newest: &Newest) {
        let host = &self.servers[server];
        let Some(node) = &host.node else { return };
        let kept = node.record(client.as_bytes());
        let kept = kept.as_ref().map(herd::OwnedRecord::record);
        let is_right = kept.is_some_and(|kept| {
            let is_newest = seconds(kept.time()) == newest.time;
            match (&newest.position, kept.region()) {
                // Of two FORGETs the newer one may be lost with a bridge: it says no more than the other.
                (None, _) => kept.is_tombstone(),
                (Some(_), None) => newest.region == host.region && kept.is_report() && is_newest,
                (Some(_), Some(region)) => {
                    newest.region != host.region && region == region_name(newest.region).as_bytes()
                }
            }
        });
        if !is_right {
            let kept = kept.map(|kept| String::from_utf8_lossy(kept.line()).into_owned());
            let name = &host.name;
            self.violate(&format!("at rest {name} keeps {kept:?} of {client}, of which is true: {newest:?}"));
        }
    }

    /// What it answers.
    fn check_answer(&mut self, server: usize, client: &str, newest: &Newest) {
        let Some(id) = self.ask(server, client.into()) else { return };
        let until = self.now + 3 * SECOND;
        while self.now < until && self.waiting.contains_key(&id) && self.violation.is_none() {
            self.step();
        }
        let answer = self.last_answer.take().filter(|(of, _)| *of == id).map(|(_, answer)| answer);
        let (answer, region) = (answer.unwrap_or_default(), region_name(newest.region));
        let is_right = match &newest.position {
            Some(position) => {
                answer.starts_with(&format!("HOME {region} "))
                    && answer.ends_with(&format!(" {client} {position} {}\n", newest.time))
            }
            None => answer == format!("? WHERE {client}\n"),
        };
        if !is_right {
            let name = &self.servers[server].name;
            self.violate(&format!("at rest {name} answers {answer:?} for {client}, of which is true: {newest:?}"));
        }
    }

    fn check_followers(&mut self, newest: &BTreeMap<String, Newest>) {
        for index in 0..self.followers.len() {
            let follower = &self.followers[index];
            let is_in = |position: &str| match follower.target {
                "+17+17 200" => within(position, (17.0, 17.0), 200.0),
                _ => true,
            };
            let matches = |client: &str| follower.target != "c1*" || client.starts_with("c1");
            let is_shown = |(client, newest): &(&String, &Newest)| {
                matches(client) && newest.position.as_deref().is_some_and(is_in)
            };
            let so: BTreeMap<_, _> =
                newest.iter().filter(is_shown).map(|(client, newest)| (client.clone(), newest.time)).collect();
            // A fence tells nothing of those that stay inside.
            let is_right = follower.shown.keys().eq(so.keys()) && (follower.is_fence || follower.shown == so);
            if !follower.is_ready || !is_right {
                let (server, target, shown) = (follower.server, follower.target, follower.shown.clone());
                self.violate(&format!("who watches {target} at {server} was shown {shown:?}, and so is {so:?}"));
            }
        }
    }
}

/// Whether a position is so near, in kilometres.
fn within(position: &str, (latitude, longitude): (f64, f64), km: f64) -> bool {
    let at = herd::Position::parse(position.as_bytes()).expect("a position");
    herd::Position::new(latitude, longitude).expect("on the globe").distance_km(at) <= km
}
