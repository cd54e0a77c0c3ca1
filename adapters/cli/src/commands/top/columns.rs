//! The columns of the table of servers: what each shows, how wide it is, and how servers are ordered by it.

use std::cmp::Ordering;
use std::time::Instant;

use super::numbers::{bytes, count, latency, short};
use super::watched::{Condition, Rates, Watched};
use crate::shown::{offset, span};
use herd_command::escaped;

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Server,
    State,
    Reports,
    Requests,
    Floods,
    Clients,
    Links,
    Memory,
    Records,
    Answer,
    Connections,
    Clock,
    Uptime,
}

use Column::{
    Answer, Clients, Clock, Connections, Floods, Links, Memory, Records, Reports, Requests, Server, State, Uptime,
};

/// All of them, from left to right.
pub(super) const COLUMNS: [Column; 13] =
    [Server, State, Reports, Requests, Floods, Clients, Links, Memory, Records, Answer, Connections, Clock, Uptime];

/// In which order they find room.
const IMPORTANCE: [Column; 13] =
    [Server, State, Reports, Clients, Links, Answer, Requests, Floods, Memory, Records, Connections, Clock, Uptime];

/// How wide the names of servers are at least.
pub(super) const LEAST_NAME: u16 = 9;

impl Column {
    /// Those that have room in that width, from left to right.
    pub(super) fn fitting(width: u16) -> Vec<Self> {
        let mut used = 0;
        let fits = |column: &Self| {
            used += column.width() + 1;
            used <= width + 1
        };
        let chosen: Vec<Self> = IMPORTANCE.into_iter().take_while(fits).collect();
        COLUMNS.into_iter().filter(|column| chosen.contains(column)).collect()
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Server => "server",
            State => "state",
            Reports => "reports/s",
            Requests => "asked/s",
            Floods => "floods/s",
            Clients => "clients",
            Links => "links",
            Memory => "memory",
            Records => "records",
            Answer => "answer",
            Connections => "conns",
            Clock => "clock",
            Uptime => "uptime",
        }
    }

    /// What it means.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Server => "its name in the herd",
            State => "ok, how many things are wrong, late, untold (it refuses to say), or down",
            Reports => "reports that it did not know, whoever brought them",
            Requests => "requests of clients",
            Floods => "lines of neighbours that tell of clients",
            Clients => "clients that it knows",
            Links => "neighbours that it has a way to, of all",
            Memory => "memory of its process, with all servers in it",
            Records => "memory set aside for records of clients",
            Answer => "how long STATUS took, from here and back",
            Connections => "connections that others have opened to it",
            Clock => "how far its clock is ahead of this machine's",
            Uptime => "how long it has run",
        }
    }

    pub(super) const fn width(self) -> u16 {
        match self {
            Server => LEAST_NAME,
            State | Floods | Clock => 8,
            Reports | Memory | Records => 9,
            Requests | Clients | Answer | Uptime => 7,
            Links => 5,
            Connections => 6,
        }
    }

    /// Whether it holds words rather than numbers.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Server | State)
    }

    /// What it shows of a server.
    pub(super) fn cell(self, server: &Watched, now: Instant) -> String {
        match self {
            Server => escaped(&server.name),
            State => server.condition(now).word(),
            _ => self.number(server).unwrap_or_else(|| "-".into()),
        }
    }

    fn number(self, server: &Watched) -> Option<String> {
        let shown = server.shown()?;
        let rate = |rate: fn(&Rates) -> f64| server.rate().map(|rates| short(rate(rates)));
        match self {
            Server | State => None,
            Reports => rate(|rates| rates.reports),
            Requests => rate(|rates| rates.requests),
            Floods => rate(|rates| rates.floods),
            Clients => Some(short(count(shown.clients))),
            Links => {
                let up = shown.neighbours.iter().filter(|neighbour| neighbour.is_up()).count();
                Some(format!("{up}/{}", shown.neighbours.len()))
            }
            Memory => shown.memory.map(bytes),
            Records => Some(bytes(shown.bytes)),
            Answer => server.last.as_ref().map(|report| latency(report.took.as_secs_f64())),
            Connections => Some(short(count(shown.connections))),
            Clock => server.last.as_ref().map(|report| offset(report.clock)),
            Uptime => Some(span(shown.uptime)),
        }
    }

    /// The order of two servers by this column: names as words, and else those first that people look for, which are the
    /// largest numbers and the worst conditions.
    pub(super) fn order(self, one: &Watched, other: &Watched, now: Instant) -> Ordering {
        match self {
            Server => one.name.cmp(&other.name),
            State => one.condition(now).cmp(&other.condition(now)),
            _ => self.size(other).total_cmp(&self.size(one)),
        }
    }

    fn size(self, server: &Watched) -> f64 {
        let Some(shown) = server.shown() else { return f64::NEG_INFINITY };
        let rate = |rate: fn(&Rates) -> f64| server.rate().map_or(f64::NEG_INFINITY, rate);
        match self {
            Server | State => 0.0,
            Reports => rate(|rates| rates.reports),
            Requests => rate(|rates| rates.requests),
            Floods => rate(|rates| rates.floods),
            Clients => count(shown.clients),
            // Those that lack most come first.
            Links => count(shown.neighbours.iter().filter(|neighbour| !neighbour.is_up()).count() as u64),
            Memory => shown.memory.map_or(f64::NEG_INFINITY, count),
            Records => count(shown.bytes),
            Answer => server.last.as_ref().map_or(0.0, |report| report.took.as_secs_f64()),
            Connections => count(shown.connections),
            Clock => server.last.as_ref().map_or(0.0, |report| report.clock.abs()),
            Uptime => shown.uptime,
        }
    }
}

impl Condition {
    /// In a word or two.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Down => "down".into(),
            Self::Late(seconds) => format!("late {}s", seconds.min(&999)),
            Self::Untold => "untold".into(),
            Self::Wrong(count) => format!("{count} wrong"),
            Self::Unasked => "...".into(),
            Self::Well => "ok".into(),
        }
    }
}
