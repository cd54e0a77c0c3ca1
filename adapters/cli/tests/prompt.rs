//! The prompt, on a terminal of its own.

// Elsewhere there is but one loopback address, and a port that was given up may be taken.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{ChildStdout, Stdio};

use herd_tests::fake::{FakeConnection, FakeServer};
use herd_tests::process::{Process, Signal, command};
use herd_tests::terminal::terminal;
use tempfile::TempDir;

const REQUEST: &str = "IAMAT kiwi +1+1 1";
const REPLY: &str = "AT Alford +0.1 kiwi +1+1 1";

/// A prompt, and what it said.
struct Prompt {
    process: Process,
    keyboard: File,
    said: Lines<BufReader<ChildStdout>>,
    home: TempDir,
}

impl Prompt {
    /// One that talks with a server.
    fn start() -> (FakeServer, FakeConnection, Self) {
        let server = FakeServer::start();
        let (connection, prompt) = Self::connect(&server, &["--to", &server.to]);
        (server, connection, prompt)
    }

    /// One with these options, which connects to this server first.
    fn connect(server: &FakeServer, arguments: &[&str]) -> (FakeConnection, Self) {
        let (keyboard, input) = terminal();
        let home = tempfile::tempdir().expect("a folder");
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        command.arg("send").args(arguments).stdin(input).stdout(Stdio::piped());
        // A dumb terminal is sent text only.
        command.env("TERM", "dumb").env("XDG_STATE_HOME", home.path());
        let mut child = command.spawn().expect("the client starts");
        let said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut prompt = Self { process: Process::of(child), keyboard, said, home };
        let connection = server.accept();
        assert!(prompt.said().starts_with("Connected to "));
        (connection, prompt)
    }

    /// Has a request answered on this connection.
    fn is_answered(&mut self, connection: &mut FakeConnection) {
        connection.hears(&[REQUEST]);
        connection.says(&format!("{REPLY}\n"));
        assert!(self.said().ends_with(REPLY));
    }

    fn quit(mut self) {
        self.enter("quit");
        assert!(self.process.end().success());
    }

    fn enter(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("it is open");
    }

    /// The next line that it says; prompts end no line.
    fn said(&mut self) -> String {
        self.said.next().expect("it goes on").expect("text")
    }
}

#[test]
fn what_is_remembered_holds_no_token() {
    let (_server, mut connection, mut prompt) = Prompt::start();
    for (request, reply) in [("AUTH 6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E", "OK"), (REQUEST, REPLY)] {
        prompt.enter(request);
        connection.hears(&[request]);
        connection.says(&format!("{reply}\n"));
        assert!(prompt.said().ends_with(reply));
    }
    prompt.enter("quit");
    assert!(prompt.process.end().success());
    let remembered = std::fs::read_to_string(prompt.home.path().join("herd/history")).expect("a history");
    assert!(
        remembered.contains(REQUEST) && !remembered.contains("AUTH") && !remembered.contains("6bB1u0"),
        "{remembered}"
    );
}

#[test]
fn the_prompt_outlives_its_server() {
    // Nobody else binds to this address, so that the port stays free while the server is away.
    let server = FakeServer::start_at("127.83.7.11:0");
    let to = server.to.clone();
    let (mut connection, mut prompt) = Prompt::connect(&server, &["--to", &to]);
    prompt.enter(REQUEST);
    prompt.is_answered(&mut connection);

    // It closed the connection, as after a rest: nothing is lost.
    drop(connection);
    prompt.enter(REQUEST);
    let mut connection = server.accept();
    prompt.is_answered(&mut connection);

    drop((connection, server));
    for _ in 0..2 {
        prompt.enter(REQUEST);
        let line = prompt.said();
        assert!(line.contains(&format!("cannot reach {to}: ")), "{line}");
    }

    let server = FakeServer::start_at(&to);
    prompt.enter(REQUEST);
    drop(server.answer(REQUEST, ""));
    let line = prompt.said();
    assert!(line.contains("closed the connection without an answer"), "{line}");

    prompt.enter(REQUEST);
    prompt.is_answered(&mut server.accept());
    prompt.quit();
}

#[test]
fn lines_of_watches_are_shown_as_they_come() {
    let (server, mut connection, mut prompt) = Prompt::start();
    prompt.enter("WATCH  truck-*");
    connection.hears(&["WATCH  truck-*"]);
    connection.says("SEEN A +0 truck-\x1b7 +1+1 5 truck-*\nWATCHING truck-*\n");
    assert!(prompt.said().ends_with(r"SEEN A +0 truck-\x1b7 +1+1 5 truck-*"));
    assert!(prompt.said().ends_with("WATCHING truck-*"));
    // Nobody has asked, and the prompt stands.
    connection.says("SEEN A +0 truck-8 +1+1 5 truck-*\n");
    assert!(prompt.said().ends_with("SEEN A +0 truck-8 +1+1 5 truck-*"));

    prompt.enter("NEAR truck-7 10 5");
    connection.hears(&["NEAR truck-7 10 5"]);
    connection.says("LEFT A +0 truck-8 +1+1 5 truck-*\nAT A +0 truck-9 +1+1 5\nAT A +0 truck-6 +1+1 5\n\n");
    // What comes by the way may be shown behind the answer.
    let mut said: Vec<String> = (0..4).map(|_| prompt.said()).collect();
    said.retain(|line| !line.ends_with("LEFT A +0 truck-8 +1+1 5 truck-*"));
    assert!(said[0].ends_with("AT A +0 truck-9 +1+1 5") && said[1] == "AT A +0 truck-6 +1+1 5" && said[2].is_empty());

    drop(connection);
    assert!(prompt.said().ends_with("The connection is closed, and its watches are over."));
    prompt.enter(REQUEST);
    prompt.is_answered(&mut server.accept());
    prompt.quit();
}

#[test]
fn ctrl_c_leaves_a_request_and_not_the_prompt() {
    let (server, mut silent, mut prompt) = Prompt::start();
    prompt.enter(REQUEST);
    silent.hears(&[REQUEST]);
    prompt.process.signal(Signal::INT);
    assert!(prompt.said().ends_with("Gave up waiting; the connection is closed."));
    prompt.enter(REQUEST);
    prompt.is_answered(&mut server.accept());
    prompt.quit();
}

#[test]
fn what_is_typed_for_people_is_sent_as_the_protocol_has_it() {
    let (_server, mut connection, mut prompt) = Prompt::start();
    prompt.enter("iamat kiwi +1+1 now");
    let request_of_now = connection.request();
    let time = request_of_now.strip_prefix("IAMAT kiwi +1+1 ").expect("a report");
    assert!(herd::Timestamp::parse(time.as_bytes()).is_some_and(|time| time.as_nanos() > 1_700_000_000_000_000_000));
    connection.says("AT A +0.1 kiwi\x1b +1+1 1\n");
    assert!(prompt.said().ends_with(r"AT A +0.1 kiwi\x1b +1+1 1"));

    prompt.enter("whatsat kiwi 10 5");
    connection.hears(&["WHATSAT kiwi 10 5"]);
    let place = r#"{"name": "Westwood", "geometry": {"location": {"lat": 1.1, "lng": 1}}}"#;
    connection.says(&format!("AT A +0.1 kiwi +1+1 1\n{{\"results\": [{place}],\n\"status\": \"OK\"}}\n\n"));
    assert!(prompt.said().ends_with("AT A +0.1 kiwi +1+1 1"));
    let table = [prompt.said(), prompt.said()].map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(table, ["distance name latitude longitude vicinity", "11.1 km Westwood 1.10000 1.00000"]);

    prompt.enter("whatsat kiwi 51 5");
    connection.hears(&["WHATSAT kiwi 51 5"]);
    connection.says("? WHATSAT kiwi 51 5\n");
    let said = [prompt.said(), prompt.said()];
    assert!(said[0].ends_with("> ? WHATSAT kiwi 51 5") && said[1] == "  invalid radius", "no colours here: {said:?}");
    prompt.quit();
}

#[test]
fn the_next_server_is_asked_where_one_is_gone() {
    let (first, second) = (FakeServer::start(), FakeServer::start());
    let (mut connection, mut prompt) = Prompt::connect(&first, &["--to", &first.to, "--to", &second.to]);
    prompt.enter(REQUEST);
    prompt.is_answered(&mut connection);
    drop((connection, first));
    prompt.enter(REQUEST);
    prompt.is_answered(&mut second.accept());
    prompt.enter("quit");
    let line = prompt.said.next().expect("the prompt that was left").expect("text");
    assert_eq!(line, format!("{}> ", second.to), "it says who is asked");
    assert!(prompt.process.end().success());
}

/// A whole terminal, which understands what terminals do.
struct Screen {
    process: Process,
    terminal: File,
    shown: String,
    _home: TempDir,
}

impl Screen {
    /// One that talks with a server, in an environment with this variable, and shows its prompt.
    fn start((variable, value): (&str, &str)) -> (FakeServer, FakeConnection, Self) {
        let server = FakeServer::start();
        let (terminal, side) = terminal();
        let home = tempfile::tempdir().expect("a folder");
        let mut command = command(env!("CARGO_BIN_EXE_herd"));
        command.args(["send", "--to", &server.to]).env_remove("NO_COLOR").env("TERM", "xterm");
        command.env("XDG_STATE_HOME", home.path()).env(variable, value);
        let other = || side.try_clone().expect("a handle");
        command.stdin(other()).stdout(other()).stderr(other());
        let process = Process::of(command.spawn().expect("the client starts"));
        let mut screen = Self { process, terminal, shown: String::new(), _home: home };
        let connection = server.accept();
        screen.shows("Connected to ");
        screen.shows(&format!("{}> ", server.to));
        (server, connection, screen)
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

    fn quit(mut self) {
        self.types("quit\r");
        assert!(self.process.end().success());
    }
}

#[test]
fn lines_that_are_pasted_have_their_replies() {
    let (server, mut connection, mut screen) = Screen::start(("NO_COLOR", "1"));
    // As terminals mark what is pasted, and as others send it.
    let lines = |end: &str| [1, 2, 3].map(|number| format!("IAMAT kiwi-{number} +1+1 1")).join(end);
    for (pasted, times) in [(format!("\x1b[200~{}\x1b[201~\r", lines("\r")), 1..4), (lines("\r") + "\r", 1..4)] {
        screen.types(&pasted);
        for number in times {
            connection.hears(&[&format!("IAMAT kiwi-{number} +1+1 1")]);
            connection.says(&format!("AT A +0.1 kiwi-{number} +1+1 1\n"));
            screen.shows(&format!("AT A +0.1 kiwi-{number} +1+1 1\r\n"));
        }
        screen.shows(&format!("{}> ", server.to));
    }
    screen.quit();
}

#[test]
fn colours_are_for_terminals_that_have_them_and_people_who_want_them() {
    for (variable, value, is_red) in [("TERM", "xterm", true), ("TERM", "dumb", false), ("NO_COLOR", "1", false)] {
        let (_server, mut connection, mut screen) = Screen::start((variable, value));
        screen.types("foo\r");
        connection.hears(&["foo"]);
        connection.says("? foo\n");
        let (red, plain) = if is_red { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
        screen.shows(&format!("\n{red}? foo{plain}\r\n  unknown command\r\n"));
        screen.quit();
    }
}

/// Nothing but the program draws there, and what was typed is gone.
#[test]
fn ctrl_c_at_a_prompt_of_a_dumb_terminal_begins_a_new_line() {
    let (server, mut connection, mut screen) = Screen::start(("TERM", "dumb"));
    for _ in 0..2 {
        screen.process.signal(Signal::INT);
        screen.shows(&format!("\r\n{}> ", server.to));
    }
    screen.types(&format!("{REQUEST}\r"));
    connection.hears(&[REQUEST]);
    connection.says(&format!("{REPLY}\n"));
    screen.shows(&format!("{REPLY}\r\n{}> ", server.to));
    screen.quit();
}
