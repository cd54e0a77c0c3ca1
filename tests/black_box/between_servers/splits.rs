//! What keeps servers apart until a person mends it is told on both ends: in the logs, with the remedy, and in `STATUS`.

use std::fs;

use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan, config_text};
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;

use crate::binaries;

/// Starts the servers of a herd, whose files are what `file` makes of the one that all of them should have.
fn start(graph: &Graph, file: impl Fn(&Herd, &str, &str) -> String) -> Herd {
    let mut herd = Plan::new(&binaries(), graph).with(&["--link-retry", "200ms"]).prepare();
    let same = fs::read_to_string(&herd.config).expect("a config file");
    for name in &graph.names {
        let own = file(&herd, name, &same);
        // A server reads it when it starts.
        fs::write(&herd.config, own).expect("a file");
        herd.start(name);
    }
    herd
}

/// `B`'s file is another than `A`'s.
fn start_with_file_of_b(file: impl Fn(&Herd, &str) -> String) -> Herd {
    start(&graphs::pair(), |herd, name, same| if name == "B" { file(herd, same) } else { same.into() })
}

/// Waits until a server has logged that something is wrong with another one, and says so in `STATUS`.
pub(super) fn wait_until_told(herd: &Herd, name: &str, event: &str, with: &str, remedy: &str) {
    wait_for(&format!("{name} to log {event:?}, with {with}: {remedy}"), || {
        let log = herd.log(name);
        let entry = log.iter().find(|entry| entry["message"] == event && entry["neighbour"] == with)?;
        let told = entry["remedy"].as_str().unwrap_or_default();
        assert!(entry["level"] == "WARN" && entry["server"] == name && told.contains(remedy), "{entry}");
        Some(())
    });
    wait_for(&format!("{name} to say in STATUS: {remedy}"), || {
        herd.wrong(name).iter().any(|sentence| sentence.contains(with) && sentence.contains(remedy)).then_some(())
    });
}

/// One knows a server more: they pass reports on as ever.
#[test]
fn files_that_differ() {
    let herd = start_with_file_of_b(|herd, _| {
        let graph = Graph::new(&["A", "B", "C"], &[("A", "B"), ("B", "C")]);
        config_text(&graph, &[herd.address("A"), herd.address("B"), free_address()])
    });
    for (name, other) in [("A", "B"), ("B", "A")] {
        wait_until_told(&herd, name, "files differ", other, "give both the same file");
    }
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
}

/// One is no neighbour in the other's file.
#[test]
fn a_server_that_is_unknown() {
    let herd = start_with_file_of_b(|herd, _| config_text(&Graph::new(&["B"], &[]), &[herd.address("B")]));
    wait_until_told(&herd, "A", "refused by a neighbour", "B", "link the two in both files");
    wait_until_told(&herd, "B", "greeted by a server that is no neighbour", "A", "connects from 127.0.0.1 but is no");
}

/// One is at another address than the other's file says.
#[test]
fn another_address() {
    let herd = start_with_file_of_b(|herd, same| {
        let elsewhere = format!("127.0.0.2:{}", herd.address("A").port());
        same.replace(&herd.address("A").to_string(), &elsewhere)
    });
    wait_until_told(&herd, "A", "refused by a neighbour", "B", "whose address in its file is another");
    wait_until_told(&herd, "B", "neighbour connects from another address", "A", "correct the address of A");
}

/// At the address that one has of a neighbour there is another server.
#[test]
fn another_server_at_the_address() {
    let graph = Graph::new(&["A", "B", "C"], &[("A", "B"), ("B", "C")]);
    let herd = start(&graph, |herd, name, same| {
        let [b, c] = ["B", "C"].map(|name| herd.address(name).to_string());
        if name == "A" { same.replace(&b, "-").replace(&c, &b).replace('-', &c) } else { same.into() }
    });
    wait_until_told(
        &herd,
        "A",
        "another server answers at a neighbour's address",
        "B",
        "C answers at the address of B",
    );
    wait_until_told(&herd, "C", "greeted by a server that is no neighbour", "A", "link the two in both files");
}

/// Two of one name, of which the one is believed that is at the address of that name.
#[test]
fn two_servers_of_one_name() {
    let flags = ["--link-retry", "200ms", "--repair-interval", "1s"];
    let herd = Plan::new(&binaries(), &graphs::pair()).with(&flags).start();
    let mut twins = Plan::new(&binaries(), &graphs::pair()).with(&flags).prepare();
    let addresses = [herd.address("A"), twins.address("B")];
    fs::write(&twins.config, config_text(&graphs::pair(), &addresses)).expect("a file");
    twins.start("B");
    wait_until_told(&herd, "A", "two servers of one name", "B", "stop one of them, or give it another name");
    wait_until_told(&twins, "B", "refused by a neighbour", "A", "another one of the same name runs");
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
}

/// Only one has a hash key, or the two have different ones: they pass reports on, do not compare, and blame nothing
/// else.
#[test]
fn hash_keys_that_differ() {
    let key = |herd: &Herd, letter: &str, same: &str| {
        let path = herd.config.with_file_name(format!("{letter}.key"));
        fs::write(&path, letter.repeat(43)).expect("a file");
        format!("{same}[herd]\nhash-key-file = {path:?}\n")
    };
    let only_one = start_with_file_of_b(|herd, same| key(herd, "A", same));
    let both = start(&graphs::pair(), |herd, name, same| key(herd, if name == "A" { "A" } else { "Q" }, same));
    for herd in [only_one, both] {
        for (name, other) in [("A", "B"), ("B", "A")] {
            wait_until_told(&herd, name, "hash keys differ", other, "give both the same hash-key-file");
            assert_eq!(herd.wrong(name).len(), 1, "{:?}", herd.wrong(name));
        }
        let at = herd.report("A", "kiwi", "1");
        herd.wait_until_all_know("kiwi", &at);
    }
}

/// A file of the server's own that holds this secret.
fn secret(herd: &Herd, letter: &str, same: &str) -> String {
    herd.write(&format!("{letter}.secret"), &letter.repeat(43));
    format!("{same}[herd]\nsecret-file = \"{letter}.secret\"\n")
}

/// Servers with different secrets take nothing from each other, and each end says which of the two has what.
#[test]
fn secrets_that_differ() {
    let herd = start(&graphs::pair(), |herd, name, same| secret(herd, if name == "A" { "A" } else { "Q" }, same));
    let (told, remedy) = ("neighbour has no valid secret", "while you change secrets both the old and the new");
    for (name, other) in [("A", "B"), ("B", "A")] {
        wait_until_told(&herd, name, told, other, remedy);
        let of = format!("of-{name}");
        assert!(herd.report(name, &of, "1").starts_with("AT "));
        for letter in ["A", "Q"] {
            assert!(!herd.log_text(name).contains(&letter.repeat(43)), "{name} tells the secret");
        }
    }
    for (name, other) in [("A", "B"), ("B", "A")] {
        let request = format!("WHATSAT of-{name} 0 0");
        assert_eq!(herd.client(other).ask(&request), format!("? {request}"), "nothing comes through");
    }
}

/// Only one has a secret: it says that the other proves nothing, and the other that it is refused for that.
#[test]
fn only_one_has_a_secret() {
    let herd = start_with_file_of_b(|herd, same| secret(herd, "A", same));
    wait_until_told(&herd, "B", "neighbour has no valid secret", "A", "give it the secret-file");
    wait_until_told(&herd, "A", "refused by a neighbour", "B", "give both the same secret-file");
}

/// A secret that one server takes out of its file parts it from those that have no other, at once and on both ends.
#[test]
fn a_secret_that_is_taken_away() {
    let herd = start(&graphs::pair(), |herd, _, same| secret(herd, "A", same));
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
    herd.configure("[herd]\nsecret-file = \"Q.secret\"\n");
    herd.write("Q.secret", &"Q".repeat(43));
    herd.reload("A");
    for (name, other) in [("A", "B"), ("B", "A")] {
        wait_until_told(&herd, name, "neighbour has no valid secret", other, "give both the same secret-file");
    }
    let at = herd.report("A", "moa", "1");
    assert_eq!(herd.client("B").ask("WHATSAT moa 0 0"), "? WHATSAT moa 0 0");
    herd.reload("B");
    herd.wait_until_all_know("moa", &at);
    wait_for("nothing to be wrong", || (herd.wrong("A").is_empty() && herd.wrong("B").is_empty()).then_some(()));
}

/// While a herd changes over, one that proves nothing is believed by its address, and told of.
#[test]
fn a_server_that_proves_nothing_and_is_believed() {
    let herd = start_with_file_of_b(|herd, same| secret(herd, "A", same) + "trust-addresses = true\n");
    wait_until_told(
        &herd,
        "B",
        "neighbour believed by its address alone",
        "A",
        "take trust-addresses out when all have it",
    );
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
    assert!(herd.wrong("A").is_empty(), "{:?}", herd.wrong("A"));
}
