//! Clients: what they tell, and what is so.

use std::collections::BTreeMap;

use herd::{Answer, SessionId};

use super::{Asked, Regions};

/// What is so of each client: the newest that it told, or that was told of it.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) newest: BTreeMap<String, Newest>,
    /// The time of the last that anybody told, in units that only grow.
    pub(super) time: u64,
}

/// The newest of a client.
#[derive(Clone, Debug)]
pub(super) struct Newest {
    pub(super) time: u64,
    /// The region that was told.
    pub(super) region: usize,
    /// The position; none where it was forgotten.
    pub(super) position: Option<String>,
}

/// So many clients are there.
const CLIENTS: u64 = 12;

impl Regions {
    /// Somebody tells something, now and then: most clients stay where they are, some are at a border.
    pub(super) fn clients_tell(&mut self) {
        if self.seed.below(6) > 0 {
            return;
        }
        let client = format!("c{}", self.seed.below(CLIENTS));
        let before = self.truth.newest.get(&client).cloned();
        let moves = self.seed.percent(if client.ends_with('1') { 50 } else { 10 });
        let at_home = before.as_ref().map(|before| before.region);
        let region = at_home.filter(|_| !moves).unwrap_or_else(|| self.seed.index(self.members.len()));
        let there: Vec<usize> =
            self.members[region].iter().copied().filter(|&server| self.servers[server].node.is_some()).collect();
        if there.is_empty() {
            return;
        }
        let server = *self.seed.pick(&there);
        self.truth.time += 1;
        let time = self.truth.time;
        let (latitude, longitude) = (self.seed.below(12), self.seed.below(12));
        let forgets = self.seed.percent(5);
        let position = (!forgets).then(|| format!("+{}.5+{}.5", 10 + latitude, 10 + longitude));
        let line = match &position {
            Some(position) => format!("IAMAT {client} {position} {time}\n"),
            None => format!("FORGET {client} {time}\n"),
        };
        let id = self.session_id();
        let Some(mut session) = self.servers[server].session(id, self.now) else { return };
        let reply = self.servers[server].serve(&mut session, line.as_bytes(), self.now);
        self.perform(server);
        if reply.starts_with(b"?") {
            return self.violate(&format!("{line:?} was refused"));
        }
        self.stats.told += 1;
        self.stats.moves += u64::from(at_home.is_some_and(|home| home != region));
        self.truth.newest.insert(client, Newest { time, region, position });
    }

    /// Somebody asks where a client is.
    pub(super) fn clients_ask(&mut self) {
        if self.seed.below(10) > 0 {
            return;
        }
        let client = format!("c{}", self.seed.below(CLIENTS));
        let server = self.seed.index(self.servers.len());
        self.ask(server, client);
    }

    /// Asks a server where a client is; under which number the answer is waited for.
    pub(super) fn ask(&mut self, server: usize, client: String) -> Option<SessionId> {
        let node = self.servers[server].node.clone()?;
        let known = node.record(client.as_bytes()).filter(|kept| !kept.record().is_tombstone());
        let known = known.map_or(0, |kept| seconds(kept.record().time()));
        let id = self.session_id();
        let mut session = self.servers[server].session(id, self.now)?;
        let line = format!("WHERE {client}\n");
        let out = self.servers[server].serve(&mut session, line.as_bytes(), self.now);
        self.stats.asked += 1;
        self.waiting.insert(id, Asked { client, known, out, session, server });
        self.perform(server);
        self.look_at_answer(id);
        Some(id)
    }

    /// An answer came.
    pub(super) fn take_answer(&mut self, session: SessionId, answer: Answer) {
        if let Some(asked) = self.waiting.get_mut(&session) {
            asked.session.answer(answer, &mut asked.out);
            self.look_at_answer(session);
        }
    }

    fn look_at_answer(&mut self, id: SessionId) {
        let Some(asked) = self.waiting.get(&id).filter(|asked| asked.out.ends_with(b"\n")) else { return };
        let (answer, client, known) = (String::from_utf8_lossy(&asked.out).into_owned(), &asked.client, asked.known);
        let has_answer = answer.starts_with("HOME ");
        let time = seconds(last_field(answer.trim_end()));
        let before = self.answered.entry((asked.server, client.clone())).or_default();
        let known = known.max(*before);
        let is_older = has_answer && time < known;
        let is_invented = !has_answer && answer != format!("? WHERE {client}\n");
        self.stats.answered += u64::from(has_answer);
        *before = if has_answer { time } else { *before };
        if is_older || is_invented {
            self.violate(&format!(
                "a server that knew or had answered a report of the time {known} answered {answer:?}"
            ));
        }
        self.waiting.remove(&id);
        self.last_answer = Some((id, answer));
    }
}

/// The whole seconds of a time.
pub(super) fn seconds(time: &[u8]) -> u64 {
    std::str::from_utf8(time).ok().and_then(|text| text.split('.').next()?.parse().ok()).unwrap_or_default()
}

fn last_field(line: &str) -> &[u8] {
    line.rsplit(' ').next().unwrap_or_default().as_bytes()
}
