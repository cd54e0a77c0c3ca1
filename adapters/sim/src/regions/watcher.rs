//! Somebody who watches clients wherever they are.

use std::collections::BTreeMap;

use herd::{Session, SessionId};

use super::Regions;
use super::clients::seconds;

/// One connection that watches.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) server: usize,
    session: Session,
    /// What is watched: all clients, or a circle.
    pub(super) target: &'static str,
    /// Whether only crossings are told.
    pub(super) is_fence: bool,
    /// Of each client that is shown, the time of the last report that was told.
    pub(super) shown: BTreeMap<String, u64>,
    /// The times of the last lines of each client.
    told: BTreeMap<String, u64>,
    pub(super) is_ready: bool,
}

/// What anybody watches. The circle has the clients between some 15 and 19 degrees.
const TARGETS: [&str; 3] = ["*", "c1*", "+17+17 200"];

/// As many watch at once.
const MOST: usize = 4;

impl Regions {
    /// Somebody begins to watch, now and then.
    pub(super) fn somebody_watches(&mut self) {
        let watch = self.followers.iter().filter(|follower| !follower.is_fence).count();
        if watch >= MOST || self.seed.below(200) > 0 {
            return;
        }
        let (server, target) = (self.seed.index(self.servers.len()), *self.seed.pick(&TARGETS));
        self.watches(server, target, false);
        if target.starts_with('+') {
            self.watches(server, target, true);
        }
    }

    /// Somebody watches that, or has a fence there.
    fn watches(&mut self, server: usize, target: &'static str, is_fence: bool) {
        let id = self.session_id();
        let Some(mut session) = self.servers[server].session(id, self.now) else { return };
        let word = if is_fence { "FENCE" } else { "WATCH" };
        let lines = self.servers[server].serve(&mut session, format!("{word} {target}\n").as_bytes(), self.now);
        let (shown, told) = (BTreeMap::new(), BTreeMap::new());
        self.followers.push(Follower { server, session, target, is_fence, shown, told, is_ready: false });
        self.take_lines(self.followers.len() - 1, &lines);
        self.perform(server);
    }

    /// Whoever has that session is told something.
    pub(super) fn follow(&mut self, session: SessionId) {
        if let Some(index) = self.followers.iter().position(|follower| follower.session.id() == session) {
            self.read(index);
        }
    }

    /// All read what there is.
    pub(super) fn follow_all(&mut self) {
        for index in 0..self.followers.len() {
            self.read(index);
        }
    }

    fn read(&mut self, index: usize) {
        let follower = &mut self.followers[index];
        if !follower.session.can_resume() {
            return;
        }
        let server = follower.server;
        let lines = self.servers[server].serve(&mut follower.session, b"", self.now);
        self.take_lines(index, &lines);
        self.perform(server);
    }

    fn take_lines(&mut self, index: usize, lines: &[u8]) {
        let lines = String::from_utf8_lossy(lines).into_owned();
        for line in lines.lines() {
            self.stats.watched += 1;
            if let Err(what) = self.followers[index].take(line) {
                let Follower { server, target, .. } = &self.followers[index];
                self.violate(&format!("who watches {target} at {server}: {what}: {line}"));
            }
        }
    }
}

impl Follower {
    /// Whether a line of that word may tell of a client that was not seen: to a watch without a circle one that is at home in
    /// another region counts as seen, also before that region has told of it.
    fn may_be_unseen(&self, word: &str) -> bool {
        word == "FORGOTTEN" && !self.target.starts_with('+')
    }

    /// Takes a line; what is wrong with it.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let fields: Vec<&str> = line.split(' ').collect();
        match fields[0] {
            "WATCHING" => self.is_ready = true,
            "AGAIN" => {
                self.shown.clear();
                self.is_ready = false;
            }
            "SEEN" | "LEFT" | "EXPIRED" | "FORGOTTEN" | "ENTER" | "LEAVE" => {
                let client = fields[3].to_owned();
                let time = seconds(fields[if fields[0] == "FORGOTTEN" { 4 } else { 5 }].as_bytes());
                let before = self.told.insert(client.clone(), time).unwrap_or_default();
                if time < before {
                    return Err(format!("older than what was told before, of the time {before}"));
                }
                if fields[0] == "ENTER" && self.shown.contains_key(&client) {
                    return Err("it was inside before".into());
                }
                if ["SEEN", "ENTER"].contains(&fields[0]) {
                    self.shown.insert(client, time);
                } else if self.shown.remove(&client).is_none() && !self.may_be_unseen(fields[0]) {
                    return Err("it was not seen before".into());
                }
            }
            _ => return Err("it is no line of a watch".into()),
        }
        Ok(())
    }
}
