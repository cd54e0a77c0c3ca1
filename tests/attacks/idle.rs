//! Connections that say nothing, or as little as they can.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use herd_tests::patience::wait_for;

use crate::alone;
use crate::siege::Siege;

/// How many of them there are; a shell allows a process 1,024 files.
const COUNT: usize = 500;

fn connections(server: SocketAddr) -> Vec<TcpStream> {
    let connect = || TcpStream::connect(server).expect("a server that listens");
    (0..COUNT).map(|_| connect()).collect()
}

/// Each says that byte now and then, or nothing, until the server has closed all of them.
fn are_closed(siege: &mut Siege, mut open: Vec<TcpStream>, drip: Option<u8>) {
    for stream in &open {
        stream.set_nonblocking(true).expect("a socket");
    }
    wait_for("the server to close all of them", || {
        siege.serve();
        open.retain_mut(|stream| {
            let _ = drip.map(|byte| stream.write(&[byte]));
            is_open(stream)
        });
        open.is_empty().then_some(())
    });
}

/// Whether the other end has not closed it yet.
fn is_open(stream: &mut TcpStream) -> bool {
    loop {
        match stream.read(&mut [0; 1024]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Connections that never say a word are closed after `idle-timeout`.
#[test]
fn silent_connections() {
    let mut siege = Siege::of(alone().with(&["--idle-timeout", "2s"]));
    let open = connections(siege.herd.address("A"));
    siege.hold("silent connections", || true);
    // What a connection takes without buffers is a few KiB.
    siege.assert_memory(COUNT as u64 * (8 << 10));
    are_closed(&mut siege, open, None);
}

/// A line whose bytes come one by one has an end, also where more of them keep coming.
#[test]
fn a_slow_drip() {
    let mut siege = Siege::of(alone().with(&["--line-timeout", "1s"]));
    let open = connections(siege.herd.address("A"));
    are_closed(&mut siege, open, Some(b'x'));
}

/// Empty lines now and then keep nobody's place.
#[test]
fn empty_lines() {
    let mut siege = Siege::of(alone().with(&["--idle-timeout", "1s"]));
    let open = connections(siege.herd.address("A"));
    are_closed(&mut siege, open, Some(b'\n'));
}
