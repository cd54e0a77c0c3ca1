//! Clients whose IDs were chosen into one place of the store.

use herd_tests::chosen;
use herd_tests::patience::wait_for;

use crate::flood::{Flood, Replies};
use crate::siege::Siege;
use crate::two;

/// How many clients crowd together.
const CROWD: usize = 20_000;

/// Two servers keep, answer and pass on the reports of clients whose hashes all begin with the same 40 bits.
#[test]
fn clients_of_one_span() {
    let mut siege = Siege::of(two());
    let ids = chosen::crowd(0, 40, CROWD);
    let last = ids[CROWD - 1].clone();
    let lines = move |time: u64| -> Vec<u8> {
        let line = |id: &Vec<u8>| [b"IAMAT ", &id[..], format!(" +1.0+1.0 {time}\n").as_bytes()].concat();
        ids.iter().flat_map(line).collect()
    };
    let all = lines(0).len() as u64;
    let flood = Flood::start(siege.herd.address("A"), Replies::Read, lines);
    siege.hold("clients of one span", || flood.said() >= all * 3);
    drop(flood);
    // What clients take is bounded by `clients`.
    siege.assert_memory(CROWD as u64 * 1_024);
    // Later than any round of the flood.
    let time = b"1479413884";
    let mut client = siege.herd.client("A");
    client.send([b"IAMAT ", &last[..], b" +2.0+2.0 ", time, b"\n"].concat());
    let at = client.raw_line();
    wait_for("B to know the last of them", || {
        let mut client = siege.herd.client("B");
        client.send([b"WHATSAT ", &last[..], b" 0 0\n"].concat());
        (client.raw_line() == at).then_some(())
    });
    siege.wait_until_linked();
}
