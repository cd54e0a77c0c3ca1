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

    /// The variables that hold something and have a name of text.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let all = match &self.0 {
            None => std::env::vars_os().collect(),
            Some(variables) => variables.iter().map(|(name, value)| (name.into(), value.clone())).collect::<Vec<_>>(),
        };
        all.into_iter().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok())
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
