//! Strangers who connect, greet and are gone, again and again.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::bereft;
use crate::siege::Siege;

/// How many of them come at least.
const STRANGERS: u64 = 3_000;

/// Says that on a connection of its own; what comes.
pub(crate) fn say(server: SocketAddr, greeting: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(greeting.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    Ok(reply)
}

/// Lets them come while the innocent is served: each says what it says to the server, and tells whether it got that far.
pub(crate) fn come(siege: &mut Siege, what: &str, says: impl Fn(SocketAddr) -> bool + Send + 'static) {
    let (address, over, count) =
        (siege.herd.address("A"), Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (ends, counted) = (Arc::clone(&over), Arc::clone(&count));
    let strangers = thread::spawn(move || {
        while !ends.load(Ordering::Relaxed) {
            counted.fetch_add(u64::from(says(address)), Ordering::Relaxed);
        }
    });
    siege.hold(what, || count.load(Ordering::Relaxed) >= STRANGERS);
    over.store(true, Ordering::Relaxed);
    strangers.join().expect("they end");
    println!("{what}: {} came", count.load(Ordering::Relaxed));
}

/// Servers of which this one has never heard.
#[test]
fn servers_that_nobody_knows() {
    let mut siege = Siege::of(bereft());
    come(&mut siege, "connect, greet as a stranger, close", |to| say(to, "HELLO Stranger 7 v=2\n").is_ok());
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
}

/// Whoever is on a neighbour's machine can greet as that neighbour.
#[test]
fn neighbours_that_do_not_stay() {
    let mut siege = Siege::of(bereft());
    come(&mut siege, "connect, greet as a neighbour, close", |to| say(to, "HELLO B 7 v=2\n").is_ok());
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
}
