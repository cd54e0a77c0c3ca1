//! What happened, in order, for people or for a viewer.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::scenario::{Nanos, Scenario};

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for each thing that happened, for people.
    Log,
    /// A JSON object on a line for each: `docs/simulator.md` says what is in them.
    Json,
}

/// Where a run writes what happens. Nothing is formatted where there is none.
pub struct Trace {
    form: Form,
    out: Box<dyn Write + Send>,
    text: String,
    error: Option<io::Error>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").field("form", &self.form).finish_non_exhaustive()
    }
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Record<'a> {
    pub(crate) at: Nanos,
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<usize>,
    /// The other server, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) text: &'a str,
}

#[derive(Serialize)]
struct Header<'a> {
    kind: &'static str,
    version: u32,
    seed: u64,
    servers: &'a [String],
    links: &'a [(usize, usize)],
}

impl Trace {
    /// A trace that goes to `out`, which is best buffered.
    #[must_use]
    pub fn new(form: Form, out: Box<dyn Write + Send>) -> Self {
        Self { form, out, text: String::new(), error: None }
    }

    /// Ends it.
    ///
    /// # Errors
    /// The first that `out` had.
    pub fn finish(mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }

    pub(crate) fn begin(&mut self, scenario: &Scenario) {
        let Scenario { seed, servers, links, .. } = scenario;
        self.text.clear();
        match self.form {
            Form::Log => {
                writeln!(self.text, "seed {seed}: {} servers, {} links", servers.len(), links.len())
                    .expect("a String takes every write");
                for (a, b) in links {
                    writeln!(self.text, "link {} {}", servers[*a], servers[*b]).expect("a String takes every write");
                }
            }
            Form::Json => self.json(&Header { kind: "herd", version: 1, seed: *seed, servers, links }),
        }
        self.put();
    }

    pub(crate) fn record(&mut self, record: &Record<'_>, scenario: &Scenario) {
        self.text.clear();
        match self.form {
            Form::Log => self.log(record, scenario),
            Form::Json => self.json(record),
        }
        self.put();
    }

    fn log(&mut self, record: &Record<'_>, scenario: &Scenario) {
        let text = &mut self.text;
        let (seconds, nanos) = (record.at / 1_000_000_000, record.at % 1_000_000_000);
        write!(text, "{seconds:>4}.{nanos:09} {:<12}", record.kind).expect("a String takes every write");
        for server in [record.server, record.peer].into_iter().flatten() {
            write!(text, " {}", scenario.servers[server]).expect("a String takes every write");
        }
        if let Some(client) = record.client {
            write!(text, " client {client}").expect("a String takes every write");
        }
        if let Some(connection) = record.connection {
            write!(text, " #{connection}").expect("a String takes every write");
        }
        if !record.text.is_empty() {
            write!(text, " {}", record.text).expect("a String takes every write");
        }
        text.push('\n');
    }

    fn json(&mut self, value: &impl Serialize) {
        self.text.push_str(&serde_json::to_string(value).expect("plain data has nothing that JSON lacks"));
        self.text.push('\n');
    }

    fn put(&mut self) {
        if self.error.is_none() {
            self.error = self.out.write_all(self.text.as_bytes()).err();
        }
    }
}

/// Bytes as text: what is not UTF-8 is shown as such, and lines are told apart.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() { shown.extend(char.escape_default()) } else { shown.push(char) }
    }
    shown
}
