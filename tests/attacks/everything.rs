//! All at once, on a server whose log nobody reads.

use std::io::{PipeWriter, pipe};

use herd_tests::graphs::pair;
use herd_tests::herd::Plan;
use herd_tests::process::Signal;

use crate::binaries;
use crate::flood::{Flood, Replies};
use crate::greedy::questions;
use crate::siege::Siege;

/// What is done to `A`, whose standard error is that pipe. It serves, stays linked, links again, and stops in order.
fn goes_on(what: &str, stderr: PipeWriter) {
    // Each line is logged, so that any pipe is full at once.
    let mut herd = Plan::new(&binaries(), &pair()).with(&["--log-filter", "debug"]).prepare();
    herd.start("B");
    herd.start_with("A", stderr.into(), &[]);
    let mut siege = Siege::of_running(herd);
    let address = siege.herd.address("A");
    siege.herd.client("A").ask("IAMAT paris +48.856600+002.352200 1");
    let floods = [
        Flood::start(address, Replies::Left, questions),
        Flood::start(address, Replies::Read, |_| b"HELLO Stranger 7 v=2\n".to_vec()),
    ];
    siege.hold(what, || floods.iter().all(|flood| flood.said() > 0));
    drop(floods);
    siege.wait_until_linked();
    siege.herd.kill("B");
    siege.serve();
    siege.herd.start("B");
    siege.wait_until_linked();
    siege.herd.process("A").signal(Signal::TERM);
    assert!(siege.herd.process("A").end().success(), "{what}: it stops in order");
}

/// Whoever read it is gone.
#[test]
fn a_reader_that_died() {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    goes_on("all at once, standard error closed", writer);
}

/// Whoever should read it does not.
#[test]
fn a_reader_that_sleeps() {
    let (_reader, writer) = pipe().expect("a pipe");
    goes_on("all at once, standard error never read", writer);
}
