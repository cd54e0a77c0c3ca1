//! Flag, then environment, then file: who has a setting first.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::{ConfigError, Environment, Origin};

/// What was given on the command line, by the flag's name without its dashes.
#[derive(Clone, Debug, Default)]
pub struct Flags(BTreeMap<&'static str, OsString>);

impl Flags {
    /// Adds a flag with its text.
    pub fn set(&mut self, name: &'static str, text: impl Into<OsString>) {
        self.0.insert(name, text.into());
    }

    /// All that were given.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &OsStr)> {
        self.0.iter().map(|(name, text)| (*name, text.as_os_str()))
    }

    /// The text of a flag, if it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }
}

/// A setting as it was given, not read yet.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) text: OsString,
    pub(super) origin: Origin,
}

impl Given {
    pub(super) fn as_text(&self) -> Result<&str, ConfigError> {
        self.text.to_str().ok_or_else(|| self.fault("this is not UTF-8"))
    }

    /// A fault of it. The name of the setting in front of `what` is said once where the origin has it, too.
    pub(super) fn fault(&self, what: impl AsRef<str>) -> ConfigError {
        let what = what.as_ref();
        let is_said = |name: &str| match &self.origin {
            Origin::Flag(flag) => name == *flag,
            Origin::Variable(variable) => variable_of(name) == *variable,
            Origin::File(_) => false,
        };
        let rest = what.split_once(": ").filter(|(name, _)| is_said(name)).map(|(_, rest)| rest);
        ConfigError::new(self.origin.clone(), rest.unwrap_or(what))
    }
}

/// All that was given, by the flags' names.
pub(super) struct Layers<'a> {
    flags: &'a Flags,
    environment: &'a Environment,
    file: BTreeMap<&'static str, Given>,
}

impl<'a> Layers<'a> {
    pub(super) fn new(flags: &'a Flags, environment: &'a Environment) -> Self {
        Self { flags, environment, file: BTreeMap::new() }
    }

    /// Lays what a file gives under the rest.
    pub(super) fn under(&mut self, file: BTreeMap<&'static str, Given>) {
        self.file = file;
    }

    /// The setting of that name from the first layer that has it.
    pub(super) fn given(&self, name: &'static str) -> Option<Given> {
        self.flag(name).or_else(|| self.variable(name)).or_else(|| self.file.get(name).cloned())
    }

    pub(super) fn flag(&self, name: &'static str) -> Option<Given> {
        let text = self.flags.get(name)?.to_owned();
        Some(Given { text, origin: Origin::Flag(name) })
    }

    pub(super) fn variable(&self, name: &str) -> Option<Given> {
        let variable = variable_of(name);
        let text = self.environment.get(&variable)?;
        Some(Given { text, origin: Origin::Variable(variable) })
    }
}

pub(super) fn variable_of(name: &str) -> String {
    match name {
        "places" => "HERD_PLACES_SOURCE".into(),
        _ => format!("HERD_{}", name.to_uppercase().replace('-', "_")),
    }
}
