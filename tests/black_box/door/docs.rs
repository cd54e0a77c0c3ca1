//! The commands of docs/http.md and docs/devices.md, run as they stand there, and their answers.

use std::collections::BTreeSet;
use std::process::Command;

use herd::Token;
use herd_tests::graphs::{Graph, single};
use herd_tests::herd::Plan;
use herd_tests::process::runs_here;

use crate::binaries;

const HTTP: &str = include_str!("../../../docs/http.md");
const DEVICES: &str = include_str!("../../../docs/devices.md");

/// Where the server of docs/http.md has its door, and its lines.
const DOOR: &str = "127.0.0.1:12890";
const LINES: &str = "127.0.0.1:12880";

/// Each `curl` line with the answer that stands behind it.
fn commands(docs: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut blocks = docs.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let mut commands = Vec::new();
    while let Some((kind, text)) = blocks.next() {
        if kind == "sh" && text.trim().starts_with("curl") {
            let (_, answer) = blocks.next().expect("an answer behind each command");
            commands.push((text.trim(), answer.trim()));
        }
    }
    commands
}

/// What a shell prints.
fn run(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().expect("a shell");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// What differs from one run to the next: how far the server's clock is ahead.
fn masked(text: &str) -> String {
    const SKEW: &str = "\"skew\":\"";
    let mut parts = text.split(SKEW);
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.filter_map(|part| part.split_once('"')).map(|(_, rest)| format!("{SKEW}\"{rest}"));
    [first].into_iter().chain(rest).collect()
}

#[test]
fn commands_are_answered_as_the_docs_say() {
    let commands = commands(HTTP);
    assert!(commands.len() >= 11);
    if !runs_here("curl") {
        return;
    }
    let herd = Plan::new(&binaries(), &Graph::new(&["Alford"], &[])).with_http().start();
    let (door, lines) = (herd.door("Alford").to_string(), herd.address("Alford").to_string());
    for (command, expected) in commands {
        let answer = run(&command.replace(DOOR, &door));
        assert_eq!(masked(&answer), masked(&expected.replace(LINES, &lines)), "{command}");
    }
}

/// What stands there in place of a phone puts its client on the map.
#[test]
fn phones_are_answered_as_the_docs_say() {
    let commands = commands(DEVICES);
    assert!(commands.len() >= 5);
    if !runs_here("curl") {
        return;
    }
    let token = Token::new(&[7; 32]);
    let access = format!(
        "[access]\nanonymous = []\n[[access.token]]\nname = \"phones\"\nsha256 = \"{}\"\nmay = [\"report:*\", \"ask:*\"]\n",
        token.hash()
    );
    let herd = Plan::new(&binaries(), &single()).with_http().with_config(&access).start();
    for (command, expected) in commands {
        let line = command.replace("127.0.0.1:8080", &herd.door("A").to_string()).replace("TOKEN", token.as_str());
        assert_eq!(run(&line), expected, "{command}");
    }
    let bearer = format!("Bearer {}", token.as_str());
    let known = herd.http("A").ask("GET", "/v1/clients", &[("Authorization", &bearer)], "").json();
    let known = known["features"].as_array().expect("features");
    let known: BTreeSet<&str> = known.iter().filter_map(|feature| feature["id"].as_str()).collect();
    assert_eq!(known, BTreeSet::from(["bus-7", "car", "jane", "jane/phone"]));
}
