//! The prompt, on a terminal of its own.

// Elsewhere there is but one loopback address, and a port that was given up may be taken.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{ChildStdout, Stdio};

use herd_tests::process::{Process, Signal, command};
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
        Self::start_with(&["--to", to], home)
    }

    fn start_with(arguments: &[&str], home: &std::path::Path) -> Self {
        let (keyboard, input) = terminal();
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        command.arg("send").args(arguments).stdin(input).stdout(Stdio::piped());
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

#[test]
fn ctrl_c_leaves_a_request_and_not_the_prompt() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let home = tempfile::tempdir().expect("a folder");
    let mut prompt = Prompt::start(&listener.local_addr().expect("bound").to_string(), home.path());
    let (silent, _) = listener.accept().expect("a connection");
    assert!(prompt.said().starts_with("Connected to "));
    prompt.enter(REQUEST);
    hear(&silent);
    prompt.process.signal(Signal::INT);
    assert!(prompt.said().ends_with("Gave up waiting; the connection is closed."));
    prompt.enter(REQUEST);
    let (stream, _) = listener.accept().expect("another connection");
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));
    prompt.enter("quit");
    assert!(prompt.process.end().success());
}

#[test]
fn what_is_typed_for_people_is_sent_as_the_protocol_has_it() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let home = tempfile::tempdir().expect("a folder");
    let mut prompt = Prompt::start(&listener.local_addr().expect("bound").to_string(), home.path());
    let (stream, _) = listener.accept().expect("a connection");
    let (mut requests, mut answers) = (BufReader::new(&stream).lines(), &stream);
    let mut request = || requests.next().expect("a request").expect("text");
    assert!(prompt.said().starts_with("Connected to "));

    prompt.enter("iamat kiwi +1+1 now");
    let request_of_now = request();
    let time = request_of_now.strip_prefix("IAMAT kiwi +1+1 ").expect("a report");
    assert!(herd::Timestamp::parse(time.as_bytes()).is_some_and(|time| time.as_nanos() > 1_700_000_000_000_000_000));
    answers.write_all(b"AT A +0.1 kiwi\x1b +1+1 1\n").expect("it listens");
    assert!(prompt.said().ends_with(r"AT A +0.1 kiwi\x1b +1+1 1"));

    prompt.enter("whatsat kiwi 10 5");
    assert_eq!(request(), "WHATSAT kiwi 10 5");
    let place = r#"{"name": "Westwood", "geometry": {"location": {"lat": 1.1, "lng": 1}}}"#;
    let json = format!("AT A +0.1 kiwi +1+1 1\n{{\"results\": [{place}],\n\"status\": \"OK\"}}\n\n");
    answers.write_all(json.as_bytes()).expect("it listens");
    assert!(prompt.said().ends_with("AT A +0.1 kiwi +1+1 1"));
    let table = [prompt.said(), prompt.said()].map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(table, ["distance name latitude longitude vicinity", "11.1 km Westwood 1.10000 1.00000"]);

    prompt.enter("whatsat kiwi 51 5");
    request();
    answers.write_all(b"? WHATSAT kiwi 51 5\n").expect("it listens");
    let said = [prompt.said(), prompt.said()];
    assert!(said[0].ends_with("> ? WHATSAT kiwi 51 5") && said[1] == "  invalid radius", "no colours here: {said:?}");
    prompt.enter("quit");
    assert!(prompt.process.end().success());
}

#[test]
fn the_next_server_is_asked_where_one_is_gone() {
    let (first, second) = (TcpListener::bind("127.0.0.1:0"), TcpListener::bind("127.0.0.1:0"));
    let [first, second] = [first, second].map(|listener| listener.expect("a free port"));
    let address = |listener: &TcpListener| listener.local_addr().expect("bound").to_string();
    let (home, other) = (tempfile::tempdir().expect("a folder"), address(&second));
    let mut prompt = Prompt::start_with(&["--to", &address(&first), "--to", &other], home.path());
    let (stream, _) = first.accept().expect("a connection");
    assert!(prompt.said().starts_with("Connected to "));
    prompt.enter(REQUEST);
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));
    drop((stream, first));
    prompt.enter(REQUEST);
    let (stream, _) = second.accept().expect("a connection");
    answer(&stream);
    assert!(prompt.said().ends_with("AT Alford +0.1 kiwi +1+1 1"));
    prompt.enter("quit");
    let line = prompt.said.next().expect("the prompt that was left").expect("text");
    assert_eq!(line, format!("{other}> "), "it says who is asked");
    assert!(prompt.process.end().success());
}

/// A whole terminal, which understands what terminals do.
struct Screen {
    process: Process,
    terminal: File,
    shown: String,
}

impl Screen {
    fn start(to: &str, home: &std::path::Path, (variable, value): (&str, &str)) -> Self {
        let (terminal, side) = terminal();
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        command.args(["send", "--to", to]).env_remove("NO_COLOR").env("TERM", "xterm").env("XDG_STATE_HOME", home);
        command.env(variable, value);
        let other = || side.try_clone().expect("a handle");
        command.stdin(other()).stdout(other()).stderr(other());
        Self { process: Process::of(command.spawn().expect("the client starts")), terminal, shown: String::new() }
    }

    fn types(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).expect("it is open");
    }

    /// Waits until it has shown this, behind what was waited for before.
    fn shows(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            let len = self.terminal.read(&mut buffer).expect("it goes on");
            self.shown += &String::from_utf8_lossy(&buffer[..len]);
        }
    }
}

#[test]
fn lines_that_are_pasted_have_their_replies() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    let home = tempfile::tempdir().expect("a folder");
    let mut screen = Screen::start(&to, home.path(), ("NO_COLOR", "1"));
    let (stream, _) = listener.accept().expect("a connection");
    let (mut requests, mut answers) = (BufReader::new(&stream).lines(), &stream);
    screen.shows("Connected to ");
    screen.shows(&format!("{to}> "));
    // As terminals mark what is pasted, and as others send it.
    let lines = |end: &str| [1, 2, 3].map(|number| format!("IAMAT kiwi-{number} +1+1 1")).join(end);
    for (pasted, times) in [(format!("\x1b[200~{}\x1b[201~\r", lines("\r")), 1..4), (lines("\r") + "\r", 1..4)] {
        screen.types(&pasted);
        for number in times {
            let request = requests.next().expect("a request").expect("text");
            assert_eq!(request, format!("IAMAT kiwi-{number} +1+1 1"));
            answers.write_all(format!("AT A +0.1 kiwi-{number} +1+1 1\n").as_bytes()).expect("it listens");
            screen.shows(&format!("AT A +0.1 kiwi-{number} +1+1 1\r\n"));
        }
        screen.shows(&format!("{to}> "));
    }
    screen.types("quit\r");
    assert!(screen.process.end().success());
}

#[test]
fn colours_are_for_terminals_that_have_them_and_people_who_want_them() {
    for (variable, value, is_red) in [("TERM", "xterm", true), ("TERM", "dumb", false), ("NO_COLOR", "1", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let to = listener.local_addr().expect("bound").to_string();
        let home = tempfile::tempdir().expect("a folder");
        let mut screen = Screen::start(&to, home.path(), (variable, value));
        let (mut stream, _) = listener.accept().expect("a connection");
        screen.shows(&format!("{to}> "));
        screen.types("foo\r");
        let mut request = String::new();
        BufReader::new(&stream).read_line(&mut request).expect("a request");
        stream.write_all(b"? foo\n").expect("it listens");
        let (red, plain) = if is_red { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
        screen.shows(&format!("\n{red}? foo{plain}\r\n  unknown command\r\n"));
        screen.types("quit\r");
        assert!(screen.process.end().success());
    }
}
