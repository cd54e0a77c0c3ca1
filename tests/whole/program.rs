//! Programs of which a thread panics: the process ends at once with exit code 70, and says why.
//!
//! This test program is also the program under test, with a runtime that panics: it is a test without a harness, so that
//! its arguments are a server's.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use herd_host::{Runtime, connect_from};
use herd_tests::Binaries;
use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use crate::panicky::{ACCEPTOR, CONNECTION, LINK, LONGEST, Panicky};

/// What is done to the server A, and what the panic says.
type Case = (&'static str, &'static str, fn(&mut Herd));

const CASES: [Case; 4] = [
    ("a connection", CONNECTION, |herd| herd.client("A").send(format!("IAMAT {CONNECTION} +1+1 1\n"))),
    ("a link", LINK, |herd| herd.client("A").send(format!("IAMAT {LINK} +1+1 1\n"))),
    ("the acceptor", "panic of the acceptor", |herd| drop(connect_from(herd.address("A"), ACCEPTOR))),
    ("a stop", "panic of a sleeper", |herd| herd.process("A").signal(Signal::TERM)),
];

/// Serves, or tests programs that do.
pub(crate) fn main<R: Runtime>() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == "serve") {
        return herd_host::main::<Panicky<R>>("herd-panicky");
    }
    let program = std::env::current_exe().expect("this program");
    for case in CASES {
        println!("test {} ...", case.0);
        exits(&program, case);
        exits_unheard(&program, case);
    }
    ExitCode::SUCCESS
}

fn plan(program: &PathBuf) -> Plan {
    let too_long = format!("{}s", 2 * LONGEST.as_secs());
    Plan::new(&Binaries::new(&[program]), &pair()).with(&["--drain", &too_long])
}

/// It ends, and says so in its log and on standard error. Started anew it learns what it has missed.
fn exits(program: &PathBuf, (_, message, does): Case) {
    let mut herd = plan(program).start();
    let at = herd.report("A", "before", "1");
    herd.wait_until_known("B", "before", &at);
    does(&mut herd);
    assert_eq!(herd.process("A").end().code(), Some(70));
    let log = herd.log_text("A");
    // Behind these two is a trace where `RUST_BACKTRACE` asks for one.
    let mut lines = log.lines().skip_while(|line| !line.contains("bug, exiting"));
    assert!(lines.next().is_some_and(|line| line.contains(message)), "{log}");
    let told = format!("herd-panicky: bug: {message}, thread ");
    assert!(lines.next().is_some_and(|line| line.starts_with(&told)), "{log}");
    herd.forget("A");
    herd.start("A");
    herd.wait_until_known("A", "before", &at);
}

/// It ends as well where nobody hears of it: neither a closed standard error nor one that is full keeps it.
fn exits_unheard(program: &PathBuf, (_, _, does): Case) {
    for is_closed in [true, false] {
        let mut herd = plan(program).prepare();
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let reader = (!is_closed).then_some(reader);
        herd.start_with("A", Stdio::from(writer), &[]);
        let mut client = herd.client("A");
        // More than a pipe holds.
        for time in 0..500 {
            assert!(client.ask(format!("IAMAT kiwi +1+1 {time}")).starts_with("AT A "));
        }
        // The link that is to panic is to be there.
        herd.start("B");
        wait_for("the link", || herd.log_text("B").contains("HELLO A").then_some(()));
        does(&mut herd);
        assert_eq!(herd.process("A").end().code(), Some(70));
        assert!(TcpStream::connect(herd.address("A")).is_err());
        drop(reader);
    }
}
