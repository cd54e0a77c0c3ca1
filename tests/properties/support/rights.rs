//! Clients with tokens and rights, beside a plain model of what they may do.

use core::num::NonZeroU32;
use std::collections::BTreeSet;
use std::sync::Arc;

use arbitrary::Arbitrary;
use herd::{Access, Action, Event, Grant, Herd, Limits, Right, SessionId, Token};

use super::driver::{Accepted, Driver};
use super::herds;

/// Patterns and clients of which some cover others.
const PATTERNS: [&str; 8] = ["*", "a*", "ab*", "ab", "abcdefgh*", "abcdefghi", "b", "abcdefghijklmnopq*"];
const CLIENTS: [&str; 8] = ["a", "ab", "abc", "b", "abcdefgh", "abcdefghi", "abcdefghijklmnopqrs", "ba"];

/// How many tokens there may be.
const TOKENS: u8 = 3;

/// Whose rights are what, and what is said on one connection.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) access: Rules,
    pub(crate) steps: Vec<Step>,
}

/// What anybody may do, and what those who know a token.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) anonymous: Granted,
    pub(crate) tokens: [Option<Granted>; TOKENS as usize],
}

/// Rights as numbers of patterns, and how many reports a second there may be.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) report: Vec<u8>,
    pub(crate) ask: Vec<u8>,
    pub(crate) status: bool,
    pub(crate) rate: Option<bool>,
}

/// What happens.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Step {
    /// These lines come, in pieces of that length.
    Says(Vec<Say>, u8),
    /// Other rules are in force.
    Changes(Rules),
}

/// A line.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Say {
    /// The token of that number, or none that is known.
    Auth(u8),
    /// Reports of that client, so many.
    Iamat(u8, u8),
    Whatsat(u8),
    Status,
}

/// A reply, by what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reply {
    Ok,
    At,
    Places,
    Status,
    Refused(Vec<u8>),
}

/// What a client is owed, worked out plainly.
struct Model {
    rules: Rules,
    token: Option<usize>,
    /// Reports that were taken from whoever says no token, and with each token.
    reports: [usize; TOKENS as usize + 1],
    known: BTreeSet<String>,
    time: usize,
    is_closed: bool,
}

fn token(number: u8) -> Token {
    Token::new(&[number; 32])
}

impl Granted {
    fn patterns(numbers: &[u8]) -> impl Iterator<Item = &'static str> + Clone {
        numbers.iter().take(4).map(|&number| PATTERNS[usize::from(number) % PATTERNS.len()])
    }

    fn grant(&self, name: &str) -> Grant {
        let report = Self::patterns(&self.report).map(|pattern| format!("report:{pattern}"));
        let ask = Self::patterns(&self.ask).map(|pattern| format!("ask:{pattern}"));
        let status = self.status.then(|| "status".to_string());
        let rights = report.chain(ask).chain(status).map(|right| right.parse::<Right>().expect("a right")).collect();
        Grant { name: name.into(), rights, reports_per_second: self.rate().and_then(NonZeroU32::new) }
    }

    fn rate(&self) -> Option<u32> {
        self.rate.map(|more| if more { 2 } else { 1 })
    }

    /// Whether all that `other` may do may be done with this.
    fn covers_all_of(&self, other: &Self) -> bool {
        let is_within = |inner: &str, outer: &str| match outer.strip_suffix('*') {
            Some(prefix) => inner.starts_with(prefix),
            None => inner == outer,
        };
        let within = |inner: &[u8], outer: &[u8]| {
            Self::patterns(inner).all(|inner| Self::patterns(outer).any(|outer| is_within(inner, outer)))
        };
        within(&other.report, &self.report) && within(&other.ask, &self.ask) && (self.status || !other.status)
    }
}

/// Whether one of the patterns is about that client.
fn covers(patterns: &[u8], client: &str) -> bool {
    Granted::patterns(patterns).any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => client.starts_with(prefix),
        None => client == pattern,
    })
}

impl Rules {
    /// A herd of two with these rules; its rates begin anew.
    fn herd(&self) -> Arc<Herd> {
        let tokens = (0..TOKENS).zip(&self.tokens).filter_map(|(number, granted)| {
            let granted = granted.as_ref()?;
            Some((token(number).hash(), granted.grant(&format!("token {number}"))))
        });
        let access = Access::new(self.anonymous.grant("anybody"), tokens, false).expect("all tokens differ");
        Arc::new(Herd::clone(&herds::herd(2, &[(0, 1)])).with_access(access))
    }
}

impl Talk {
    /// The client gets what the model owes it, however its bytes are cut, many at a time or not.
    pub(crate) fn hold(&self) {
        let limits = Limits { handled: 64, ..Limits::default() };
        let mut driver = Driver::of(|| self.access.herd(), 0, &limits, 3);
        let mut session = driver.accept(SessionId(0), Some(herds::LOOPBACK));
        let mut model = Model::new(self.access.clone());
        for step in self.steps.iter().take(20) {
            match step {
                Step::Changes(rules) => {
                    driver.handle(|| Event::Herd(rules.herd()));
                    // The next pass knows, also one that brings nothing.
                    model.change(rules.clone());
                    let out = driver.receive(&mut session, &[]);
                    assert!(out.is_empty(), "nothing is owed: {}", out.escape_ascii());
                }
                Step::Says(says, cut) => {
                    let lines: Vec<String> = says.iter().take(20).flat_map(|say| model.lines(say)).collect();
                    let expected: Vec<Reply> = lines.iter().filter_map(|line| model.owes(line)).collect();
                    let out = say(&mut driver, &mut session, lines.concat().as_bytes(), *cut);
                    assert_eq!(replies(&out), expected, "to {lines:?}");
                }
            }
            assert_eq!(session.is_finished(), model.is_closed);
        }
    }
}

/// Bytes come in pieces of that length, each answered with all its places: what is replied.
fn say(driver: &mut Driver, session: &mut Accepted, bytes: &[u8], cut: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let most = if cut == 0 { bytes.len().max(1) } else { usize::from(cut) };
    for piece in bytes.chunks(most) {
        if !session.wants_input() {
            break;
        }
        out.extend(driver.receive(session, piece));
        loop {
            answer(driver, session, &mut out);
            if !session.can_resume() {
                break;
            }
            out.extend(driver.receive(session, &[]));
        }
    }
    out
}

/// Gives the session what it waits for.
fn answer(driver: &mut Driver, session: &mut Accepted, out: &mut Vec<u8>) {
    while let Some(action) = driver.actions.pop() {
        match action {
            Action::Fetch { fetch, query } => {
                driver.handle(|| Event::Fetched { fetch, outcome: Ok(herds::places(&query)) });
            }
            Action::Answer { answer, .. } => session.answer(answer, out),
            _ => {}
        }
    }
}

/// What was replied, reply by reply.
fn replies(mut out: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    while let Some(end) = out.iter().position(|&byte| byte == b'\n') {
        let (line, rest) = out.split_at(end + 1);
        out = rest;
        replies.push(match line[0] {
            b'O' => Reply::Ok,
            b'{' => Reply::Status,
            b'?' => Reply::Refused(line[2..].to_vec()),
            _ if out.first() == Some(&b'{') && !out.starts_with(b"{\"server\"") => {
                let end = out.windows(2).position(|pair| pair == b"\n\n").expect("places end");
                out = &out[end + 2..];
                Reply::Places
            }
            _ => Reply::At,
        });
    }
    replies
}

impl Model {
    fn new(rules: Rules) -> Self {
        let known = BTreeSet::new();
        Self { rules, token: None, reports: [0; TOKENS as usize + 1], known, time: 0, is_closed: false }
    }

    fn granted(&self) -> Option<&Granted> {
        self.token.map_or(Some(&self.rules.anonymous), |token| self.rules.tokens[token].as_ref())
    }

    /// Who has lost a right is served no more.
    fn change(&mut self, rules: Rules) {
        let before = self.granted().expect("it had some rights").clone();
        if self.rules.anonymous.rate() != rules.anonymous.rate() {
            self.reports[TOKENS as usize] = 0;
        }
        self.reports[..TOKENS as usize].fill(0);
        self.rules = rules;
        self.is_closed |= self.granted().is_none_or(|after| !after.covers_all_of(&before));
        if self.granted().is_none() {
            self.token = None;
        }
    }

    fn lines(&mut self, say: &Say) -> Vec<String> {
        let client = |number: u8| CLIENTS[usize::from(number) % CLIENTS.len()];
        match say {
            Say::Auth(number) if number % 4 < TOKENS => vec![format!("AUTH {}\n", token(number % 4).as_str())],
            Say::Auth(_) => vec!["AUTH no-token\n".into()],
            Say::Iamat(number, count) => (0..count % 16)
                .map(|_| {
                    self.time += 1;
                    format!("IAMAT {} +34.068930-118.445127 {}\n", client(*number), 1_479_413_000 + self.time)
                })
                .collect(),
            Say::Whatsat(number) => vec![format!("WHATSAT {} 10 2\n", client(*number))],
            Say::Status => vec!["STATUS\n".into()],
        }
    }

    /// What a line is owed; nothing behind one that was refused.
    fn owes(&mut self, line: &str) -> Option<Reply> {
        if self.is_closed {
            return None;
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let granted = self.granted().expect("else it is closed").clone();
        let reply = match fields[..] {
            ["AUTH", said] => {
                let number = (0..TOKENS).position(|number| token(number).as_str() == said);
                let number = number.filter(|&number| self.rules.tokens[number].is_some());
                self.token = number.or(self.token);
                number.map(|_| Reply::Ok)
            }
            ["IAMAT", client, ..] => {
                let reports = &mut self.reports[self.token.unwrap_or(TOKENS as usize)];
                let has_room = granted.rate().is_none_or(|rate| *reports < 10 * rate as usize);
                let may = covers(&granted.report, client) && has_room;
                *reports += usize::from(may);
                may.then(|| self.known.insert(client.into())).map(|_| Reply::At)
            }
            ["WHATSAT", client, ..] => {
                (covers(&granted.ask, client) && self.known.contains(client)).then_some(Reply::Places)
            }
            _ => granted.status.then_some(Reply::Status),
        };
        self.is_closed |= reply.is_none();
        let shown = if fields[0] == "AUTH" { "AUTH\n" } else { line };
        Some(reply.unwrap_or_else(|| Reply::Refused(shown.into())))
    }
}
