//! What is known of one server: its last answer, and how fast its counters grow.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::health::{Report, Shown, Silence};

/// How many rates are kept to look back at.
const MOST_RATES: usize = 120;

/// After how long without an answer a server counts as silent.
const LATE: Duration = Duration::from_secs(4);

/// A server, as far as it has told.
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) address: String,
    /// What it said last, if it ever did.
    pub(super) last: Option<Report>,
    /// Why it said nothing when it was last asked.
    pub(super) silence: Option<Silence>,
    /// When it was last heard of, or first asked.
    since: Instant,
    /// How often it was asked.
    asked: u64,
    /// The newest at the end.
    pub(super) rates: VecDeque<Rates>,
}

/// How a server is, in a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    Down,
    /// It has not answered for so many seconds, and the connection stands.
    Late(u64),
    Untold,
    /// So many things are wrong.
    Wrong(usize),
    Unasked,
    Well,
}

/// How many of each there were a second, between two answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Reports that were not known, whoever brought them.
    pub(super) reports: f64,
    /// Requests of clients.
    pub(super) requests: f64,
    /// Lines of neighbours that tell of clients.
    pub(super) floods: f64,
    /// Clients that have come from another region, or gone to one.
    pub(super) arrivals: f64,
    /// Each counter.
    pub(super) counters: BTreeMap<String, f64>,
}

const REPORTS: [&str; 2] = ["kept", "older"];
const REQUESTS: [&str; 5] = ["iamat", "whatsat", "near", "watch", "forget"];
const FLOODS: [&str; 2] = ["at", "gone"];
const ARRIVALS: [&str; 2] = ["arrivals_told", "arrivals_heard"];

impl Watched {
    pub(super) const fn new(name: String, address: String, now: Instant) -> Self {
        Self { name, address, last: None, silence: None, since: now, asked: 0, rates: VecDeque::new() }
    }

    /// It was asked, and this came of it.
    pub(super) fn take(&mut self, answer: Result<Report, Silence>, now: Instant) {
        self.asked += 1;
        self.since = now;
        let report = match answer {
            Ok(report) => report,
            Err(silence) => {
                self.silence = Some(silence);
                self.rates.clear();
                return;
            }
        };
        let before = self.last.take().filter(|_| self.silence.is_none());
        if let Some(rates) = before.and_then(|before| Rates::between(&before.shown, &report.shown)) {
            if self.rates.len() == MOST_RATES {
                self.rates.pop_front();
            }
            self.rates.push_back(rates);
        }
        self.silence = None;
        self.last = Some(report);
    }

    /// What it says, if it does.
    pub(super) fn shown(&self) -> Option<&Shown> {
        self.last.as_ref().filter(|_| self.silence.is_none()).map(|report| &report.shown)
    }

    pub(super) fn rate(&self) -> Option<&Rates> {
        self.rates.back()
    }

    /// Whether it was asked often enough to know how fast it is.
    pub(super) const fn has_rates(&self) -> bool {
        self.asked >= 2
    }

    pub(super) fn condition(&self, now: Instant) -> Condition {
        let silent = now.saturating_duration_since(self.since);
        match (&self.silence, self.shown()) {
            (Some(Silence::Unreached(_)), _) => Condition::Down,
            (Some(Silence::Untold(_)), _) => Condition::Untold,
            _ if silent > LATE => Condition::Late(silent.as_secs()),
            (None, None) => Condition::Unasked,
            (None, Some(shown)) if shown.wrong.is_empty() => Condition::Well,
            (None, Some(shown)) => Condition::Wrong(shown.wrong.len()),
        }
    }

    /// What is wrong with it, each in a sentence.
    pub(super) fn wrong(&self, now: Instant) -> Vec<String> {
        if let Some(silence) = &self.silence {
            return vec![silence.sentence(&self.address)];
        }
        let late = match self.condition(now) {
            Condition::Late(seconds) => Some(format!("no answer from {} for {seconds} s", self.address)),
            _ => None,
        };
        late.into_iter().chain(self.shown().into_iter().flat_map(|shown| shown.wrong.clone())).collect()
    }
}

impl Rates {
    /// Nothing where the server has been started again in between, or has not told a different time.
    fn between(before: &Shown, after: &Shown) -> Option<Self> {
        let seconds = after.uptime - before.uptime;
        if seconds.is_nan() || seconds <= 0.0 {
            return None;
        }
        let rate = |name: &str, value: &u64| {
            let grown = value.saturating_sub(before.counters.get(name).copied().unwrap_or(0));
            #[expect(clippy::cast_precision_loss, reason = "it is for people")]
            let grown = grown as f64;
            grown / seconds
        };
        let counters: BTreeMap<String, f64> =
            after.counters.iter().map(|(name, value)| (name.clone(), rate(name, value))).collect();
        let sum =
            |names: &[&str]| names.iter().filter_map(|&name| counters.get(name)).fold(0.0, |sum, rate| sum + rate);
        let (reports, requests, floods) = (sum(&REPORTS), sum(&REQUESTS), sum(&FLOODS));
        Some(Self { reports, requests, floods, arrivals: sum(&ARRIVALS), counters })
    }
}
