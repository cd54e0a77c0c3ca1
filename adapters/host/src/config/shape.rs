//! Whether a config file has the tables, keys and kinds of values that there are, each fault told at its line.

use core::ops::Range;

use herd_command::{did_you_mean, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::file::ConfigFile;
use super::keys::{Key, Kind, MANY, NEEDED, every_key, header, tables};

type Entry<'a, 'i> = (&'a str, Range<usize>, &'a Spanned<DeValue<'i>>);

/// Looks through a whole file.
pub(super) fn check(file: &ConfigFile, root: &DeTable<'_>) -> Result<(), ConfigError> {
    Shape { file }.members("", root)
}

struct Shape<'a> {
    file: &'a ConfigFile,
}

impl Shape<'_> {
    fn fault(&self, at: &Range<usize>, what: impl AsRef<str>) -> ConfigError {
        self.file.fault(at, what.as_ref())
    }

    /// Each key of a table, and each table in it; the file itself is the table without a name.
    fn members(&self, table: &str, members: &DeTable<'_>) -> Result<(), ConfigError> {
        for (key, value) in members {
            let (name, at) = (key.get_ref().as_ref(), key.span());
            let path = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
            let entry = (name, at, value);
            if let Some(known) = every_key().find(|known| known.table == table && known.name == name) {
                self.value(&known, &entry)?;
            } else if tables().contains(&path.as_str()) {
                self.table(&path, &entry)?;
            } else {
                return Err(self.unknown(table, &path, &entry));
            }
        }
        Ok(())
    }

    fn table(&self, path: &str, (_, at, value): &Entry<'_, '_>) -> Result<(), ConfigError> {
        let is_many = MANY.contains(&path);
        match value.get_ref() {
            DeValue::Table(_) if is_many => {
                let what = format!("[{path}] is one of several: write it in two brackets, {}", header(path));
                Err(self.fault(at, what))
            }
            DeValue::Table(members) => self.members(path, members),
            DeValue::Array(tables) if is_many => tables.iter().try_for_each(|table| self.one_of_many(path, table)),
            DeValue::Array(_) => {
                let what = format!("there is one [{path}] only: write it in single brackets");
                Err(self.fault(at, what))
            }
            _ => Err(self.fault(
                &value.span(),
                format!("{path} is a table: write {} on a line of its own, and its keys below", header(path)),
            )),
        }
    }

    fn one_of_many(&self, path: &str, table: &Spanned<DeValue<'_>>) -> Result<(), ConfigError> {
        let DeValue::Table(members) = table.get_ref() else {
            let what = format!("{path} is a table: write {} on a line of its own, and its keys below", header(path));
            return Err(self.fault(&table.span(), what));
        };
        self.members(path, members)?;
        let needed = NEEDED.iter().find(|(needed, _)| *needed == path).map_or(&[][..], |(_, names)| names);
        match needed.iter().find(|name| !members.contains_key(**name)) {
            None => Ok(()),
            Some(name) => {
                let what = format!("this {} has no {name}; each has {}", header(path), needed.join(", "));
                Err(self.fault(&table.span(), what))
            }
        }
    }

    fn unknown(&self, table: &str, path: &str, (name, at, value): &Entry<'_, '_>) -> ConfigError {
        let is_table = match value.get_ref() {
            DeValue::Array(values) => values.iter().any(|value| value.get_ref().is_table()),
            value => value.is_table(),
        };
        let all = tables();
        if is_table && !all.contains(name) {
            let headers: Vec<_> = all.iter().map(|table| header(table)).collect();
            let meant = nearest(path, all.iter().copied()).map(header);
            let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            let known = headers.join(", ");
            return self.fault(at, format!("unknown table {}{meant} (known: {known})", header(path)));
        }
        let known: Vec<&str> = every_key().filter(|key| key.table == table).map(|key| key.name).collect();
        let hint = match did_you_mean(name, known.iter().copied()) {
            _ if all.contains(name) => format!("; {} is a table of its own", header(name)),
            none if none.is_empty() => elsewhere(table, name),
            meant => meant,
        };
        let what = if table.is_empty() {
            format!("unknown key {name:?} outside of any table{hint}")
        } else {
            format!("unknown key {name:?} in {}{hint} (known: {})", header(table), known.join(", "))
        };
        self.fault(at, what)
    }

    fn value(&self, key: &Key, (name, _, value): &Entry<'_, '_>) -> Result<(), ConfigError> {
        let shown = self.file.text_at(&value.span());
        let expected = match (key.kind, value.get_ref()) {
            (Kind::Text | Kind::Path, DeValue::String(_))
            | (Kind::Value, DeValue::String(_) | DeValue::Boolean(_))
            | (Kind::Switch, DeValue::Boolean(_)) => return Ok(()),
            (Kind::Value, DeValue::Integer(number)) => {
                if i128::from_str_radix(number.as_str(), number.radix()).is_ok() {
                    return Ok(());
                }
                "a smaller number".to_owned()
            }
            (Kind::Texts, DeValue::Array(texts)) => {
                let Some(odd) = texts.iter().find(|text| !matches!(text.get_ref(), DeValue::String(_))) else {
                    return Ok(());
                };
                let what = format!("{name}: expected texts in quotes, found {}", self.file.text_at(&odd.span()));
                return Err(self.fault(&odd.span(), what));
            }
            (Kind::Texts, DeValue::String(_)) => format!("a list, as in [{shown}]"),
            (Kind::Texts, _) => "a list of texts, as in [\"A\", \"B\"]".into(),
            (Kind::Text | Kind::Path, DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Float(_)) => {
                format!("a text in quotes, as in \"{shown}\"")
            }
            (Kind::Text | Kind::Path, _) => "one text in quotes".into(),
            (Kind::Value, DeValue::Array(_) | DeValue::Table(_)) => "one value".into(),
            (Kind::Value, _) => "a whole number, a text in quotes, true or false".into(),
            (Kind::Switch, _) => "true or false, without quotes".into(),
        };
        Err(self.fault(&value.span(), format!("{name}: expected {expected}, found {shown}")))
    }
}

/// Which other table has a key of this name, if one has; one within this table first.
fn elsewhere(table: &str, name: &str) -> String {
    let others = || every_key().filter(|key| key.name == name && key.table != table);
    let within = others().find(|key| key.table.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')));
    let other = within.or_else(|| others().next());
    other.map_or_else(String::new, |key| format!("; {} has one of this name", header(key.table)))
}
