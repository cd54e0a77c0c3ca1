//! The fuzz targets' corpora and any other bytes, through the same checks as the fuzzer's.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::support::targets;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("each target has a corpus") {
        let path = entry.expect("a folder can be read").path();
        println!("{}", path.display());
        check(&fs::read(path).expect("a file of the corpus can be read"));
        files += 1;
    }
    assert!(files > 0, "{} is empty", folder.display());
}

#[test]
fn lines() {
    replay("line", targets::line);
}

#[test]
fn sessions() {
    replay("session", targets::session);
}

#[test]
fn nodes() {
    replay("node", targets::node);
}

#[test]
fn places() {
    replay("places", targets::places);
}

#[test]
fn repairs() {
    replay("repair", targets::repair);
}

#[test]
fn encounters() {
    replay("proving", targets::proving);
}

#[test]
fn rights() {
    replay("rights", targets::rights);
}

#[test]
fn settings() {
    replay("settings", targets::settings);
}

/// JSON values, most of them in the shape of a places reply, with newlines between any two tokens.
fn replies() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"results\"",
        "\"status\"",
        "\"OK\"",
        "1",
        "\"\\\"]\"",
        "{\"a\":[1,{}]}",
        "[]",
    ]);
    let rest = prop::collection::vec(token, 0..8).prop_map(|tokens| tokens.join("\n\n"));
    let result = prop::sample::select(vec!["1", "{}", "[2,\n\n3]", "\"]\"", "{\"results\":[4]}", "null"]);
    let results = prop::collection::vec(result, 0..24).prop_map(|results| results.join(",\n\n\n"));
    prop_oneof![
        3 => results.prop_map(|results| format!("\n\n{{\"a\":1,\n\n\"results\" : [\n\n{results}\n\n],\n\"z\":[]\n\n}}\n\n")),
        1 => rest,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_program_holds_the_limits(program in prop::collection::vec(any::<u8>(), 0..400)) {
        targets::node(&program);
    }

    #[test]
    fn any_meeting_is_mended_by_the_next(meeting in prop::collection::vec(any::<u8>(), 0..600)) {
        targets::repair(&meeting);
    }

    #[test]
    fn any_reply_is_cut_to_any_bound(json in replies()) {
        targets::places(json.as_bytes());
    }
}
