//! `herd watch` and `herd fence`, end to end, against servers that say what they are told to.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{ChildStderr, ChildStdout, Stdio};

use herd_tests::fake::FakeServer;
use herd_tests::process::{Process, Signal, command};

/// A client, and what it says.
struct Client {
    process: Process,
    said: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
}

impl Client {
    fn start(arguments: &[&str]) -> Self {
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        let mut child = command
            .args(arguments)
            .env("COLUMNS", "80")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let errors = child.stderr.take().expect("piped");
        Self { process: Process::of(child), said, errors }
    }

    fn said(&mut self) -> String {
        self.said.next().expect("it goes on").expect("text")
    }

    /// The event of the next line of JSON, and of whom it is, or of which server.
    fn event(&mut self) -> (String, String) {
        let line = self.said();
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        (text("event").expect("an event"), text("client").or_else(|| text("server")).unwrap_or_default())
    }

    /// Its exit code, and what it said on standard error, once it has ended.
    fn end(mut self) -> (i32, String) {
        let code = self.process.end().code().expect("it was not killed");
        let mut errors = String::new();
        self.errors.read_to_string(&mut errors).expect("text");
        (code, errors)
    }
}

fn events(events: &[(&str, &str)]) -> Vec<(String, String)> {
    events.iter().map(|(event, of)| ((*event).to_owned(), (*of).to_owned())).collect()
}

const SEEN: &str = "SEEN A +0 truck-7 +34.1-118.4 1479413884 truck-*\n";
const WATCHING: &str = "WATCHING truck-*\n";

#[test]
fn each_change_is_told_until_ctrl_c() {
    let server = FakeServer::start();
    let mut client = Client::start(&["watch", "truck-*", "--to", &server.to]);
    let stream = server.answer("WATCH truck-*", &format!("{SEEN}{WATCHING}"));
    assert_eq!(client.said(), "2016-11-17T20:18:04Z  seen       truck-7       34.10000 -118.40000");
    let watching = client.said();
    assert!(watching.contains(&format!("Z  watching   truck-*  via {}  1 client", server.to)), "{watching}");
    stream.says("EXPIRED A +0 truck-7 +34.1-118.4 1479413884 truck-*\nFORGOTTEN A +0 truck-\x1b8 1479413885 truck-*\n");
    assert_eq!(client.said(), "2016-11-17T20:18:04Z  expired    truck-7       34.10000 -118.40000");
    assert_eq!(client.said(), r"2016-11-17T20:18:05Z  forgotten  truck-\x1b8");
    client.process.signal(Signal::INT);
    assert_eq!(client.end(), (0, String::new()));
}

#[test]
fn after_a_gap_it_goes_on_elsewhere() {
    let (first, second) = (FakeServer::start(), FakeServer::start());
    let mut client = Client::start(&["watch", "truck-*", "--json", "--to", &first.to, "--to", &second.to]);
    let stream = first.answer("WATCH truck-*", &format!("{SEEN}SEEN A +0 truck-8 +1+1 5 truck-*\n{WATCHING}"));
    let told: Vec<_> = (0..3).map(|_| client.event()).collect();
    assert_eq!(told, events(&[("seen", "truck-7"), ("seen", "truck-8"), ("watching", &first.to)]));
    drop(stream);
    let stream = second.answer("WATCH truck-*", &format!("{SEEN}SEEN B +0 truck-9 +1+1 6 truck-*\n{WATCHING}"));
    let told: Vec<_> = (0..4).map(|_| client.event()).collect();
    assert_eq!(
        told,
        events(&[("gap", &first.to), ("seen", "truck-9"), ("gone", "truck-8"), ("watching", &second.to)]),
        "truck-7 is where it was"
    );
    // The other one is tried again, and the one behind it where it cannot be had.
    drop((stream, first));
    let _stream = second.answer("WATCH truck-*", &format!("AGAIN truck-*\n{WATCHING}"));
    let told: Vec<_> = (0..5).map(|_| client.event()).collect();
    assert_eq!(
        told,
        events(&[
            ("gap", &second.to),
            ("again", &second.to),
            ("gone", "truck-7"),
            ("gone", "truck-9"),
            ("watching", &second.to)
        ])
    );
}

#[test]
fn a_fence_says_who_is_inside_still() {
    let server = FakeServer::start();
    let place =
        ["fence", "34.07", "-118.44", "--radius", "5", "--match", "truck-*", "--dwell", "30s", "--to", &server.to];
    let request = "+34.07-118.44 5 truck-* DWELL 30";
    let mut client = Client::start(&place);
    let lines = format!("ENTER A +0 truck-7 +34.1-118.4 1479413884 {request}\nWATCHING {request}\n");
    let stream = server.answer(&format!("FENCE {request}"), &lines);
    assert_eq!(client.said(), "2016-11-17T20:18:04Z  enter      truck-7       34.10000 -118.40000  4.97 km");
    assert!(client.said().ends_with(&format!("Z  watching   {request}")));
    assert_eq!(client.said(), format!("  via {}  1 client inside", server.to));
    drop(stream);
    let _stream = server.answer(&format!("FENCE {request}"), &lines);
    let gap = client.said();
    assert!(gap.ends_with(&format!("  gap        {}: it closed the connection", server.to)), "{gap}");
    assert_eq!(client.said(), "2016-11-17T20:18:04Z  inside     truck-7       34.10000 -118.40000  4.97 km");
}

#[test]
fn a_refusal_ends_it() {
    let server = FakeServer::start();
    let client = Client::start(&["watch", "--near", "34.07", "-118.44", "--radius", "5", "--to", &server.to]);
    drop(server.answer("WATCH +34.07-118.44 5", "? WATCH +34.07-118.44 5\n"));
    let (code, error) = client.end();
    let what = format!("herd: error: {} refused: WATCH +34.07-118.44 5; you may have no right", server.to);
    assert!(code == 1 && error.starts_with(&what) && error.lines().count() == 1, "{error}");
    // Not by a server among others.
    let (first, second) = (FakeServer::start(), FakeServer::start());
    let mut client = Client::start(&["watch", "kiwi", "--once", "--to", &first.to, "--to", &second.to]);
    drop(first.answer("WATCH kiwi", "? WATCH kiwi\n"));
    let _stream = second.answer("WATCH kiwi", "WATCHING kiwi\n");
    assert!(client.said().ends_with("  0 clients"));
    assert_eq!(client.end(), (0, String::new()), "--once ends it where all has been told");
}

#[test]
fn nobody_to_watch_with_ends_it() {
    let nowhere = herd_tests::ports::free_address().to_string();
    let (code, error) = Client::start(&["watch", "*", "--to", &nowhere]).end();
    assert!(code == 1 && error.starts_with(&format!("herd: error: cannot reach {nowhere}: ")), "{error}");
    let server = FakeServer::start();
    let client = Client::start(&["watch", "*", "--timeout", "100ms", "--to", &server.to]);
    let _stream = server.answer("WATCH *", "");
    assert_eq!(client.end(), (1, format!("herd: error: {}: no answer within 100ms\n", server.to)));
    let server = FakeServer::start();
    let client = Client::start(&["watch", "*", "--to", &server.to]);
    let _stream = server.answer("WATCH *", "HTTP/1.1 400 Bad Request\r\n");
    assert_eq!(client.end(), (1, format!("herd: error: {}: its answer is not what a herd says\n", server.to)));
}

#[test]
fn it_lasts_as_long_as_it_is_to() {
    let server = FakeServer::start();
    let mut client = Client::start(&["watch", "*", "--for", "1s", "--json", "--to", &server.to]);
    let stream = server.answer("WATCH *", "WATCHING *\n");
    assert_eq!(client.event(), ("watching".into(), server.to.clone()));
    drop((stream, server));
    assert_eq!(client.event().0, "gap");
    assert_eq!(client.end(), (0, String::new()));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let server = FakeServer::start();
    let mut client = Client::start(&["watch", "truck-*", "--to", &server.to]);
    let stream = server.answer("WATCH truck-*", WATCHING);
    client.said();
    let Client { mut process, said, mut errors } = client;
    drop(said);
    // A child that another test is just starting may hold the pipe for a moment, and the first lines get through.
    let mut times = 1..;
    let mut tell = || {
        let time = times.next().expect("there is no last");
        stream.0.get_ref().write_all(format!("SEEN A +0 truck-7 +34.1-118.4 {time} truck-*\n").as_bytes())
    };
    while tell().is_ok() {}
    assert!(process.end().success());
    let mut error = String::new();
    errors.read_to_string(&mut error).expect("text");
    assert_eq!(error, "");
}

#[test]
fn wrong_use_is_one_line_and_two() {
    for (arguments, what) in [
        (&["watch"][..], "required arguments were not provided"),
        (&["watch", "a*b"], "invalid pattern"),
        (&["watch", "two words"], "invalid pattern"),
        (&["watch", "kiwi", "--radius", "5"], "cannot be used with"),
        (&["watch", "--near", "34", "-118"], "required arguments were not provided: --radius"),
        (&["watch", "--near", "91", "-118", "--radius", "5"], "91, -118 is not on the globe"),
        (&["watch", "--near", "34", "-118", "--radius=-5"], "not a distance"),
        (&["watch", "--near", "34", "-118", "--radius", "20017"], "not a distance from 0 to 20016 km"),
        (&["watch", "kiwi", "--near", "34", "-118", "--radius", "5"], "cannot be used with"),
        (&["fence", "34", "-118"], "required arguments were not provided: --radius"),
        (&["fence", "34", "-118", "--radius", "5", "--dwell", "1s 500ms"], "--dwell must be whole seconds"),
        (&["fence", "34", "-118", "--radius", "5", "--dwell", "25h"], "not a time from 1s to 1day"),
        (&["watch", "kiwi", "--to", "Nobody"], "\"Nobody\" is neither a server of this herd nor ADDR:PORT"),
    ] {
        let (code, error) = Client::start(arguments).end();
        assert!(code == 2 && error.lines().count() == 1 && error.contains(what), "{arguments:?}: {error}");
    }
}
