//! How a server is, as it says itself.

use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use serde_json::Value;

use crate::binaries;

/// The answer that the protocol's page shows.
fn shown() -> Value {
    let page = include_str!("../../docs/protocol.md");
    let (_, rest) = page.split_once("```json\n").expect("an example in JSON");
    let (example, _) = rest.split_once("\n```").expect("its end");
    serde_json::from_str(example).expect("JSON")
}

/// Asserts that a value has all fields of the one that is shown, each of the same kind, however deep.
fn assert_like(path: &str, shown: &Value, value: &Value) {
    match (shown, value) {
        (Value::Object(shown), Value::Object(fields)) => {
            for (name, shown) in shown {
                let value = fields.get(name).unwrap_or_else(|| panic!("no {path}.{name} in {value}"));
                assert_like(&format!("{path}.{name}"), shown, value);
            }
        }
        // What is not known at the moment.
        (Value::String(_) | Value::Number(_), Value::Null) if path.starts_with(".neighbours[") => {}
        // A herd that is no region has none.
        (Value::Object(_), Value::Null) if path == ".region" => {}
        (Value::Array(shown), Value::Array(values)) => {
            for (index, (shown, value)) in shown.iter().zip(values).enumerate() {
                assert_like(&format!("{path}[{index}]"), shown, value);
            }
        }
        (Value::Null, Value::Null | Value::String(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_)) => {}
        _ => panic!("{path} is {value}, and like {shown} on the page"),
    }
}

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Waits until a server says of its only neighbour that it is in that state.
fn wait_for_state(herd: &Herd, name: &str, state: &str) -> Value {
    wait_for(&format!("{name} to say that its neighbour is {state}"), || {
        Some(herd.status(name)).filter(|status| status["neighbours"][0]["state"] == state)
    })
}

/// One line of JSON, with the fields that the protocol's page shows and no others, in its place among the replies.
#[test]
fn as_the_page_shows_it() {
    let herd = Plan::new(&binaries(), &pair()).with_config("[data]\ndir = \"data\"\n").start();
    wait_for_state(&herd, "A", "up");
    let _at = herd.report("A", "kiwi", "1");
    wait_for("A to have synced", || herd.status("A")["data"]["synced"].is_number().then_some(()));
    let replies = herd.converse("A", "IAMAT kiwi +1+1 1\nSTATUS\n\n \tSTATUS \r\nWHATSAT kiwi 0 0\n");
    let replies = String::from_utf8(replies).expect("text");
    let lines: Vec<&str> = replies.lines().collect();
    assert!(lines[0].starts_with("AT A ") && lines[3] == lines[0], "{replies}");
    let shown = shown();
    for line in &lines[1..3] {
        let status: Value = serde_json::from_str(line).expect("JSON");
        assert_like("", &shown, &status);
        for (shown, value) in [(&shown, &status), (&shown["neighbours"][0], &status["neighbours"][0])] {
            assert_eq!(fields(shown), fields(value), "in what is shown, and in what is said");
        }
        assert_eq!((&status["server"], &status["clients"]), (&"A".into(), &1.into()), "{line}");
        assert_eq!(env!("CARGO_PKG_NAME"), format!("herd-{}", status["runtime"].as_str().expect("text")));
        let neighbour = &status["neighbours"][0];
        assert_eq!((&neighbour["name"], &neighbour["why"]), (&"B".into(), &Value::Null), "{line}");
        assert_eq!(neighbour["address"], herd.address("B").to_string());
    }
}

/// The words of a request count, and so do the limits of this server.
#[test]
fn what_it_says_is_true() {
    let flags = ["--max-ahead", "3h", "--clients", "2"];
    let herd = Plan::new(&binaries(), &single()).with(&flags).start();
    let before = herd.status("A");
    assert_eq!((&before["wrong"], &before["clients"]), (&Value::Array(Vec::new()), &0.into()), "{before}");
    for client in ["kiwi", "moa"] {
        let _at = herd.report("A", client, "1");
    }
    let after = herd.status("A");
    assert_eq!((&after["clients"], &after["counters"]["iamat"]), (&2.into(), &2.into()), "{after}");
    assert_eq!((&after["limits"]["clients"], &after["limits"]["max-ahead"]), (&"2".into(), &"3h".into()), "{after}");
    assert!(after["uptime"].as_f64() >= before["uptime"].as_f64(), "{before} {after}");
    assert_eq!(herd.wrong("A"), ["2 clients are kept and further ones refused: raise clients"]);
    assert_eq!(herd.report("A", "emu", "1"), "? IAMAT emu +34.068930-118.445127 1");
    let told = wait_for("the refusal to be told", || {
        herd.log("A").into_iter().find(|entry| entry["message"] == "clients full, newcomers refused")
    });
    assert!(told["refused"] == 1 && told["level"] == "WARN", "{told}");
    assert_eq!(herd.converse("A", "STATUS now\n"), b"? STATUS now\n");
}

/// A neighbour that is down: since when and why, and so in words. When it is there, nothing is wrong.
#[test]
fn a_neighbour_that_is_down() {
    let mut herd = Plan::new(&binaries(), &pair()).without("B").start();
    let status = wait_for_state(&herd, "A", "down");
    let neighbour = &status["neighbours"][0];
    let why = neighbour["why"].as_str().expect("a reason");
    assert!(why.starts_with("Connection refused"), "{why}");
    assert!(neighbour["since"].as_f64().is_some_and(|since| since >= 0.0), "{neighbour}");
    assert!(neighbour["compared"].is_null() && neighbour["clock"].is_null(), "{neighbour}");
    let wrong = status["wrong"].as_array().expect("a list");
    let sentence = wrong[0].as_str().expect("text");
    assert!(wrong.len() == 1 && sentence.starts_with("B has been down for ") && sentence.ends_with(why), "{wrong:?}");
    herd.start("B");
    for name in ["A", "B"] {
        let status = wait_for_state(&herd, name, "up");
        assert_eq!((&status["wrong"], &status["neighbours"][0]["why"]), (&Value::Array(Vec::new()), &Value::Null));
    }
}
