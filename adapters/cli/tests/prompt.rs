//! The prompt, on a terminal of its own.

// Elsewhere there is but one loopback address, and a port that was given up may be taken.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{ChildStdout, Stdio};

use herd_tests::process::{Process, command};
use herd_tests::terminal::terminal;

const REQUEST: &str = "IAMAT kiwi +1+1 1";

/// A prompt, and what it said.
struct Prompt {
    process: Process,
    keyboard: File,
    said: Lines<BufReader<ChildStdout>>,
}

impl Prompt {
    fn start(to: &str, home: &std::path::Path) -> Self {
        let (keyboard, input) = terminal();
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        command.args(["send", "--to", to]).stdin(input).stdout(Stdio::piped());
        // A dumb terminal is sent text only.
        command.env("TERM", "dumb").env("XDG_STATE_HOME", home);
        let mut child = command.spawn().expect("the client starts");
        let said = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { process: Process::of(child), keyboard, said }
    }

    fn enter(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("it is open");
    }

    /// The next line that it says; prompts end no line.
    fn said(&mut self) -> String {
        self.said.next().expect("it goes on").expect("text")
    }
}

/// Takes one request.
fn hear(stream: &TcpStream) {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a request");
    assert_eq!(line.trim_end(), REQUEST);
}

fn answer(mut stream: &TcpStream) {
    hear(stream);
    stream.write_all(b"AT Alford +0.1 kiwi +1+1 1\n").expect("it listens");
}

#[test]
fn what_is_remembered_holds_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let home = tempfile::tempdir().expect("a folder");
    let mut prompt = Prompt::start(&listener.local_addr().expect("bound").to_string(), home.path());
    let (stream, _) = listener.accept().expect("a connection");
    let (mut lines, mut answers) = (BufReader::new(&stream).lines(), &stream);
    assert!(prompt.said().starts_with("Connected to "));
    for (request, reply) in
        [("AUTH 6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E", "OK"), (REQUEST, "AT Alford +0.1 kiwi +1+1 1")]
    {
        prompt.enter(request);
        assert_eq!(lines.next().expect("a request").expect("text"), request);
        answers.write_all(format!("{reply}\n").as_bytes()).expect("it listens");
        assert!(prompt.said().ends_with(reply));
    }
    prompt.enter("quit");
    assert!(prompt.process.end().success());
    let remembered = std::fs::read_to_string(home.path().join("herd/history")).expect("a history");
    assert!(
        remembered.contains(REQUEST) && !remembered.contains("AUTH") && !remembered.contains("6bB1u0"),
        "{remembered}"
    );
}

#[test]
fn the_prompt_outlives_its_server() {
    // Nobody else binds to this address, so that the port stays free while the server is away.
    let listener = TcpListener::bind("127.83.7.11:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    let home = tempfile::tempdir().expect("a folder");
    let mut prompt = Prompt::start(&to, home.path());
    let (stream, _) = listener.accept().expect("a connection");
    assert!(prompt.said().starts_with("Connected to "));
    prompt.enter(REQUEST);
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));

    // It closed the connection, as after a rest: nothing is lost.
    drop(stream);
    prompt.enter(REQUEST);
    let (stream, _) = listener.accept().expect("another connection");
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));

    drop((stream, listener));
    for _ in 0..2 {
        prompt.enter(REQUEST);
        let line = prompt.said();
        assert!(line.contains(&format!("cannot reach {to}: ")), "{line}");
    }

    let listener = TcpListener::bind(&to).expect("the port is still free");
    prompt.enter(REQUEST);
    let (stream, _) = listener.accept().expect("a connection");
    hear(&stream);
    drop(stream);
    let line = prompt.said();
    assert!(line.contains("closed the connection without an answer"), "{line}");

    prompt.enter(REQUEST);
    let (stream, _) = listener.accept().expect("a connection");
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));
    prompt.enter("quit");
    assert!(prompt.process.end().success());
}

#[test]
fn lines_of_watches_are_shown_as_they_come() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let home = tempfile::tempdir().expect("a folder");
    let mut prompt = Prompt::start(&listener.local_addr().expect("bound").to_string(), home.path());
    let (stream, _) = listener.accept().expect("a connection");
    let (mut requests, mut answers) = (BufReader::new(&stream).lines(), &stream);
    let mut say = |lines: &str| answers.write_all(lines.as_bytes()).expect("it listens");
    let mut request = || requests.next().expect("a request").expect("text");
    assert!(prompt.said().starts_with("Connected to "));

    prompt.enter("WATCH  truck-*");
    assert_eq!(request(), "WATCH  truck-*");
    say("SEEN A +0 truck-\x1b7 +1+1 5 truck-*\nWATCHING truck-*\n");
    assert!(prompt.said().ends_with(r"SEEN A +0 truck-\x1b7 +1+1 5 truck-*"));
    assert!(prompt.said().ends_with("WATCHING truck-*"));
    // Nobody has asked, and the prompt stands.
    say("SEEN A +0 truck-8 +1+1 5 truck-*\n");
    assert!(prompt.said().ends_with("SEEN A +0 truck-8 +1+1 5 truck-*"));

    prompt.enter("NEAR truck-7 10 5");
    assert_eq!(request(), "NEAR truck-7 10 5");
    say("LEFT A +0 truck-8 +1+1 5 truck-*\nAT A +0 truck-9 +1+1 5\nAT A +0 truck-6 +1+1 5\n\n");
    // What comes by the way may be shown behind the answer.
    let mut said: Vec<String> = (0..4).map(|_| prompt.said()).collect();
    said.retain(|line| !line.ends_with("LEFT A +0 truck-8 +1+1 5 truck-*"));
    assert!(said[0].ends_with("AT A +0 truck-9 +1+1 5") && said[1] == "AT A +0 truck-6 +1+1 5" && said[2].is_empty());

    drop(stream);
    assert!(prompt.said().ends_with("The connection is closed, and its watches are over."));
    prompt.enter(REQUEST);
    let (stream, _) = listener.accept().expect("another connection");
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));
    prompt.enter("quit");
    assert!(prompt.process.end().success());
}
