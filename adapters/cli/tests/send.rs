//! `herd send`, end to end, against servers that say what they are told to.

use std::fs::File;
use std::io::{BufRead, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use herd_tests::fake::FakeServer;
use herd_tests::process::command;
use herd_tests::terminal::terminal;

fn send(arguments: &[&str]) -> Command {
    let mut send = command(env!("CARGO_BIN_EXE_herd"));
    send.arg("send").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    send
}

/// A client that was given its input.
fn sending(arguments: &[&str], input: &str) -> Child {
    let mut child = send(arguments).spawn().expect("the client starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads its input");
    child
}

fn told(child: Child) -> (i32, String, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (status.code().expect("it was not killed"), text(&stdout), text(&stderr))
}

const INPUT: &str = "IAMAT a +1+1 1\n\nIAMAT b +1 1\nIAMAT c +1+1 1\n";

#[test]
fn a_line_that_is_refused_is_told_with_its_number_and_why() {
    let server = FakeServer::start();
    let child = sending(&["--to", &server.to], INPUT);
    let mut line = server.accept();
    line.hears(&["IAMAT a +1+1 1", "IAMAT b +1 1"]);
    line.says("AT A +1 a +1+1 1\n? IAMAT b +1 1\n");
    let (code, out, err) = told(child);
    assert_eq!((code, out.as_str()), (1, "AT A +1 a +1+1 1\n? IAMAT b +1 1\n"));
    let what = "line 3 refused: IAMAT b +1 1: invalid position (stopped here; --keep-going goes on)";
    assert_eq!(err, format!("herd: error: {what}\n"));
}

#[test]
fn keep_going_goes_on_behind_what_is_refused() {
    let server = FakeServer::start();
    let child = sending(&["--to", &server.to, "--keep-going"], INPUT);
    let mut line = server.accept();
    line.hears(&["IAMAT a +1+1 1", "IAMAT b +1 1"]);
    line.says("AT A +1 a +1+1 1\n? IAMAT b +1 1\n");
    drop(line);
    let mut line = server.accept();
    line.hears(&["IAMAT c +1+1 1"]);
    line.says("AT A +1 c +1+1 1\n");
    let (code, out, err) = told(child);
    assert_eq!((code, out.as_str()), (1, "AT A +1 a +1+1 1\n? IAMAT b +1 1\nAT A +1 c +1+1 1\n"));
    assert_eq!(err, "herd: error: line 3 refused: IAMAT b +1 1: invalid position\n");
}

#[test]
fn a_token_that_is_refused_is_not_shown() {
    let server = FakeServer::start();
    let request = "AUTH 6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
    let child = sending(&["--to", &server.to], request);
    let mut line = server.accept();
    line.hears(&[request]);
    line.says("? AUTH\n");
    let (code, out, err) = told(child);
    assert_eq!((code, out.as_str()), (1, "? AUTH\n"));
    assert!(err.contains("line 1 refused: AUTH: the token is not known there") && !err.contains("6bB1"), "{err}");
}

#[test]
fn what_a_connection_leaves_unanswered_is_sent_on_the_next() {
    let server = FakeServer::start();
    let requests = ["IAMAT a +1+1 1", "IAMAT b +1+1 1"];
    let child = sending(&[&["--to", &server.to][..], &requests].concat(), "");
    let mut line = server.accept();
    line.hears(&requests);
    line.says("AT A +1 a +1+1 1\n");
    // As with one-shot.
    drop(line);
    let mut line = server.accept();
    line.hears(&requests[1..]);
    line.says("AT A +1 b +1+1 1\n");
    assert_eq!(told(child), (0, "AT A +1 a +1+1 1\nAT A +1 b +1+1 1\n".into(), String::new()));

    // Where it has answered nothing, the next server is asked.
    let other = FakeServer::start();
    let child = sending(&["--to", &server.to, "--to", &other.to, requests[0]], "");
    server.accept().hears(&requests[..1]);
    let mut line = other.accept();
    line.hears(&requests[..1]);
    line.says("AT B +1 a +1+1 1\n");
    assert_eq!(told(child), (0, "AT B +1 a +1+1 1\n".into(), String::new()));

    // All servers were tried.
    let child = sending(&["--to", &server.to, requests[0]], "");
    server.accept().hears(&requests[..1]);
    let (code, _, err) = told(child);
    let what = "it closed the connection before it had answered everything";
    assert_eq!((code, err), (1, format!("herd: error: {}: {what}\n", server.to)));
}

/// A herd of two, of which only the second is there.
fn half_a_herd(to: &str) -> (tempfile::NamedTempFile, String) {
    let nowhere = herd_tests::ports::free_address().to_string();
    let config = tempfile::NamedTempFile::new().expect("a file");
    let servers = [("Alford", &*nowhere), ("Ball", to)]
        .map(|(name, listen)| format!("[[server]]\nname = \"{name}\"\nlisten = \"{listen}\"\n"));
    std::fs::write(&config, servers.join("links = [\"Ball\"]\n")).expect("it takes a herd");
    (config, nowhere)
}

#[test]
fn the_next_server_of_the_file_is_asked() {
    let server = FakeServer::start();
    let (config, nowhere) = half_a_herd(&server.to);
    let config = config.path().to_str().expect("a path of text");
    for (arguments, request, reply) in [
        (&["send", "STATUS"][..], "STATUS", "{}\n"),
        (&["iamat", "kiwi", "1", "1", "--at", "1"], "IAMAT kiwi +1+1 1", "AT Ball +1 kiwi +1+1 1\n"),
        (&["whatsat", "kiwi"], "WHATSAT kiwi 10 5", "AT Ball +1 kiwi +1+1 1\n{\"status\": \"OK\"}\n\n"),
        (&["where", "kiwi"], "WHERE kiwi", "HOME eu Ball +1 kiwi +1+1 1\n"),
        (&["near", "1", "1"], "NEAR +1+1 10 20", "\n"),
        (&["forget", "kiwi", "--time", "1"], "FORGET kiwi 1", "GONE Ball +1 kiwi 1\n"),
    ] {
        let mut client = command(env!("CARGO_BIN_EXE_herd"));
        client.args(arguments).args(["--config", config]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = client.spawn().expect("the client starts");
        let mut line = server.accept();
        line.hears(&[request]);
        line.says(reply);
        let (code, out, err) = told(child);
        assert!(code == 0 && !out.is_empty(), "{arguments:?}: {err}");
        let lost = format!("herd: warning: Alford at {nowhere}: Connection refused");
        assert!(err.starts_with(&lost) && err.ends_with(&format!("; asked Ball at {} instead\n", server.to)), "{err}");
    }
    // One that is named is the only one.
    let (code, _, err) = told(sending(&["--config", config, "--to", "Alford", "STATUS"], ""));
    assert!(code == 1 && err.contains(&format!("cannot reach Alford at {nowhere}: ")), "{err}");
}

#[test]
fn a_herd_of_which_no_server_is_there_is_told_once() {
    let nowhere = herd_tests::ports::free_address().to_string();
    let (config, other) = half_a_herd(&nowhere);
    let (code, _, err) = told(sending(&["--config", config.path().to_str().expect("text"), "STATUS"], ""));
    assert!(code == 1 && err.lines().count() == 1, "{err}");
    let what = format!("none of 2 servers answers (Alford at {other}, Ball at {nowhere}): Connection refused");
    assert!(err.contains(&what) && err.contains("herd-tokio up"), "{err}");
}

#[test]
fn a_server_that_hangs_is_not_the_last() {
    let (server, other) = (FakeServer::start(), FakeServer::start());
    let child = sending(&["--to", &server.to, "--to", &other.to, "--timeout", "100ms", "STATUS"], "");
    let _silent = server.accept();
    let mut line = other.accept();
    line.hears(&["STATUS"]);
    line.says("{}\n");
    assert_eq!(told(child), (0, "{}\n".into(), String::new()));
}

/// Requests that are read while replies come, more than all buffers hold.
#[test]
fn there_may_be_requests_without_end() {
    const COUNT: usize = 50_000;
    let server = FakeServer::start();
    let mut child = send(&["--to", &server.to]).spawn().expect("the client starts");
    let mut input: ChildStdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || {
        for number in 0..COUNT {
            writeln!(input, "IAMAT client-{number} +34.068930-118.445127 {number}").expect("it reads");
        }
    });
    let line = server.accept();
    let answering = std::thread::spawn(move || {
        let mut answers = std::io::BufWriter::new(line.0.get_ref().try_clone().expect("a handle"));
        for request in line.0.lines().take(COUNT) {
            let request = request.expect("a request");
            let report = request.strip_prefix("IAMAT ").expect("a report");
            writeln!(answers, "AT A +1.000000000 {report}").expect("it reads");
            answers.flush().expect("it reads");
        }
    });
    let (code, out, err) = told(child);
    assert_eq!((code, out.lines().count(), err.as_str()), (0, COUNT, ""));
    let in_order = out.lines().enumerate().all(|(at, line)| line.contains(&format!(" client-{at} ")));
    assert!(in_order, "replies come in the order of the requests");
    writer.join().expect("all was read");
    answering.join().expect("all was answered");
}

#[test]
fn replies_are_json() {
    let server = FakeServer::start();
    let input = "IAMAT kiwi +1+1 1\nWHATSAT kiwi 1 1\nNEAR kiwi 1 1\nSTATUS\nFORGET kiwi 1\nfoo\n";
    let child = sending(&["--to", &server.to, "--json"], input);
    let at = "AT A +1 kiwi +1+1 1\n";
    let mut line = server.accept();
    line.hears(&input.lines().collect::<Vec<_>>());
    line.says(&format!("{at}{at}{{\"status\":\n\"OK\"}}\n\n{at}\n{{\"uptime\": 1}}\nGONE A +1 kiwi 1\n? foo\n"));
    let (code, out, err) = told(child);
    let json: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        json.iter().map(|json| json["request"].as_u64()).collect::<Vec<_>>(),
        (1..7).map(Some).collect::<Vec<_>>()
    );
    assert_eq!((&json[0]["at"]["client"], &json[1]["at"]["server"]), (&"kiwi".into(), &"A".into()));
    assert_eq!((&json[1]["places"]["status"], &json[2]["near"][0]["time"]), (&"OK".into(), &"1".into()));
    assert_eq!((&json[3]["status"]["uptime"], &json[4]["line"]), (&1.into(), &"GONE A +1 kiwi 1".into()));
    assert_eq!((&json[5]["refused"], &json[5]["why"]), (&"foo".into(), &"unknown command".into()));
    let error: serde_json::Value = serde_json::from_str(&err).expect("JSON");
    assert_eq!((code, &error["kind"]), (1, &"refused".into()));
}

#[test]
fn no_control_character_reaches_a_terminal() {
    let server = FakeServer::start();
    let (mut screen, output) = terminal();
    let mut client = send(&["--to", &server.to, "WHATSAT kiwi 1 1"]);
    let mut child = client.stdout(output).spawn().expect("the client starts");
    drop(client);
    let mut line = server.accept();
    line.hears(&["WHATSAT kiwi 1 1"]);
    line.says("AT A +1 kiwi\u{1b}]0;x\u{7} +1+1 1\n{\"name\": \"\u{9b}2JCafé\"}\n\n");
    assert!(child.wait().expect("it ends").success());
    let shown = read(&mut screen);
    assert_eq!(shown, "AT A +1 kiwi\\x1b]0;x\\x07 +1+1 1\r\n{\"name\": \"\\x9b2JCafé\"}\r\n\r\n");
}

/// All that a terminal was told whose other side is closed.
fn read(screen: &mut File) -> String {
    let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
    // The end is an error there.
    while let Ok(len @ 1..) = screen.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..len]);
    }
    String::from_utf8(shown).expect("text")
}
