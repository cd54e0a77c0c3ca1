//! `herd status`, end to end, against a herd of two.
//!
//! This program has no test harness, so that it can be the servers too: a test knows the path of its own package's
//! programs only.

use std::process::{ExitCode, Output};

use herd_tests::Binaries;
use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::command;
use serde_json::Value;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return herd_host::main::<herd_tokio::Tokio>("herd-tokio");
    }
    let this = std::env::current_exe().expect("a program");
    let mut herd = Plan::new(&Binaries::new(&[this]), &pair()).start();
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
    all_is_well(&herd);
    herd.kill("B");
    one_is_down(&herd);
    println!("herd status told how two servers are");
    ExitCode::SUCCESS
}

/// Runs it on that herd, until it ends with that exit code: a server takes a moment to find its neighbour, and to miss
/// it.
fn status(herd: &Herd, code: i32, arguments: &[&str]) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    wait_for(&format!("herd status {arguments:?} to end with {code}"), || {
        let output: Output = command(env!("CARGO_BIN_EXE_herd"))
            .arg("status")
            .args(arguments)
            .arg("--config")
            .arg(&herd.config)
            .output()
            .expect("the client starts");
        assert_eq!(text(&output.stderr), "", "nothing that a person did is wrong");
        (output.status.code() == Some(code)).then(|| text(&output.stdout))
    })
}

fn json(herd: &Herd, code: i32) -> Value {
    serde_json::from_str(&status(herd, code, &["--json"])).expect("JSON")
}

/// The row of a server in a table, its words by one space.
fn row(table: &str, server: &str) -> String {
    let is_of = |line: &&str| line.split(' ').next() == Some(server);
    let row = table.lines().find(is_of).unwrap_or_else(|| panic!("no row of {server}: {table}"));
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn all_is_well(herd: &Herd) {
    let table = status(herd, 0, &[]);
    assert_eq!(row(&table, "server"), "server address up since (UTC) clients conns links clock");
    for name in ["A", "B"] {
        let row = row(&table, name);
        assert!(row.starts_with(&format!("{name} {} 20", herd.address(name))), "{table}");
        let cells: Vec<&str> = row.split(' ').collect();
        assert_eq!((cells[4], cells[6]), ("1", "1/1"), "{table}");
    }
    assert!(table.ends_with("\n\nNothing is wrong.\n") && table.lines().count() == 5, "{table}");
    let told = json(herd, 0);
    assert_eq!(told["ok"], true, "{told}");
    for (server, name) in told["servers"].as_array().expect("a list").iter().zip(["A", "B"]) {
        assert_eq!((&server["name"], &server["status"]["server"]), (&name.into(), &name.into()), "{told}");
        assert_eq!(server["address"], herd.address(name).to_string(), "{told}");
        assert!(server["error"].is_null() && server["status"]["counters"]["iamat"].is_u64(), "{told}");
    }
    // One that is asked alone.
    let table = status(herd, 0, &["--to", "B"]);
    assert!(table.lines().count() == 4 && row(&table, "B").contains(" 1/1 "), "{table}");
}

fn one_is_down(herd: &Herd) {
    // The other one takes a moment to miss it.
    let table =
        wait_for("A to miss B", || Some(status(herd, 1, &[])).filter(|table| table.contains("B has been down")));
    assert!(row(&table, "A").contains(" 0/1 "), "{table}");
    assert_eq!(row(&table, "B"), format!("B {} not reached - - - -", herd.address("B")));
    let (_, wrong) = table.split_once("\n\n").expect("a table, and what is wrong");
    // Long lines are broken.
    let wrong = wrong.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(wrong.starts_with("2 things are wrong: A: B has been down for "), "{wrong}");
    let unreached = format!(" B: it cannot be reached at {}: Connection refused", herd.address("B"));
    assert!(wrong.contains(&unreached), "{wrong}");
    let told = json(herd, 1);
    let [a, b] = [&told["servers"][0], &told["servers"][1]];
    assert_eq!((&told["ok"], &a["status"]["neighbours"][0]["state"]), (&false.into(), &"down".into()), "{told}");
    assert!(b["status"].is_null() && b["error"].as_str().is_some_and(|why| !why.is_empty()), "{told}");
    // The one that is there says by itself that something is wrong.
    assert!(status(herd, 1, &["--to", "A"]).contains("One thing is wrong:\n  A: B has been down for "));
}
