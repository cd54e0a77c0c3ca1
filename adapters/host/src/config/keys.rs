//! Every key of a config file: one table of what may stand where, and what counts where nobody says anything.

use herd::Limits;

use super::LIMITS;

/// A key of a config file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The table that it stands in.
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it is called among flags and variables, where they have it.
    pub(super) flag: Option<&'static str>,
    default: Option<&'static str>,
}

/// What is written behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A text that is a file or a folder.
    Path,
    Texts,
    /// A text, a whole number or a switch: what a flag could say.
    Value,
    Switch,
}

use Kind::{Path, Switch, Text, Texts, Value};

/// The tables that stand as often as there is something to say, in two brackets.
pub(super) const MANY: [&str; 2] = ["server", "access.token"];

/// Keys that have to be there, where their table is.
pub(super) const NEEDED: [(&str, &[&str]); 2] =
    [("server", &["name", "listen"]), ("access.token", &["name", "sha256", "may"])];

/// A key that no flag has.
const fn own(table: &'static str, name: &'static str, kind: Kind, default: Option<&'static str>) -> Key {
    Key { table, name, kind, flag: None, default }
}

/// A key that is a flag and a variable, too.
const fn flag(
    table: &'static str,
    name: &'static str,
    kind: Kind,
    flag: &'static str,
    default: Option<&'static str>,
) -> Key {
    Key { table, name, kind, flag: Some(flag), default }
}

/// All but the limits, in the order of the example.
const KEYS: [Key; 62] = [
    own("server", "name", Text, None),
    own("server", "listen", Text, None),
    own("server", "address", Text, None),
    own("server", "links", Texts, None),
    own("server", "plain", Switch, None),
    own("server", "http", Text, None),
    flag("herd", "hash-key-file", Path, "hash-key-file", None),
    flag("herd", "secret-file", Path, "secret-file", None),
    flag("herd", "trust-addresses", Value, "trust-addresses", Some("false")),
    flag("runtime", "workers", Value, "workers", None),
    flag("data", "dir", Path, "data", None),
    flag("data", "sync", Value, "data-sync", Some("1s")),
    own("access", "anonymous", Texts, None),
    own("access", "reports-per-second", Value, None),
    own("access.token", "name", Text, None),
    own("access.token", "sha256", Text, None),
    own("access.token", "may", Texts, None),
    own("access.token", "reports-per-second", Value, None),
    flag("tls", "cert", Path, "tls-cert", None),
    flag("tls", "key", Path, "tls-key", None),
    flag("tls", "ca", Path, "tls-ca", None),
    flag("tls", "neighbours", Text, "tls-neighbours", None),
    flag("tls", "clients", Text, "tls-clients", None),
    flag("http", "listen", Text, "http", None),
    own("http", "hosts", Texts, None),
    own("http", "origins", Texts, None),
    own("http", "max-body", Value, Some("1MiB")),
    own("http", "tiles", Text, None),
    own("http", "tiles-attribution", Text, None),
    own("http", "share-key-file", Path, None),
    own("http", "share-at-most", Value, Some("7d")),
    own("http", "public-url", Text, None),
    own("http.devices", "max-ahead", Value, Some("1d")),
    own("http.devices", "max-age", Value, Some("365d")),
    own("http.devices", "max-accuracy", Value, Some("off")),
    own("http.devices", "zero", Switch, Some("false")),
    own("http.devices", "friends", Text, None),
    own("region", "name", Text, None),
    own("region", "nats", Texts, None),
    own("region", "credentials-file", Path, None),
    own("region", "user", Text, None),
    own("region", "password-file", Path, None),
    own("region", "ca", Path, None),
    own("region", "certificate", Path, None),
    own("region", "key", Path, None),
    own("region", "prefix", Text, None),
    own("region", "replicas", Value, None),
    flag("region", "timeout", Value, "region-timeout", None),
    flag("region", "guests", Value, "region-guests", None),
    flag("places", "source", Text, "places", Some("embedded")),
    flag("places", "url", Text, "places-url", None),
    flag("places", "key-file", Path, "places-key-file", None),
    flag("places", "ca-file", Path, "places-ca-file", None),
    flag("places", "file", Path, "places-file", None),
    flag("places", "name", Text, "places-name", Some("name")),
    flag("places", "strict", Value, "places-strict", Some("false")),
    flag("places", "timeout", Value, "places-timeout", None),
    flag("places", "cache", Value, "places-cache", None),
    flag("places", "cache-time", Value, "places-cache-time", None),
    flag("log", "file", Path, "log", None),
    flag("log", "format", Text, "log-format", Some("human")),
    flag("log", "filter", Text, "log-filter", Some("info")),
];

impl Key {
    /// What counts where nobody says anything, as it would be written; none where that is nothing.
    pub(super) fn default(&self) -> Option<String> {
        let limit = super::every_limit().find(|limit| Some(limit.name) == self.flag);
        let of_limit = limit.map(|limit| limit.show(&Limits::default()));
        let workers = || (self.name == "workers").then(|| super::workers::default().to_string());
        self.default.map(str::to_owned).or(of_limit).or_else(workers)
    }
}

/// Every key, table by table, in the order of the example.
pub(super) fn every_key() -> impl Iterator<Item = Key> {
    let limits = LIMITS.iter().map(|limit| flag("limits", limit.name, Value, limit.name, None));
    let (before, behind) = KEYS.split_at(KEYS.iter().position(|key| key.table == "data").unwrap_or(KEYS.len()));
    before.iter().copied().chain(limits).chain(behind.iter().copied())
}

/// Every table, in the order of the example.
pub(super) fn tables() -> Vec<&'static str> {
    let mut tables: Vec<&str> = every_key().map(|key| key.table).collect();
    tables.dedup();
    tables
}

/// A table as its first line has it.
pub(super) fn header(table: &str) -> String {
    if MANY.contains(&table) { format!("[[{table}]]") } else { format!("[{table}]") }
}
