//! The environment variables of all programs of a herd, and those that none of them knows.

use std::collections::BTreeSet;

use herd_command::nearest;

use super::keys::every_key;
use super::layers::variable_of;
use super::{Environment, Warning};

/// Those that stand for no key of a config file. The last three are the client's.
const OTHERS: [&str; 7] =
    ["HERD_CONFIG", "HERD_LISTEN", "HERD_SECRET", "HERD_PLACES_KEY", "HERD_TO", "HERD_TOKEN", "HERD_CA"];

/// A warning of each variable that begins as ours do and that no program knows, mostly for being misspelt. They are no
/// errors: whatever starts a program may set variables of its own, as Kubernetes does for a service named `herd`.
#[must_use]
pub fn unknown_variables(environment: &Environment) -> Vec<Warning> {
    let known: BTreeSet<String> =
        every_key().filter_map(|key| key.flag).map(variable_of).chain(OTHERS.map(str::to_owned)).collect();
    let unknown = environment.names().filter(|name| name.starts_with("HERD_") && !known.contains(name));
    let warning = |name: String| {
        let meant = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
        Warning::UnknownVariable { name, meant }
    };
    unknown.map(warning).collect()
}
