//! `[access]`, right and wrong: each fault with the line that it is told by.

use super::{Folder, ONE, find};
use crate::config::Description;

/// The SHA-256 of some token, and that of another one.
const ONE_HASH: &str = "0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a";
const OTHER_HASH: &str = "1f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a";

/// A file with this behind its one server, whose tables begin at line 4.
fn folder(access: &str) -> Folder {
    Folder::new().with("herd.toml", format!("{ONE}{access}\n"))
}

fn token(name: &str, sha256: &str, rest: &str) -> String {
    format!("[[access.token]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\n{rest}\n")
}

#[test]
fn rights_and_tokens() {
    let text = "[access]\nanonymous = [\"ask:*\"]\nreports-per-second = 5\n".to_owned()
        + &token("trucks", ONE_HASH, "may = [\"report:truck-*\", \"status\"]\nreports-per-second = 2")
        + &token("monitor", &OTHER_HASH.to_uppercase(), "may = [\"status\"]");
    let settings = folder(&text).find(&[], &[]).expect("settings");
    let tokens: Vec<_> = settings.herd.access().tokens().collect();
    let rates: Vec<_> =
        tokens.iter().map(|grant| (grant.name.as_str(), grant.reports_per_second.map(u32::from))).collect();
    assert_eq!(rates, [("trucks", Some(2)), ("monitor", Some(5))]);
    let shown = Description(&settings).to_string();
    assert!(settings.has_access && shown.contains("access: as [access] says, tokens: trucks, monitor\n"), "{shown}");
    assert!(folder("[access]\nanonymous = []").find(&[], &[]).expect("settings").has_access);
    assert!(!find(&[], &[]).expect("settings").has_access);
}

#[test]
fn each_fault_has_its_line() {
    let head = "[access]\nanonymous = [\"all\"]\n";
    let known = "(known: report, forget, ask, near, watch, share, status, all)";
    let hash = "the sha256 of a token is 64 hexadecimal digits; `herd token` prints it with the token";
    let pattern = "a client's ID, or the beginning of one and a `*` behind it";
    let rate = "expected a whole number from 1 to 4294967295, or no such line for no bound";
    let may = "may = [\"all\"]";
    let (one, two) = (token("a", ONE_HASH, may), token("b", ONE_HASH, may));
    for (access, what) in [
        (
            "[access]".to_owned(),
            "4:1: [access] does not say what clients without a token may do: add anonymous = [\"ask:*\"], [\"all\"], or [] for nothing".to_owned(),
        ),
        ("[access]\nanonymus = []".into(), "5:1: unknown key \"anonymus\" in [access]; did you mean anonymous? (known: anonymous, reports-per-second)".into()),
        ("[access]\nanonymous = \"all\"".into(), "5:13: anonymous: expected a list, as in [\"all\"], found \"all\"".into()),
        ("[access]\nanonymous = [\"asks:*\"]".into(), format!("5:14: unknown right `asks:*`; did you mean ask? {known}")),
        ("[access]\nanonymous = [\"everything\"]".into(), format!("5:14: unknown right `everything` {known}")),
        ("[access]\nanonymous = [\"all\", \"ask\"]".into(), "5:21: `ask` needs a pattern: `ask:*` is about all clients".into()),
        ("[access]\nanonymous = [\"near:*\"]".into(), "5:14: `near` takes no pattern".into()),
        ("[access]\nanonymous = [\"ask:a*b\"]".into(), format!("5:14: invalid pattern \"a*b\": {pattern}")),
        ("[access]\nanonymous = [\"ask:\"]".into(), format!("5:14: invalid pattern \"\": {pattern}")),
        (format!("{head}reports-per-second = 0"), format!("6:22: reports-per-second: {rate}, found \"0\"")),
        (format!("{head}reports-per-second = \"5/s\""), format!("6:22: reports-per-second: {rate}, found \"5/s\"")),
        (format!("{head}{}", token("a", ONE_HASH, &format!("{may}\nreports-per-second = -1"))), format!("10:22: reports-per-second: {rate}, found \"-1\"")),
        (format!("{head}{}", token("a", &ONE_HASH[1..], may)), format!("8:10: {hash}")),
        (format!("{head}{}", token("a", &ONE_HASH.replace('0', "g"), may)), format!("8:10: {hash}")),
        (format!("{head}{}", token("", ONE_HASH, may)), "7:8: name: expected 1 to 64 bytes without control characters, found \"\"".into()),
        (format!("{head}{}", token("a", ONE_HASH, "")), "6:1: this [[access.token]] has no may; each has name, sha256, may".into()),
        (format!("{head}{}", token("a", ONE_HASH, "may = [\"repot:*\"]")), format!("9:8: unknown right `repot:*`; did you mean report? {known}")),
        (format!("{head}{}", token("a", ONE_HASH, "mai = []")), "9:1: unknown key \"mai\" in [[access.token]]; did you mean may? (known: name, sha256, may, reports-per-second)".into()),
        (format!("{head}{one}{}", token("a", OTHER_HASH, may)), "11:8: two tokens are named a; rename this one or the one at line 7".into()),
        (format!("{head}{one}{two}"), "12:10: b and a have the same sha256 (line 8), so they are one token; make another with `herd token`".into()),
        (format!("{head}{one}{}", two.replace(ONE_HASH, &ONE_HASH.to_uppercase())), "12:10: b and a have the same sha256 (line 8), so they are one token; make another with `herd token`".into()),
    ] {
        assert_eq!(folder(&access).fault(&[], &[]), format!("herd.toml:{what}"));
    }
}
