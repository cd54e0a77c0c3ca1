//! Every key that a file may have is in the example and in the book, and no other one.

use std::collections::{BTreeMap, BTreeSet};

use herd::Limits;

use super::{Folder, environment, flags_of};
use crate::config::file::Tables;
use crate::config::{LIMITS, Settings};

const EXAMPLE: &str = include_str!("../../../../../herd.example.toml");
const BOOK: &str = include_str!("../../../../../docs/configuration.md");

const TABLES: [&str; 13] = [
    "[[server]]",
    "[herd]",
    "[runtime]",
    "[limits]",
    "[data]",
    "[access]",
    "[[access.token]]",
    "[tls]",
    "[http]",
    "[http.devices]",
    "[region]",
    "[places]",
    "[log]",
];

/// The keys of a table, in which there is a table of its own for each of these.
fn accepted(table: &str) -> BTreeSet<String> {
    if table == "[limits]" {
        return LIMITS.iter().map(|limit| limit.name.to_owned()).collect();
    }
    let error = toml::from_str::<Tables>(&format!("{table}\nno-such-key = 1\n")).err().expect("an unknown key");
    let message = error.message().to_owned();
    let (_, keys) = message.split_once("expected ").unwrap_or_else(|| panic!("{table}: {message}"));
    let keys = keys.split('`').skip(1).step_by(2).map(ToOwned::to_owned);
    keys.filter(|key| !TABLES.iter().any(|other| other.trim_matches(['[', ']']).ends_with(&format!(".{key}"))))
        .collect()
}

/// The rows that the book has of each table: keys, and the default.
fn rows() -> BTreeMap<&'static str, Vec<(&'static str, Option<&'static str>)>> {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut table = "";
    for line in BOOK.lines() {
        if let Some((_, heading)) = line.split_once("# ") {
            table = heading.trim_matches('`');
        } else if let Some((keys, rest)) = line.strip_prefix("| `").and_then(|row| row.split_once(" | ")) {
            let default = rest.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(default, _)| default);
            let keys = keys.trim_end_matches('`').split("`, `");
            rows.entry(table).or_default().extend(keys.map(|key| (key, default)));
        }
    }
    rows
}

#[test]
fn the_example_has_every_key() {
    for key in TABLES.into_iter().flat_map(accepted) {
        let has = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{key} = "));
        assert!(EXAMPLE.lines().any(has), "{key} is not in herd.example.toml");
    }
}

#[test]
fn the_book_has_every_key_and_no_other() {
    let rows = rows();
    for table in TABLES {
        let told: BTreeSet<String> = rows[table].iter().map(|&(key, _)| key.to_owned()).collect();
        assert_eq!(told, accepted(table), "{table} in docs/configuration.md");
    }
}

/// A file with all defaults that the book tells comes to the same settings as none.
#[test]
fn the_book_tells_the_defaults() {
    let mut text = String::from("[[server]]\nname = \"A\"\nlisten = \"127.0.0.1:1\"\n");
    for table in ["[limits]", "[http.devices]", "[places]", "[log]"] {
        text.extend([table, "\n"]);
        for (key, default) in &rows()[table] {
            text.extend(default.iter().flat_map(|&default| [key, " = ", default, "\n"]));
        }
    }
    let told = Folder::new().with("herd.toml", text).find(&[], &[]).expect("the book's defaults");
    let none = Settings::find(&flags_of(&[]), &environment(&[])).expect("defaults");
    assert_eq!(told.limits, Limits::default());
    assert_eq!((&told.places, &told.log), (&none.places, &none.log));
    assert_eq!(told.http.door.devices, none.http.door.devices);
}
