//! `herd top`, end to end, against a herd of two: as text, and on a terminal that it gives back as it was.
//!
//! This program has no test harness, so that it can be the servers too: a test knows the path of its own package's
//! programs only.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::{Arc, Mutex};

use herd_tests::Binaries;
use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::{Process, Signal, command};
use herd_tests::terminal::terminal;
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return herd_host::main::<herd_tokio::Tokio>("herd-tokio");
    }
    let this = std::env::current_exe().expect("a program");
    let mut herd = Plan::new(&Binaries::new(&[this]), &pair()).start();
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
    it_is_printed_where_there_is_no_terminal(&herd);
    a_key_ends_it(&herd);
    a_signal_ends_it(&herd);
    a_terminal_that_goes_ends_it(&herd);
    a_server_that_is_killed_shows_as_down(&mut herd);
    println!("herd top showed how two servers are");
    ExitCode::SUCCESS
}

fn top(herd: &Herd) -> Command {
    let mut top = command(env!("CARGO_BIN_EXE_herd"));
    top.args(["top", "--interval", "100ms", "--config"]).arg(&herd.config);
    top
}

/// What it prints, its words by one space, once it ends with that exit code.
fn printed(herd: &Herd, code: i32, arguments: &[&str]) -> Vec<String> {
    wait_for(&format!("herd top {arguments:?} to end with {code}"), || {
        let output = top(herd).args(arguments).env("COLUMNS", "100").output().expect("the client starts");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.stderr.is_empty() && !text.contains('\x1b'), "{text}");
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        (output.status.code() == Some(code)).then(|| lines.collect())
    })
}

fn it_is_printed_where_there_is_no_terminal(herd: &Herd) {
    let lines = printed(herd, 0, &[]);
    assert_eq!(lines[0], "2 servers nothing is wrong");
    assert!(lines[1].starts_with("1 client 0 reports/s "), "{lines:?}");
    for (line, name) in lines[4..].iter().zip(["A", "B"]) {
        assert!(line.starts_with(&format!("{name} ok 0 0 0 1 1/1 ")), "{lines:?}");
    }
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(printed(herd, 0, &["--once", "--to", "B"])[0], "1 server nothing is wrong");
}

/// Whoever sat before it has gone, and no signal says so.
fn a_terminal_that_goes_ends_it(herd: &Herd) {
    let (keyboard, terminal) = terminal();
    let side = || terminal.try_clone().expect("a terminal");
    let mut command = top(herd);
    command.stdin(side()).stdout(side()).stderr(side()).env("TERM", "xterm-256color");
    let mut process = Process::of(command.spawn().expect("the client starts"));
    let is_raw = || !tcgetattr(&terminal).expect("a terminal").local_modes.contains(LocalModes::ICANON);
    wait_for("it to have the terminal", || is_raw().then_some(()));
    drop(keyboard);
    assert_eq!(process.end().signal(), Some(Signal::HUP.as_raw()));
}

/// It on a terminal.
struct OnTerminal {
    process: Process,
    keyboard: File,
    /// The side that it has.
    terminal: File,
    /// All that it has written.
    shown: Arc<Mutex<Vec<u8>>>,
    /// How the terminal was before.
    before: LocalModes,
}

impl OnTerminal {
    fn start(herd: &Herd) -> Self {
        let (keyboard, terminal) = terminal();
        tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("a terminal");
        let before = tcgetattr(&terminal).expect("a terminal").local_modes;
        let side = || terminal.try_clone().expect("a terminal");
        let mut command = top(herd);
        command.stdin(side()).stdout(side()).stderr(side()).env("TERM", "xterm-256color");
        let process = Process::of(command.spawn().expect("the client starts"));
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, written) = (keyboard.try_clone().expect("a terminal"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(len @ 1..) = screen.read(&mut bytes) {
                written.lock().expect("whole").extend_from_slice(&bytes[..len]);
            }
        });
        Self { process, keyboard, terminal, shown, before }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("whole")).into_owned()
    }

    fn wait_until_it_shows(&self, text: &str) {
        wait_for(&format!("{text:?} on the screen"), || self.shown().contains(text).then_some(()));
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.terminal).expect("a terminal").local_modes.contains(LocalModes::ICANON)
    }

    /// How it ended, with the terminal as it was.
    fn end(mut self) -> ExitStatus {
        let status = self.process.end();
        assert_eq!(tcgetattr(&self.terminal).expect("a terminal").local_modes, self.before);
        // The cursor, and the screen that was there before.
        for restores in ["\x1b[?25h", "\x1b[?1049l"] {
            self.wait_until_it_shows(restores);
        }
        status
    }
}

fn a_key_ends_it(herd: &Herd) {
    let mut top = OnTerminal::start(herd);
    top.wait_until_it_shows("nothing is wrong");
    assert!(top.is_raw() && top.shown().contains("\x1b[?1049h"));
    top.keyboard.write_all(b"\r").expect("it listens");
    top.wait_until_it_shows("counter");
    top.keyboard.write_all(b"q").expect("it listens");
    assert!(top.end().success());
}

fn a_signal_ends_it(herd: &Herd) {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let top = OnTerminal::start(herd);
        top.wait_until_it_shows("nothing is wrong");
        assert!(top.is_raw());
        top.process.signal(signal);
        assert_eq!(top.end().signal(), Some(signal.as_raw()));
    }
}

fn a_server_that_is_killed_shows_as_down(herd: &mut Herd) {
    let mut top = OnTerminal::start(herd);
    top.wait_until_it_shows("nothing is wrong");
    herd.kill("B");
    // Only what has changed is drawn: the words may have the cursor moved between them.
    top.wait_until_it_shows("cannot");
    top.keyboard.write_all(b"q").expect("it listens");
    assert!(top.end().success());
    let lines = printed(herd, 1, &["--once"]);
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(has("B down - - ") && has(&format!("B: it cannot be reached at {}: ", herd.address("B"))), "{lines:?}");
    assert!(has("A: B has been down for "), "{lines:?}");
}
