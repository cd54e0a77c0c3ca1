//! Clients that ask for all they can, and read their replies or do not.

use crate::alone;
use crate::flood::{Flood, Replies};
use crate::siege::Siege;

/// How many of them read nothing.
const NON_READERS: u64 = 32;

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

/// Connections that ask for more than fits anywhere, and read none of it.
#[test]
fn non_readers() {
    let mut siege = with_paris(Siege::of(alone()));
    let address = siege.herd.address("A");
    let floods: Vec<Flood> = (0..NON_READERS).map(|_| Flood::start(address, Replies::Left, questions)).collect();
    siege.hold("non-readers", || floods.iter().all(|flood| flood.said() > 0));
    // `max-unsent`, and what is read and answered at a time.
    siege.assert_memory(NON_READERS * (640 << 10));
    drop(floods);
    siege.wait_until_memory_is_back();
}
