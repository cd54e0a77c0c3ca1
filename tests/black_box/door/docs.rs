//! The commands of docs/HTTP.md, run as they stand there, and their answers.

use std::process::Command;

use herd_tests::graphs::Graph;
use herd_tests::herd::Plan;
use herd_tests::process::runs_here;

use crate::binaries;

const DOCS: &str = include_str!("../../../docs/HTTP.md");

/// Where the server of the docs has its door, and its lines.
const DOOR: &str = "127.0.0.1:12890";
const LINES: &str = "127.0.0.1:12880";

/// Each command with the answer that stands behind it.
fn commands() -> Vec<(&'static str, &'static str)> {
    let mut blocks = DOCS.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let mut commands = Vec::new();
    while let Some((kind, text)) = blocks.next() {
        if kind == "sh" {
            let (_, answer) = blocks.next().expect("an answer behind each command");
            commands.push((text.trim(), answer.trim()));
        }
    }
    commands
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
    let commands = commands();
    assert!(commands.len() >= 11 && commands.iter().all(|(command, _)| command.starts_with("curl -s")));
    if !runs_here("curl") {
        return;
    }
    let herd = Plan::new(&binaries(), &Graph::new(&["Alford"], &[])).with_http().start();
    let (door, lines) = (herd.door("Alford").to_string(), herd.address("Alford").to_string());
    for (command, expected) in commands {
        let output = Command::new("sh").args(["-c", &command.replace(DOOR, &door)]).output().expect("a shell");
        let answer = String::from_utf8(output.stdout).expect("text");
        assert_eq!(masked(answer.trim()), masked(&expected.replace(LINES, &lines)), "{command}");
    }
}
