//! Every key that a file may have is in the example and in the book, and no other one.

use std::collections::{BTreeMap, BTreeSet};

use herd::Limits;

use super::{Folder, environment, flags_of};
use crate::config::Settings;
use crate::config::keys::{every_key, header, tables};

const EXAMPLE: &str = include_str!("../../../../../herd.example.toml");
const BOOK: &str = include_str!("../../../../../docs/configuration.md");

/// The keys of a table.
fn accepted(table: &str) -> BTreeSet<String> {
    every_key().filter(|key| key.table == table).map(|key| key.name.to_owned()).collect()
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
    for key in tables().into_iter().flat_map(accepted) {
        let has = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{key} = "));
        assert!(EXAMPLE.lines().any(has), "{key} is not in herd.example.toml");
    }
}

#[test]
fn the_book_has_every_key_and_no_other() {
    let rows = rows();
    for table in tables() {
        let told: BTreeSet<String> = rows[header(table).as_str()].iter().map(|&(key, _)| key.to_owned()).collect();
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
