//! `herd forget`, `herd export` and `herd import`, end to end, against a herd of two.
//!
//! This program has no test harness, so that it can be the servers too: a test knows the path of its own package's
//! programs only.

use std::io::Write;
use std::path::Path;
use std::process::{ExitCode, Output, Stdio};

use herd_tests::Binaries;
use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::command;
use herd_tests::terminal::terminal;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return herd_host::main::<herd_tokio::Tokio>("herd-tokio");
    }
    let this = std::env::current_exe().expect("a program");
    let herd = Plan::new(&Binaries::new(&[this]), &pair()).with_config("[data]\ndir = \"kept\"\n").start();
    out_of_a_folder_in_use(&herd);
    one_client(&herd);
    all_that_match(&herd);
    out_of_a_folder_and_into_a_herd(&herd);
    println!("clients were forgotten, exported and imported");
    ExitCode::SUCCESS
}

/// What the client says to these arguments and this input, and its exit code.
fn herd(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = command(env!("CARGO_BIN_EXE_herd"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the client starts");
    // It need not read all of it.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    told(&child.wait_with_output().expect("it ends"))
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (output.status.code().expect("it was not killed"), text(&output.stdout), text(&output.stderr))
}

/// Waits until neither server knows a client.
fn wait_until_forgotten(herd: &Herd, client: &str) {
    for name in ["A", "B"] {
        wait_for(&format!("{name} to forget {client}"), || {
            herd.client(name).ask(format!("WHATSAT {client} 0 0")).starts_with("? ").then_some(())
        });
    }
}

fn one_client(servers: &Herd) {
    let to = servers.address("A").to_string();
    let forget = |arguments: &[&str]| herd(&[&["forget", "--to", &to], arguments].concat(), "");
    let at = servers.report("A", "kiwi", "1479413884.5");
    servers.wait_until_known("B", "kiwi", &at);
    let said = "kiwi is forgotten up to 2016-11-17T20:18:04Z (1479413884.5)\n";
    assert_eq!(forget(&["kiwi"]), (0, said.into(), String::new()));
    wait_until_forgotten(servers, "kiwi");
    let (code, out, error) = forget(&["kiwi"]);
    assert!(code == 1 && out.is_empty() && error.contains("refused: kiwi; it has not heard of this client"), "{error}");
    let (code, out, _) = forget(&["stranger", "--time", "5"]);
    assert_eq!((code, out.as_str()), (0, "stranger is forgotten up to 1970-01-01T00:00:05Z (5)\n"));
    let _at = servers.report("A", "emu", "100");
    let (code, out, _) = forget(&["emu", "--time", "50"]);
    assert!(code == 1 && out.starts_with("not forgotten, it has reported since:\nemu is at "), "{out}");
    for (wrong, why) in [
        (&["--time", "soon", "emu"][..], "--time \"soon\": invalid time"),
        (&["--match", "a*b"], "invalid pattern"),
        (&["emu", "--match", "e*"], "cannot be used with"),
        (&[], "required"),
        (&["emu", "--yes"], "cannot be used with"),
        (&["emu", "--data", "data"], "--data goes with --match"),
    ] {
        let (code, _, error) = forget(wrong);
        assert!(code == 2 && error.contains(why), "{error}");
    }
}

fn all_that_match(servers: &Herd) {
    let to = servers.address("A").to_string();
    let forget = |arguments: &[&str], list: &str| herd(&[&["forget", "--to", &to], arguments].concat(), list);
    let bench: Vec<String> = (10..20).map(|number| format!("bench-{number}")).collect();
    for client in bench.iter().map(String::as_str).chain(["other", "bench"]) {
        let _at = servers.report("A", client, "7");
    }
    // IDs, records, of which one is older than what is kept, one that is gone, and one that nobody knows.
    let list = format!(
        "{}\nother\n\nAT A +0.5 bench-10 +1+1 7\nAT A +0.5 bench-11 +1+1 6\nGONE A +0.5 bench-98 8\nbench-99\n",
        bench.join("\n")
    );
    let (code, out, error) = forget(&["--match", "bench-*"], &list);
    assert!(code == 2 && out.is_empty(), "{out}");
    let shown = format!("11 clients to be forgotten by {to}: bench-10, bench-11, bench-12, bench-13, bench-14, ...\n");
    assert!(error.starts_with(&shown) && error.contains("add --yes"), "{error}");
    let (code, out, _) = forget(&["--match", "bench-*", "--yes"], &list);
    assert_eq!(
        (code, out.as_str()),
        (
            1,
            format!("9 clients forgotten\n1 client not forgotten: reported since\n1 client not known to {to}\n")
                .as_str()
        )
    );
    for client in bench.iter().filter(|client| *client != "bench-11") {
        wait_until_forgotten(servers, client);
    }
    for client in ["bench-11", "other", "bench"] {
        assert!(servers.client("A").ask(format!("WHATSAT {client} 0 0")).starts_with("AT A "), "{client}");
    }
    let (code, out, _) = forget(&["--match", "none*"], "bench-11\n");
    assert_eq!((code, out.as_str()), (0, "no client in the list matches none*\n"));
    let (code, _, error) = forget(&["--match", "b*", "--yes"], "bench-11\nbench 12\n");
    assert!(code == 1 && error.contains("line 2: invalid line, expected a record or an ID: bench 12"), "{error}");
    on_a_terminal(servers, &to);
}

/// Somebody is there to be asked, and says no, and then yes.
fn on_a_terminal(servers: &Herd, to: &str) {
    servers.write("list", "bench-11\n");
    for (answer, code) in [("n", 1), ("y", 0)] {
        let (mut keyboard, input) = terminal();
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        command.args(["forget", "--to", to, "--match", "bench-*", "--from"]).arg(servers.config.with_file_name("list"));
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the client starts");
        writeln!(keyboard, "{answer}").expect("it is open");
        let (said, _, asked) = told(&child.wait_with_output().expect("it ends"));
        assert!(said == code && asked.contains("Forget them? [y/N]"), "{said} {asked}");
    }
    wait_until_forgotten(servers, "bench-11");
}

/// A folder's lines, sorted: they come in no order.
fn export(data: &str, more: &[&str]) -> Vec<String> {
    let (code, out, error) = herd(&[&["export", "--data", data], more].concat(), "");
    assert_eq!((code, error.as_str()), (0, ""));
    let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn out_of_a_folder_and_into_a_herd(servers: &Herd) {
    let folder = servers.config.with_file_name("data");
    let data = folder.to_str().expect("a path of text");
    // Of each client the newest counts, in whatever order they come.
    let records = "AT A +0.5 tui +1+1 20\nAT  B +1 tui +2+2 19\r\nGONE A +0 weka 9\nAT A +0.25 weka +1+1 8\n";
    let import = |arguments: &[&str], records: &str| herd(&[&["import"], arguments].concat(), records);
    assert_eq!(import(&["--data", data, "--of", "A"], records), (0, "4 records imported\n".into(), String::new()));
    let newest = ["AT A +0.5 tui +1+1 20", "GONE A +0 weka 9"];
    assert_eq!(export(data, &[]), newest);
    assert_eq!(import(&["--data", data], "AT B +1 kea +3+3 5\n").1, "1 record imported\n");
    let all = export(data, &["--of", "A"]);
    assert_eq!(all, ["AT A +0.5 tui +1+1 20", "AT B +1 kea +3+3 5", "GONE A +0 weka 9"]);
    let to = servers.address("B").to_string();
    assert_eq!(import(&["--to", &to], &all.join("\n")), (0, "3 records imported\n".into(), String::new()));
    for (client, rest) in [("tui", " tui +1+1 20"), ("kea", " kea +3+3 5")] {
        wait_for(&format!("A to know {client}"), || {
            servers.client("A").ask(format!("WHATSAT {client} 0 0")).ends_with(rest).then_some(())
        });
    }
    wait_until_forgotten(servers, "weka");
    bad_input(data, &to);
    let (code, out, _) = herd(&["forget", "--to", &to, "--match", "*", "--data", data, "--yes"], "");
    assert_eq!((code, out.as_str()), (0, "2 clients forgotten\n"));
    wait_until_forgotten(servers, "tui");
    assert!(Path::new(data).join("A").is_dir());
}

/// A server's own folder can be looked at while it runs, and not written.
fn out_of_a_folder_in_use(servers: &Herd) {
    let at = servers.report("A", "kakapo", "3");
    let kept = servers.config.with_file_name("kept");
    let arguments = ["--data", kept.to_str().expect("a path of text"), "--of", "A"];
    wait_for("the report to be on the disk", || {
        let (code, out, _) = herd(&[&["export"], &arguments[..]].concat(), "");
        (code == 0 && out.lines().any(|line| line == at)).then_some(())
    });
    let (code, _, error) = herd(&[&["import"], &arguments[..]].concat(), &at);
    assert!(code == 2 && error.contains(" is in use by process "), "{error}");
}

fn bad_input(data: &str, to: &str) {
    let import = |arguments: &[&str], records: &str| herd(&[&["import"], arguments].concat(), records);
    for into in [&["--to", to][..], &["--data", data]] {
        let (code, out, error) = import(into, "AT A +0.5 tui +1+1 20\ntui\n");
        let what = "line 2: invalid record, expected AT ORIGIN SKEW CLIENT POSITION TIME, GONE ORIGIN SKEW CLIENT TIME or AWAY REGION SKEW CLIENT TIME: tui";
        assert!(code == 1 && out.is_empty() && error.contains(what), "{error}");
    }
    // A time that no server takes.
    let (code, _, error) = import(&["--to", to], "AT A +0.5 tui +1+1 20\nAT A -9 tui +1+1 99999999999\n");
    assert!(code == 1 && error.contains("; 1 record before it was imported"), "{error}");
    for (arguments, why) in [
        (&["export"][..], "--data DIR is missing"),
        (&["export", "--data", "/nowhere"], "--data /nowhere: No such file"),
        (&["export", "--data", data, "--of", "B"], "does not exist"),
        (&["export", "--data", data, "--of", "a b"], "--of \"a b\": "),
        (&["import", "/nowhere"], "/nowhere cannot be read: No such file"),
    ] {
        let (code, _, error) = herd(arguments, "");
        assert!(code == 2 && error.contains(why), "{error}");
    }
}
