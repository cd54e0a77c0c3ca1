//! Connections: when they stay open, when they end, and what one does to the others.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use herd_host::connect_from;
use herd_tests::client::Client;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::Plan;
use herd_tests::patience::{PATIENCE, wait_for};

use crate::{binaries, start};

/// A connection takes further requests after each reply.
#[test]
fn it_stays_open() {
    let herd = start();
    let mut client = herd.client("A");
    for time in 0..20 {
        assert!(client.ask(format!("IAMAT kiwi +1+1 {time}")).ends_with(&format!(" kiwi +1+1 {time}")));
        client.send("WHATSAT kiwi 10 1\n");
        let _reply = client.whatsat();
    }
}

/// A client that never reads is not read either, and costs the others nothing.
#[test]
fn a_client_that_never_reads() {
    let herd = start();
    let _at = herd.report("A", "kiwi", "1");
    let stuck = herd.client("A");
    stuck.stream().set_nonblocking(true).expect("a socket");
    let asked = "WHATSAT kiwi 50 20\n".repeat(1_000);
    // 64 MiB of requests would be answered with more than 20 GiB.
    let (start, mut sent) = (Instant::now(), 0);
    let mut blocked_since = None;
    while blocked_since.is_none_or(|since: Instant| since.elapsed().as_millis() < 300) {
        assert!(sent < 64 << 20 && start.elapsed() < PATIENCE, "{sent} bytes were read of a client that does not read");
        if let Ok(more) = stuck.stream().write(asked.as_bytes()) {
            (sent, blocked_since) = (sent + more, None);
        } else {
            blocked_since.get_or_insert_with(Instant::now);
            std::thread::yield_now();
        }
    }
    for time in 2..20 {
        assert!(herd.report("A", "other", &time.to_string()).ends_with(&format!(" {time}")));
    }
}

/// What was owed to a client whose connection breaks while it is answered is nobody else's.
#[test]
fn the_replies_of_a_client_that_vanishes() {
    let herd = start();
    for time in 0..60 {
        let mut gone = herd.client("A");
        gone.send(format!("IAMAT gone +1+1 {time}\n").repeat(500));
        // The first are on their way back, and are not read: closing breaks the connection.
        if time % 2 == 0 {
            let _first = gone.line();
        }
        drop(gone);
        assert!(
            herd.report("A", "other", &time.to_string()).ends_with(&format!(" other +34.068930-118.445127 {time}"))
        );
    }
}

/// Clients that vanish, in the middle of a line or of a reply, are forgotten.
#[test]
fn a_client_that_vanishes() {
    let herd = start();
    let _at = herd.report("A", "kiwi", "1");
    for bytes in ["IAMAT ki", "WHATSAT kiwi 50 20\n", "", "IAMAT gone +1+1 1\nWHATSAT go"] {
        for _ in 0..20 {
            let mut client = herd.client("A");
            client.send(bytes.repeat(3));
            drop(client);
        }
    }
    assert!(herd.report("A", "kiwi", "2").ends_with(" 2"));
}

/// What ends a connection ends it at once, however long the client keeps its own end open.
#[test]
fn an_end_comes_at_once() {
    let herd = start();
    let begin = Instant::now();
    for _ in 0..5 {
        let mut refused = herd.client("A");
        refused.send("NO\n");
        assert_eq!(refused.rest(), b"? NO\n");
    }
    assert!(begin.elapsed().as_secs() < 5, "five ends took {:?}", begin.elapsed());
}

/// With `--one-shot` a connection ends after its first reply.
#[test]
fn one_shot() {
    let herd = Plan::new(&binaries(), &single()).with(&["--one-shot"]).start();
    let mut client = herd.client("A");
    client.send("\nIAMAT kiwi +34.068930-118.445127 1\nIAMAT kiwi +2+2 2\nNO\n");
    let reply = String::from_utf8(client.rest()).expect("text");
    assert!(reply.ends_with(" kiwi +34.068930-118.445127 1\n") && reply.lines().count() == 1, "{reply}");
    let mut client = herd.client("A");
    client.send("WHATSAT kiwi 10 2\nWHATSAT kiwi 10 2\n");
    let whatsat = client.whatsat();
    assert_eq!((format!("{}\n", whatsat.at), whatsat.count()), (reply, 2));
    assert_eq!(client.rest(), b"");
}

/// After `--idle-timeout` without anything a connection is closed, also within a line.
#[test]
fn idle_timeout() {
    let herd = Plan::new(&binaries(), &single()).with(&["--idle-timeout", "300ms"]).start();
    for bytes in ["", "IAMAT kiwi +1+1 1\n", "IAMAT ki"] {
        let mut client = herd.client("A");
        client.send(bytes);
        let start = Instant::now();
        let rest = client.rest();
        let took = start.elapsed();
        assert_eq!(rest.is_empty(), !bytes.ends_with('\n'), "{}", rest.escape_ascii());
        assert!(took.as_millis() >= 250 && took < PATIENCE / 2, "closed after {took:?}");
    }
}

/// A line that was begun has to be whole within `--line-timeout`, however often a byte of it comes.
#[test]
fn a_line_that_never_ends() {
    let herd = Plan::new(&binaries(), &single()).with(&["--line-timeout", "300ms"]).start();
    let mut client = herd.client("A");
    assert!(client.ask("IAMAT kiwi +1+1 1").ends_with(" kiwi +1+1 1"));
    client.send("IAMAT ");
    is_closed_although_it_sends(&client, b"x");
}

/// Rest counts from the last whole request: empty lines keep nobody's place.
#[test]
fn empty_lines_are_no_requests() {
    let herd = Plan::new(&binaries(), &single()).with(&["--idle-timeout", "300ms"]).start();
    let mut client = herd.client("A");
    assert!(client.ask("IAMAT kiwi +1+1 1").ends_with(" kiwi +1+1 1"));
    is_closed_although_it_sends(&client, b"\r\n");
}

/// The server closes that connection in the end, although something comes all the time.
fn is_closed_although_it_sends(client: &Client, bytes: &[u8]) {
    let mut stream = client.stream();
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
    wait_for("the server to close it", || {
        let sent = stream.write_all(bytes);
        let would_block = |error: &io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        match stream.read(&mut [0]) {
            Err(error) if would_block(&error) && sent.is_ok() => None,
            Ok(1..) => panic!("there is nothing to reply"),
            _ => Some(()),
        }
    });
}

/// Buffers that are full close those who take most of them, and nobody else.
#[test]
fn full_buffers_close_the_largest() {
    let herd = Plan::new(&binaries(), &single()).with(&["--buffers", "2MiB"]).start();
    let _at = herd.report("A", "kiwi", "1");
    let mut reader = herd.client("A");
    let stuck: Vec<_> = (0..40).map(|_| herd.client("A")).collect();
    let asked = "WHATSAT kiwi 50 20\n".repeat(500);
    wait_for("a connection to be closed", || {
        for client in &stuck {
            client.stream().set_nonblocking(true).expect("a socket");
            let _sent = client.stream().write(asked.as_bytes());
        }
        assert!(reader.ask("IAMAT other +1+1 1").ends_with(" other +1+1 1"));
        herd.log_text("A").contains("buffers full, largest connections closed").then_some(())
    });
    assert!(reader.ask("IAMAT other +1+1 2").ends_with(" other +1+1 2"));
}

/// A connection on which something happens is not idle.
#[test]
fn a_busy_connection_is_not_idle() {
    let herd = Plan::new(&binaries(), &single()).with(&["--idle-timeout", "2s"]).start();
    let mut client = herd.client("A");
    let (start, mut time) = (Instant::now(), 0);
    wait_for("three seconds", || {
        time += 1;
        assert!(client.ask(format!("IAMAT kiwi +1+1 {time}")).ends_with(&format!(" {time}")));
        (start.elapsed().as_secs() >= 3).then_some(())
    });
}

/// Hundreds of connections at once are all served.
#[test]
fn many_at_once() {
    let herd = start();
    let mut clients: Vec<_> = (0..400).map(|_| herd.client("A")).collect();
    for (index, client) in clients.iter_mut().enumerate() {
        client.send(format!("IAMAT c{index} +1+1 1\n"));
    }
    for (index, client) in clients.iter_mut().enumerate().rev() {
        assert!(client.line().ends_with(&format!(" c{index} +1+1 1")));
    }
}

/// Past the share of an address its further connections are closed at once, and others are served.
#[test]
fn the_share_of_an_address() {
    let herd = Plan::new(&binaries(), &single()).with(&["--connections-per-address", "5"]).start();
    let from = |host: u8| {
        let stream = connect_from(herd.address("A"), [127, 0, 0, host].into()).expect("a server that listens");
        Client::over(stream)
    };
    let clients: Vec<_> = (0..5).map(|_| from(2)).collect();
    assert_eq!(from(2).rest(), b"");
    assert!(from(3).ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    drop(clients);
    // The server has to see first that they are gone.
    wait_for("a place", || {
        let mut client = from(2);
        // It may be closed before it is written to.
        let _ = client.stream().write_all(b"IAMAT kiwi +1+1 2\n");
        let _ = client.stream().shutdown(Shutdown::Write);
        client.rest_unless_reset().filter(|rest| rest.starts_with(b"AT A "))
    });
}

/// When all places are taken a further client is turned away, and one from a neighbour's address gets in.
#[test]
fn the_places_for_neighbours() {
    let herd = Plan::new(&binaries(), &pair()).with(&["--connections", "16"]).start();
    let from = |host: u8| {
        let stream = connect_from(herd.address("A"), [127, 0, 0, host].into()).expect("a server that listens");
        Client::over(stream)
    };
    let clients: Vec<_> = (0..16).map(|_| from(2)).collect();
    assert_eq!(from(2).rest(), b"");
    assert!(from(1).ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    drop(clients);
}
