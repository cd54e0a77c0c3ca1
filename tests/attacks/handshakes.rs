//! TLS that is begun and not gone on with, records of every size, and garbage.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use herd_tests::certs::{Authority, Certs, TlsClient};
use herd_tests::patience::{PATIENCE, wait_for};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::alone;
use crate::flood::{Flood, Replies};
use crate::siege::Siege;

/// How many connections there are where each does little; a shell allows a process 1,024 files.
const COUNT: usize = 400;

/// What a connection within TLS may take at rest.
const AT_REST: u64 = 16 << 10;

fn certs() -> Certs {
    Certs::of(&Authority::new("test"), &["A"])
}

/// `A` with a certificate, and these flags besides.
fn siege(certs: &Certs, flags: &[&str]) -> Siege {
    let tls = certs.flags();
    let all: Vec<&str> = tls.iter().map(String::as_str).chain(flags.iter().copied()).collect();
    Siege::of(alone().with(&all))
}

/// What a client begins with.
fn client_hello(config: &Arc<ClientConfig>) -> Vec<u8> {
    let name = ServerName::try_from("127.0.0.1").expect("an address");
    let mut connection = ClientConnection::new(Arc::clone(config), name).expect("a configuration");
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).expect("a Vec takes every write");
    hello
}

/// Some do one thing again and again until they are dropped.
struct Again {
    stopped: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Again {
    fn start(count: usize, what: impl Fn() + Clone + Send + 'static) -> Self {
        let (stopped, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let one = || {
            let (stopped, done, what) = (Arc::clone(&stopped), Arc::clone(&done), what.clone());
            thread::spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    what();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let threads = (0..count).map(|_| one()).collect();
        Self { stopped, done, threads }
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Holds out until that was done so often, and looks at what it cost.
fn hold_out(siege: &mut Siege, what: &str, again: Again, times: u64) {
    siege.hold(what, || again.done() >= times);
    drop(again);
    siege.assert_memory(16 << 20);
    siege.assert_log_has_a_rate();
}

/// Handshakes at full speed, each of which is left when the server has done its part of the work.
#[test]
fn handshakes_that_are_dropped_in_the_middle() {
    let certs = certs();
    let mut siege = siege(&certs, &[]);
    let (server, hello) = (siege.herd.address("A"), client_hello(&certs.client(None)));
    let again = Again::start(2, move || {
        let Ok(mut stream) = TcpStream::connect(server) else { return };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        if stream.write_all(&hello).is_ok() {
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    hold_out(&mut siege, "handshakes dropped in the middle", again, 500);
}

/// Whole handshakes at full speed.
#[test]
fn handshakes_at_full_speed() {
    let certs = certs();
    let mut siege = siege(&certs, &[]);
    let (server, config) = (siege.herd.address("A"), certs.client(None));
    let again = Again::start(2, move || {
        let mut client = TlsClient::connect(server, &config);
        client.shake_hands();
    });
    hold_out(&mut siege, "handshakes at full speed", again, 100);
}

/// A handshake that is begun and not gone on with has as long as a line has.
#[test]
fn handshakes_that_are_never_done() {
    let certs = certs();
    let mut siege = siege(&certs, &["--line-timeout", "1s"]);
    let (server, hello) = (siege.herd.address("A"), client_hello(&certs.client(None)));
    let begin = |said: &[u8]| {
        let mut stream = TcpStream::connect(server).expect("a server that listens");
        stream.write_all(said).expect("a server that reads");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream
    };
    let open: Vec<TcpStream> = (0..COUNT).map(|index| begin(&hello[..=index % hello.len()])).collect();
    siege.hold("handshakes that are never done", || true);
    siege.assert_memory(COUNT as u64 * AT_REST);
    for mut stream in open {
        // An alert may come, and then the end.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    siege.serve();
}

/// Garbage in the place of a handshake, and after one.
#[test]
fn garbage() {
    let certs = certs();
    let mut siege = siege(&certs, &[]);
    let server = siege.herd.address("A");
    let floods: Vec<Flood> = (0..2)
        .map(|seed: u64| {
            Flood::start(server, Replies::Read, move |round| {
                let mut number = seed ^ round;
                let mut next = || {
                    number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    number.to_be_bytes()[0]
                };
                let mut bytes: Vec<u8> = (0..2_000).map(|_| next()).collect();
                // What is a handshake's first byte, and then also a header that promises much.
                bytes[..5].copy_from_slice(&[0x16, 3, 1, 0x3f, 0xff]);
                bytes
            })
        })
        .collect();
    siege.hold("garbage in the place of a handshake", || floods.iter().all(|flood| flood.said() > 100_000));
    drop(floods);
    let config = certs.client(None);
    let again = Again::start(1, move || {
        let mut client = TlsClient::connect(server, &config);
        client.shake_hands();
        let mut socket = client.socket();
        let _ = socket.write_all(&[0x17, 3, 3, 0, 40]).and_then(|()| socket.write_all(&[0xaa; 40]));
        let _ = client.socket().shutdown(Shutdown::Write);
        let _ = client.socket().read(&mut [0; 1024]);
    });
    hold_out(&mut siege, "garbage after a handshake", again, 20);
}

/// Requests in records of every size get the same replies.
#[test]
fn records_of_every_size() {
    let certs = certs();
    let mut siege = siege(&certs, &[]);
    let mut client = TlsClient::connect(siege.herd.address("A"), &certs.client(None));
    let (mut text, mut expected) = (Vec::new(), 0_u64);
    while text.len() < 400 << 10 {
        text.extend(format!("IAMAT kiwi +1+1 {expected}\n").into_bytes());
        expected += 1;
    }
    let mut read = 0;
    let mut rest = &text[..];
    for size in (1..).map(|step: usize| if step < 200 { step } else { step * 37 % 16_384 + 1 }) {
        let (some, others) = rest.split_at(size.min(rest.len()));
        client.send(some);
        rest = others;
        let sent = text.len() - rest.len();
        while read < expected && sent == text.len() {
            assert!(client.line().ends_with(&format!(" kiwi +1+1 {read}")));
            read += 1;
        }
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(read, expected);
    siege.serve();
}

/// What a connection within TLS takes that rests is 16 KiB at most.
#[test]
fn idle_connections_within_tls() {
    let certs = certs();
    let mut siege = siege(&certs, &[]);
    let (server, config) = (siege.herd.address("A"), certs.client(None));
    let open = |count: usize| -> Vec<TlsClient> {
        let open = |number| {
            let mut client = TlsClient::connect(server, &config);
            client.ask(format!("IAMAT client-{number} +1+1 1"));
            client
        };
        (0..count).map(open).collect()
    };
    // What is set up once, and what an allocator sets aside at first.
    let first = open(50);
    let before = siege.resident();
    let others = open(COUNT);
    let each = (siege.resident().saturating_sub(before)) / COUNT as u64;
    println!("a connection within TLS at rest takes {each} bytes");
    assert!(each <= AT_REST, "{each} bytes");
    drop((first, others));
}

/// Parts of records that are never whole count in the account of all buffers, and the largest go.
#[test]
fn parts_of_records() {
    let certs = certs();
    let mut siege = siege(&certs, &["--buffers", "2MiB", "--line-timeout", "60s"]);
    let (server, config) = (siege.herd.address("A"), certs.client(None));
    let open: Vec<TcpStream> = (0..COUNT).filter_map(|_| half_a_record(server, &config)).collect();
    siege.hold("parts of records", || true);
    siege.assert_memory((2 << 20) + COUNT as u64 * AT_REST);
    wait_for("the server to close some", || {
        siege.serve();
        let is_closed = |mut stream: &TcpStream| matches!(stream.read(&mut [0; 64]), Ok(0));
        let closed = open.iter().filter(|stream| stream.set_nonblocking(true).is_ok() && is_closed(stream)).count();
        (closed + COUNT - open.len() >= COUNT / 2).then_some(())
    });
}

/// A connection that has shaken hands and said most of a large record; none where the server has closed it.
fn half_a_record(server: SocketAddr, config: &Arc<ClientConfig>) -> Option<TcpStream> {
    let mut client = TlsClient::connect(server, config);
    client.shake_hands();
    let mut stream = client.socket().try_clone().expect("a socket");
    let said = stream.write_all(&[0x17, 3, 3, 0x40, 0]).and_then(|()| stream.write_all(&[0; 16_000]));
    said.ok().map(|()| stream)
}
