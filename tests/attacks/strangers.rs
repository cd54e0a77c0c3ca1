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

/// Greets on a connection of its own, and reads what comes.
fn greet(server: SocketAddr, greeting: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(greeting.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Lets them come while the innocent is served; how many came.
fn come(siege: &mut Siege, what: &str, greeting: &'static str) {
    let (address, over, count) =
        (siege.herd.address("A"), Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (ends, counted) = (Arc::clone(&over), Arc::clone(&count));
    let strangers = thread::spawn(move || {
        while !ends.load(Ordering::Relaxed) {
            counted.fetch_add(u64::from(greet(address, greeting).is_ok()), Ordering::Relaxed);
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
    come(&mut siege, "connect, greet as a stranger, close", "HELLO Stranger 7 v=2\n");
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
}

/// Whoever is on a neighbour's machine can greet as that neighbour.
#[test]
fn neighbours_that_do_not_stay() {
    let mut siege = Siege::of(bereft());
    come(&mut siege, "connect, greet as a neighbour, close", "HELLO B 7 v=2\n");
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
}
