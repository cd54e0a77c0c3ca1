//! How watches end, and what is refused.

use std::time::Duration;

use herd::Token;
use herd_tests::client::Client;
use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use super::{Reporter, watch};
use crate::{binaries, start};

/// Each wrong form is refused, the connection is closed, and nothing else has changed.
#[test]
fn wrong_forms() {
    let herd = start();
    let mut reporter = Reporter::of(&herd);
    let at = reporter.at("kiwi", "+1+1", 5);
    let (mut other, _) = watch(&herd, "A", "WATCH kiwi");
    let of_both = ["", "+1+1 -1", "+1+1 20016.01", "+1+1 1e1", "+91+1 5", "+1 +1 5", "+1+1 5 a*b", "+1+1 5 * *"];
    let of_watch = ["*a", "a**", "kiwi emu", "kiwi 5 *", "+1+1 5 * DWELL 5"];
    let of_fence = [
        "kiwi",
        "*",
        "+1+1",
        "+1+1 5 DWELL 0",
        "+1+1 5 DWELL 86401",
        "+1+1 5 DWELL 1.5",
        "+1+1 5 DWELL -1",
        "+1+1 5 * DWELL",
        "+1+1 5 DWELL 5 *",
        "+1+1 5 * DWELL 5 5",
    ];
    let requests = (of_both.iter().chain(&of_watch).map(|target| format!("WATCH {target}")))
        .chain(of_both.iter().chain(&of_fence).map(|target| format!("FENCE {target}")))
        .chain(["UNWATCH", "UNWATCH ", "watch kiwi", "Fence +1+1 5"].map(str::to_owned));
    for request in requests {
        let refused = herd.converse("A", format!("{request}\nIAMAT kiwi +2+2 6\n"));
        assert_eq!(String::from_utf8_lossy(&refused), format!("? {request}\n"));
    }
    let (_, told) = watch(&herd, "A", "WATCH kiwi");
    assert_eq!(told, [format!("SEEN {at} kiwi")], "it has not moved");
    let at = reporter.at("kiwi", "+1+1", 7);
    assert_eq!(other.line(), format!("SEEN {at} kiwi"));
}

/// Some are told of an existing watch what is wrong, and lose the connection with all of their watches.
#[test]
fn too_many_and_twice() {
    let herd = Plan::new(&binaries(), &single()).with(&["--watches", "2"]).start();
    let (mut client, _) = watch(&herd, "A", "WATCH +1+1 5");
    client.send("FENCE +2+2 5\nWATCH +1+1 5\nFENCE +2+2 5\n");
    for target in ["+2+2 5", "+1+1 5", "+2+2 5"] {
        assert_eq!(client.line(), format!("WATCHING {target}"), "the same again is no further one");
    }
    client.send("UNWATCH +1+1 5\nWATCH emu\nWATCH kiwi\n");
    assert_eq!(client.rest(), b"UNWATCHED +1+1 5\nWATCHING emu\n? WATCH kiwi\n");
    for (first, second) in [("WATCH +1+1 5", "FENCE +1+1 5"), ("FENCE +1+1 5", "WATCH +1+1 5")] {
        let (mut client, _) = watch(&herd, "A", first);
        assert_eq!(client.ask(second), format!("? {second}"));
        assert_eq!(client.rest(), b"");
    }
    wait_for("their connections to be closed", || (herd.status("A")["connections"] == 1).then_some(()));
}

/// Whoever has gone watches nothing.
#[test]
fn whoever_has_gone() {
    let herd = start();
    let watchers = [watch(&herd, "A", "WATCH *"), watch(&herd, "A", "FENCE +1+1 5")];
    let counts = |herd: &Herd| {
        let status = herd.status("A");
        [&status["watchers"], &status["watches"]].map(|count| count.as_u64().expect("a number"))
    };
    assert_eq!(counts(&herd), [2, 2]);
    drop(watchers);
    wait_for("them to be missed", || (counts(&herd) == [0, 0]).then_some(()));
}

/// With --one-shot nobody can watch.
#[test]
fn one_shot() {
    let herd = Plan::new(&binaries(), &single()).with(&["--one-shot"]).start();
    for request in ["WATCH *", "FENCE +1+1 5"] {
        assert_eq!(herd.converse("A", format!("{request}\n")), format!("? {request}\n").into_bytes());
    }
    assert_eq!(herd.converse("A", "NEAR +1+1 5 5\n"), b"\n");
}

/// Whoever says that no more requests come is sent what is there, and the connection is closed.
#[test]
fn no_more_requests() {
    let herd = start();
    let at = Reporter::of(&herd).at("kiwi", "+1+1", 5);
    assert_eq!(herd.converse("A", "WATCH kiwi"), format!("SEEN {at} kiwi\nWATCHING kiwi\n").into_bytes());
}

/// A connection that watches is never at rest, until it watches no more.
#[test]
fn it_never_rests() {
    let herd = Plan::new(&binaries(), &single()).with(&["--idle-timeout", "1s"]).start();
    let (mut client, _) = watch(&herd, "A", "WATCH kiwi");
    // Others that rest are closed meanwhile, one after the other.
    for _ in 0..3 {
        assert_eq!(herd.client("A").rest(), b"");
    }
    let at = Reporter::of(&herd).at("kiwi", "+1+1", 5);
    assert_eq!(client.line(), format!("SEEN {at} kiwi"));
    assert_eq!(client.ask("UNWATCH kiwi"), "UNWATCHED kiwi");
    assert_eq!(client.rest(), b"", "it rests now");
}

/// A server that stops closes them like all others, and is not kept by them.
#[test]
fn a_stop() {
    let mut herd = start();
    let (mut client, _) = watch(&herd, "A", "WATCH *");
    herd.process("A").signal(Signal::TERM);
    assert_eq!(client.rest(), b"");
    assert!(herd.process("A").end().success());
}

/// Whose report was heard too long ago is told to have expired.
#[test]
fn what_expires() {
    let herd = Plan::new(&binaries(), &single()).with(&["--keep-for", "1s"]).start();
    let (mut client, _) = watch(&herd, "A", "WATCH kiwi");
    let (mut fence, _) = watch(&herd, "A", "FENCE +1+1 5");
    let at = Reporter::of(&herd).at("kiwi", "+1+1", 5);
    assert_eq!((client.line(), fence.line()), (format!("SEEN {at} kiwi"), format!("ENTER {at} +1+1 5")));
    for client in [&client, &fence] {
        // It is hidden at once, and told when it is deleted, which may be a minute later.
        client.stream().set_read_timeout(Some(Duration::from_mins(3))).expect("a socket");
    }
    assert_eq!((client.line(), fence.line()), (format!("EXPIRED {at} kiwi"), format!("LEAVE {at} +1+1 5")));
}

/// A token that is not a secret.
fn token(number: u8) -> Token {
    Token::new(&[number; 32])
}

/// One token with these rights, and nothing for anybody else but to report.
fn rights(may: &str) -> String {
    let hash = token(1).hash();
    format!(
        "[access]\nanonymous = [\"report:*\"]\n[[access.token]]\nname = \"watcher\"\nsha256 = \"{hash}\"\nmay = [{may}]\n"
    )
}

fn start_with(may: &str) -> Herd {
    Plan::new(&binaries(), &single()).with_config(&rights(may)).start()
}

/// A connection with that token's rights that watches that; what it is told at first.
fn known(herd: &Herd, target: &str) -> (Client, Vec<String>) {
    let mut client = herd.client("A");
    assert_eq!(client.ask(format!("AUTH {}", token(1).as_str())), "OK");
    client.send(format!("WATCH {target}\n"));
    let told = client.until(&format!("WATCHING {target}"));
    (client, told)
}

/// It is told what target and right both match, and refused where that can be nobody.
#[test]
fn rights_to_watch() {
    let herd = start_with("\"watch:truck-*\"");
    let mut reporter = Reporter::of(&herd);
    let (seven, _car) = (reporter.at("truck-7", "+1+1", 5), reporter.at("car", "+1+1", 5));
    for target in ["*", "truck-7", "t*", "truck-7*", "+1+1 5", "+1+1 5 truck*"] {
        let (mut client, told) = known(&herd, target);
        assert_eq!(told, [format!("SEEN {seven} {target}")]);
        for target in ["car", "car*", "truck", "u*", "+1+1 5 car"] {
            let (mut other, _) = known(&herd, "*");
            assert_eq!(other.ask(format!("WATCH {target}")), format!("? WATCH {target}"));
            assert_eq!(other.rest(), b"");
        }
        assert_eq!(client.ask(format!("UNWATCH {target}")), format!("UNWATCHED {target}"));
    }
    let (mut client, _) = known(&herd, "*");
    reporter.at("car", "+2+2", 6);
    let seven = reporter.at("truck-7", "+2+2", 6);
    assert_eq!(client.line(), format!("SEEN {seven} *"), "and nothing of the car");
    for request in ["WATCH *", "FENCE +1+1 5"] {
        assert_eq!(herd.converse("A", format!("{request}\n")), format!("? {request}\n").into_bytes());
    }
}

/// Other rights end the watches that there are, each with a line.
#[test]
fn auth_ends_them() {
    let herd = start_with("\"watch:*\"");
    let (mut client, _) = known(&herd, "kiwi");
    client.send(format!("FENCE +1+1 5\nAUTH {}\nWATCH emu\n", token(1).as_str()));
    assert_eq!(client.line(), "WATCHING +1+1 5");
    let mut ended = [client.line(), client.line()];
    ended.sort();
    assert_eq!(ended, ["UNWATCHED +1+1 5", "UNWATCHED kiwi"]);
    assert_eq!([client.line(), client.line()], ["OK", "WATCHING emu"]);
    let mut reporter = Reporter::of(&herd);
    reporter.at("kiwi", "+1+1", 5);
    let emu = reporter.at("emu", "+1+1", 5);
    assert_eq!(client.line(), format!("SEEN {emu} emu"));
}

/// A reload that takes the right away closes connections that watched by it, and no others.
#[test]
fn a_reload_ends_them() {
    let herd = start_with("\"watch:truck-*\", \"status\"");
    let (mut client, _) = known(&herd, "*");
    herd.configure(&rights("\"watch:*\", \"status\""));
    herd.reload("A");
    let mut reporter = Reporter::of(&herd);
    let seven = reporter.at("truck-7", "+1+1", 5);
    // There may be more to see with other rights, so all of it comes anew.
    assert_eq!(client.until(&format!("SEEN {seven} *"))[0], "AGAIN *");
    herd.configure(&rights("\"status\""));
    herd.reload("A");
    reporter.at("truck-7", "+1+1", 6);
    assert_eq!(client.rest(), b"", "closed, without a line of what came since");
}

/// TCP asks whether somebody is still there who watches, and nobody else is asked for.
#[cfg(target_os = "linux")]
#[test]
fn tcp_looks_after_them() {
    /// What the system says of the timer of the server's end: `02` where it is to ask.
    fn timer(herd: &Herd, client: &Client) -> String {
        let ports = [herd.address("A").port(), client.stream().local_addr().expect("a socket").port()];
        let ends = ports.map(|port| format!("0100007F:{port:04X}")).join(" ");
        let table = std::fs::read_to_string("/proc/net/tcp").expect("a system that tells");
        let line = table.lines().find(|line| line.contains(&ends)).expect("the connection");
        let timer = line.split_whitespace().nth(5).expect("a timer");
        timer.split(':').next().expect("its kind").to_owned()
    }

    let herd = start();
    let mut other = herd.client("A");
    assert!(other.ask("IAMAT kiwi +1+1 5").starts_with("AT A "));
    let (client, _) = watch(&herd, "A", "WATCH kiwi");
    // Until the last bytes are acknowledged the timer is for those.
    wait_for("TCP to ask", || (timer(&herd, &client) == "02").then_some(()));
    wait_for("TCP to have nothing to do", || (timer(&herd, &other) == "00").then_some(()));
}
