//! Clients that ask for all they can, and read their replies or do not.

use std::fmt::Write;

use crate::alone;
use crate::flood::{Flood, Replies};
use crate::siege::Siege;

/// How much each of them says at least.
const SAID: u64 = 1 << 20;

/// A thousand reports, each of another client and newer than those before.
fn reports(first: u64) -> impl FnMut(u64) -> Vec<u8> + Send {
    move |round| {
        let mut lines = String::new();
        for client in 0..1_000 {
            writeln!(lines, "IAMAT greedy-{} +34.068930-118.445127 {round}", first + client).expect("a string");
        }
        lines.into()
    }
}

/// As many questions as take a packet or two, each for all there is in the middle of Paris.
pub(crate) fn questions(_: u64) -> Vec<u8> {
    "WHATSAT paris 50 20\n".repeat(100).into_bytes()
}

/// A server that knows where Paris is.
fn with_paris(mut siege: Siege) -> Siege {
    siege.herd.client("A").ask("IAMAT paris +48.856600+002.352200 1");
    siege.mark();
    siege
}

fn all_said(floods: &[Flood]) -> bool {
    floods.iter().all(|flood| flood.said() >= SAID)
}

fn pipelines(count: u64) {
    let mut siege = Siege::of(alone());
    let address = siege.herd.address("A");
    let floods: Vec<Flood> =
        (0..count).map(|index| Flood::start(address, Replies::Read, reports(index * 1_000))).collect();
    siege.hold(&format!("{count} that pipeline reports"), || all_said(&floods));
    drop(floods);
    siege.assert_memory(0);
    siege.wait_until_memory_is_back();
}

/// Ten connections that pipeline reports, and read the replies.
#[test]
fn ten_that_pipeline_reports() {
    pipelines(10);
}

/// One is enough where it keeps the one worker busy.
#[test]
fn one_that_pipelines_reports() {
    pipelines(1);
}

/// Ten connections that pipeline the most expensive question, and read the replies.
#[test]
fn ten_that_pipeline_questions() {
    let mut siege = with_paris(Siege::of(alone()));
    let address = siege.herd.address("A");
    let floods: Vec<Flood> = (0..10).map(|_| Flood::start(address, Replies::Read, questions)).collect();
    siege.hold("ten that pipeline questions", || floods.iter().all(|flood| flood.said() > 0));
    drop(floods);
    siege.assert_memory(0);
    siege.wait_until_memory_is_back();
}

/// How many connections read nothing, and what all buffers together may take then.
const NON_READERS: u64 = 64;
const BUFFERS: u64 = 8 << 20;

/// Connections that ask for more than fits anywhere, and read none of it: those with the largest buffers are closed.
#[test]
fn non_readers() {
    let mut siege = with_paris(Siege::of(alone().with(&["--buffers", "8MiB"])));
    let address = siege.herd.address("A");
    let floods: Vec<Flood> = (0..NON_READERS).map(|_| Flood::start(address, Replies::Left, questions)).collect();
    siege.hold("non-readers", || floods.iter().all(|flood| flood.said() > 0));
    siege.assert_memory(BUFFERS);
    drop(floods);
    siege.wait_until_memory_is_back();
}

/// The same where there is room for all of them. Nothing is taken in for one of which enough is unsent, and that its
/// client has gone is found out all the same: a server once went on with it for ever, and took nothing in each time.
#[test]
fn non_readers_that_leave() {
    let mut siege = with_paris(Siege::of(alone()));
    let address = siege.herd.address("A");
    let floods: Vec<Flood> = (0..NON_READERS).map(|_| Flood::start(address, Replies::Left, questions)).collect();
    siege.hold("non-readers within the bound", || floods.iter().all(|flood| flood.said() > 0));
    drop(floods);
    siege.wait_until_they_have_gone();
    siege.wait_until_memory_is_back();
}
