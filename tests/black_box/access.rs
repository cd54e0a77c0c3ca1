//! What clients may do: rights, tokens, and what happens when they are taken away.

use std::fs;

use herd::Token;
use herd_tests::client::Client;
use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use serde_json::Value;

use crate::{assert_fails, binaries};

/// A token that is not a secret.
fn token(number: u8) -> Token {
    Token::new(&[number; 32])
}

/// The lines of the config file for it.
fn lines(number: u8, may: &str) -> String {
    format!("[[access.token]]\nname = \"token-{number}\"\nsha256 = \"{}\"\nmay = [{may}]\n", token(number).hash())
}

/// Anybody may ask for clients whose IDs begin with `open-`.
const ANYBODY: &str = "[access]\nanonymous = [\"ask:open-*\"]\n";

/// One token for trucks, and one for a monitor.
fn rights() -> String {
    ANYBODY.to_owned() + &lines(1, "\"report:truck-*\", \"ask:truck-*\"") + &lines(2, "\"status\"")
}

fn start() -> Herd {
    Plan::new(&binaries(), &single()).with_config(&rights()).start()
}

/// A connection with that token's rights.
fn known(herd: &Herd, number: u8) -> Client {
    let mut client = herd.client("A");
    assert_eq!(client.ask(format!("AUTH {}", token(number).as_str())), "OK");
    client
}

fn refuses(mut client: Client, request: &str) {
    assert_eq!(client.ask(request), format!("? {request}"));
    assert_eq!(client.rest(), b"", "the connection is closed");
}

/// Waits until the server has logged that it refused something for that reason.
fn wait_for_reason(herd: &Herd, reason: &str) {
    wait_for(&format!("the log to say {reason:?}"), || {
        let is_it = |entry: &Value| match entry["message"].as_str() {
            Some("request denied") => entry["level"] == "INFO" && entry["reason"] == reason,
            _ => false,
        };
        herd.log("A").iter().any(is_it).then_some(())
    });
}

/// Each connection may do what its token may, and no more; the log says what was missing.
#[test]
fn each_has_its_rights() {
    let herd = start();
    let mut truck = known(&herd, 1);
    assert!(truck.ask("IAMAT truck-7 +1+1 1").ends_with(" truck-7 +1+1 1"));
    truck.send("WHATSAT truck-7 0 0\n");
    assert!(truck.whatsat().at.ends_with(" truck-7 +1+1 1"));
    refuses(truck, "IAMAT car-7 +1+1 1");
    wait_for_reason(&herd, "no right to report this client");
    refuses(known(&herd, 1), "WHATSAT open-7 0 0");
    wait_for_reason(&herd, "no right to ask for this client");
    refuses(known(&herd, 1), "STATUS");
    wait_for_reason(&herd, "no right to ask for the status");
    assert!(known(&herd, 2).ask("STATUS").starts_with('{'));
    for request in ["IAMAT open-7 +1+1 1", "WHATSAT truck-7 0 0", "STATUS"] {
        refuses(herd.client("A"), request);
    }
}

/// A token gives the connection its rights from the next line on, in place of those that it had.
#[test]
fn a_token_takes_the_place_of_another() {
    let herd = start();
    let mut client = known(&herd, 1);
    client.send(format!("IAMAT truck-1 +1+1 1\nAUTH {}\nSTATUS\nIAMAT truck-1 +1+1 2\n", token(2).as_str()));
    assert!(client.line().starts_with("AT A "));
    assert_eq!(client.line(), "OK");
    assert!(client.line().starts_with('{'));
    assert_eq!(client.rest(), b"? IAMAT truck-1 +1+1 2\n");
}

/// A wrong token, in whatever form, gets no more than `? AUTH`, and the connection is closed.
#[test]
fn wrong_tokens() {
    let herd = start();
    let whole = token(3);
    for wrong in ["", "no-token", whole.as_str(), &whole.as_str()[1..], &format!("{0} {0}", token(1).as_str())] {
        let mut client = herd.client("A");
        client.send(format!("AUTH {wrong}\nSTATUS\n"));
        assert_eq!(client.rest(), b"? AUTH\n", "{wrong}");
    }
    wait_for_reason(&herd, "wrong token");
}

/// Without `[access]` no token is known, and everybody may do everything.
#[test]
fn without_access() {
    let herd = crate::start();
    assert!(herd.client("A").ask("STATUS").starts_with('{'));
    assert_eq!(herd.converse("A", format!("AUTH {}\n", token(1).as_str())), b"? AUTH\n");
}

/// A reload that takes a token away ends the connections that had its rights, and no others; so does one that takes
/// rights from it. What is wrong with a file changes nothing.
#[test]
fn a_token_that_is_taken_away() {
    let herd = start();
    let [mut truck, mut monitor, mut anybody] = [known(&herd, 1), known(&herd, 2), herd.client("A")];
    assert!(truck.ask("IAMAT truck-7 +1+1 1").starts_with("AT A "));
    let use_monitor = |monitor: &mut Client| assert!(monitor.ask("STATUS").starts_with('{'));
    use_monitor(&mut monitor);

    herd.configure(&(rights() + &lines(2, "\"status\"")));
    let entry = herd.reload_in_vain("A");
    assert!(entry["error"].as_str().is_some_and(|error| error.contains("two tokens are named token-2")), "{entry}");
    assert!(truck.ask("IAMAT truck-7 +1+1 2").starts_with("AT A "));

    herd.configure(&(ANYBODY.to_owned() + &lines(1, "\"ask:truck-*\"") + &lines(2, "\"status\"")));
    herd.reload("A");
    assert_eq!(truck.rest(), b"", "it is closed without a line of its own");
    use_monitor(&mut monitor);
    refuses(known(&herd, 1), "IAMAT truck-7 +1+1 3");

    herd.configure(ANYBODY);
    herd.reload("A");
    assert_eq!(monitor.rest(), b"", "its token is gone");
    assert_eq!(herd.converse("A", format!("AUTH {}\n", token(2).as_str())), b"? AUTH\n");
    anybody.send("WHATSAT open-1 0 0\n");
    assert_eq!(anybody.rest(), b"? WHATSAT open-1 0 0\n", "it was open until then");
}

/// What a token's rate has no room for is refused, on all of its connections together; others have their own.
#[test]
fn a_rate_of_reports() {
    let of = |number| lines(number, "\"all\"") + "reports-per-second = 1\n";
    let file = "[access]\nanonymous = [\"all\"]\n".to_owned() + &of(1) + &of(2);
    let herd = Plan::new(&binaries(), &single()).with_config(&file).start();
    let mut fast = known(&herd, 1);
    fast.send("IAMAT a +1+1 1\n".repeat(1_000));
    let replies = String::from_utf8(fast.rest()).expect("text");
    let taken = replies.lines().filter(|line| line.starts_with("AT A ")).count();
    // Ten seconds' worth at once, and those of the time that this took.
    assert!((10..500).contains(&taken) && replies.lines().last().is_some_and(|last| last.starts_with("? IAMAT a ")));
    wait_for_reason(&herd, "more reports than reports-per-second allows");
    assert!(known(&herd, 2).ask("IAMAT b +1+1 1").starts_with("AT A "));
    assert!(herd.client("A").ask("IAMAT c +1+1 1").starts_with("AT A "));
}

/// No token and no secret stands in a log, however much it tells, nor in the command line that others can read.
#[test]
fn nothing_secret_is_told() {
    const SECRET: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
    let file = format!("[herd]\nsecret-file = \"secrets\"\n{}", rights());
    let plan = Plan::new(&binaries(), &herd_tests::graphs::pair()).with(&["--log-filter", "trace"]).with_config(&file);
    let mut herd = plan.prepare();
    herd.write("secrets", SECRET);
    for name in ["A", "B"] {
        herd.start(name);
    }
    let mut truck = known(&herd, 1);
    let at = truck.ask("IAMAT truck-7 +1+1 1");
    wait_for("B to know it", || {
        let mut client = Client::connect(herd.address("B"));
        assert_eq!(client.ask(format!("AUTH {}", token(1).as_str())), "OK");
        (client.ask("WHATSAT truck-7 0 0") == at).then_some(())
    });
    for wrong in [token(3).as_str(), &format!("{} {SECRET}", token(1).as_str())] {
        assert_eq!(herd.converse("A", format!("AUTH {wrong}\n")), b"? AUTH\n");
        assert_eq!(herd.converse("A", format!(" \tAUTH {wrong}\n")), b"? AUTH\n");
        assert_eq!(herd.converse("A", format!("AUTH {wrong}")), b"? AUTH\n", "a line that its end ends");
        let long = format!("AUTH {wrong}{}\n", " x".repeat(5_000));
        let mut client = herd.client("A");
        client.send(long);
        assert!(client.rest_unless_reset().is_none_or(|reply| reply == b"? AUTH\n"));
    }
    herd.write("secrets", &SECRET[1..]);
    let _entry = herd.reload_in_vain("A");
    for name in ["A", "B"] {
        let log = herd.log_text(name);
        assert!(log.contains("AUTH"), "it is logged that somebody said a token");
        for secret in [SECRET, &SECRET[1..], token(1).as_str(), token(3).as_str()] {
            assert!(!log.contains(secret), "{name} tells {secret}");
            let shown = herd.process(name).command_line().unwrap_or_default();
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

/// A file of secrets that others can read: `check` says so, and the server at its start and when it reads it again.
#[test]
fn a_secret_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let plan = Plan::new(&binaries(), &single()).with_config("[herd]\nsecret-file = \"secrets\"\n");
    let mut herd = plan.prepare();
    herd.write("secrets", &"A".repeat(43));
    let secrets = herd.config.with_file_name("secrets");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o644)).expect("a file of ours");
    let remedy = format!("chmod 600 {}", secrets.display());
    let output = binaries().output(&["check", "--config", herd.config.to_str().expect("a path of text")]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains(&remedy), "{output:?}");
    let warnings = |herd: &Herd| {
        let is_warning = |entry: &Value| {
            let told = entry["remedy"].as_str().is_some_and(|told| told.ends_with(&remedy));
            told && entry["level"] == "WARN" && entry["message"] == "secret file open to others"
        };
        herd.log("A").into_iter().filter(is_warning).count()
    };
    herd.start("A");
    wait_for("the server to tell", || (warnings(&herd) == 1).then_some(()));
    herd.reload("A");
    wait_for("the server to tell again", || (warnings(&herd) == 2).then_some(()));
    herd.write("secrets", &"A".repeat(43));
    herd.reload("A");
    assert_eq!(warnings(&herd), 2);
}

/// Errors at the start name the line, and what is secret is not shown.
#[test]
fn wrong_files() {
    let herd = Plan::new(&binaries(), &single()).prepare();
    let path = herd.config.to_str().expect("a path of text");
    let servers = fs::read_to_string(path).expect("a file");
    let hash = token(1).hash().to_string();
    for (tables, told) in [
        ("[access]\n".into(), "herd.toml:6:1: [access] does not say what clients without a token may do"),
        ("[access]\nanonymous = [\"asc:*\"]\n".into(), "herd.toml:7:14: unknown right `asc:*`; did you mean ask?"),
        ("[access]\nanonymous = [\"ask:a*b\"]\n".into(), "herd.toml:7:14: invalid pattern \"a*b\""),
        (rights().replace(&hash, token(1).as_str()), "herd.toml:10:10: the sha256 of a token is 64 hexadecimal digits"),
        (rights() + &lines(1, ""), "two tokens are named token-1"),
        (rights() + &lines(1, "").replace("token-1", "other"), "other and token-1 have the same sha256"),
        ("[herd]\nsecret-file = \"none\"\n".into(), "herd.toml:7:15: the secret file "),
        ("[herd]\nsecret-file = \"herd.toml\"\n".into(), "herd.toml: line 1: a secret is 43 characters of base64url"),
    ] {
        fs::write(path, format!("{servers}{tables}")).expect("a file");
        for command in [&["check"][..], &["up"], &["serve", "A"]] {
            let output = binaries().output(&[command, &["--config", path]].concat());
            assert_fails(&output, 2, &[told]);
            assert!(!String::from_utf8_lossy(&output.stderr).contains(token(1).as_str()), "{output:?}");
        }
    }
}

/// Beyond loopback a server starts only where somebody has said whom it is to believe, and `check` says the same.
#[test]
fn beyond_this_machine() {
    let herd = Plan::new(&binaries(), &herd_tests::graphs::pair()).prepare();
    let path = herd.config.to_str().expect("a path of text");
    let everywhere = ["--listen", "0.0.0.0:0"];
    let file = fs::read_to_string(path).expect("a file");
    let (neighbours, clients) =
        ("nothing proves who is a server of this herd", "nothing says what clients without a token may do");
    let open = file.replacen("listen = \"127.0.0.1:", "address = \"127.0.0.1:1\"\nlisten = \"0.0.0.0:", 1);
    for (tables, told) in [
        ("", neighbours),
        ("[access]\nanonymous = [\"all\"]\n", neighbours),
        ("[herd]\ntrust-addresses = true\n", clients),
    ] {
        fs::write(path, format!("{file}{tables}")).expect("a file");
        assert_fails(&binaries().output(&[&["serve", "A", "--config", path][..], &everywhere].concat()), 2, &[told]);
        fs::write(path, format!("{open}{tables}")).expect("a file");
        for command in ["check", "up"] {
            assert_fails(&binaries().output(&[command, "--config", path]), 2, &[told]);
        }
    }
    fs::write(path, format!("{open}[herd]\ntrust-addresses = true\n[access]\nanonymous = [\"all\"]\n"))
        .expect("a file");
    let output = binaries().output(&["check", "--config", path]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
