//! The environment, as something that is handed in.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The environment's variables: the process's own, or a list of a test's.
#[derive(Clone, Debug)]
pub struct Environment(Option<BTreeMap<String, OsString>>);

impl Environment {
    /// The variables of this process.
    #[must_use]
    pub const fn process() -> Self {
        Self(None)
    }

    /// These variables and no others.
    pub fn of<N: Into<String>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(Some(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// What that variable holds. One that is empty counts as not set: shells make it hard to unset one
    /// for a single command.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<OsString> {
        let value = match &self.0 {
            None => std::env::var_os(name),
            Some(variables) => variables.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }
}
