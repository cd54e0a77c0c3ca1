//! Somebody who would be taken for a neighbour: lines of a neighbour's without a proof, forged greetings, those of another
//! time, proofs that go back to whoever made them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use herd_host::connect_from;
use herd_tests::client::Client;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::{PATIENCE, wait_for};
use herd_tests::proxy::Proxy;

use crate::flood::{Flood, Replies};
use crate::siege::Siege;
use crate::two;

const SECRET: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";

/// How much is said at least.
const SAID: u64 = 128 << 10;

/// Two neighbours that share a secret, none of which runs yet.
fn with_secret(plan: Plan) -> Herd {
    let herd = plan.with_config("[herd]\nsecret-file = \"secrets\"\n").prepare();
    herd.write("secrets", SECRET);
    herd
}

/// All that a neighbour can say, as `B`.
fn lines() -> Vec<String> {
    let (groups, nonce, mac) = ("A".repeat(342), "0".repeat(32), "A".repeat(43));
    vec![
        "AT B +0.1 spoofed +1+1 1 B".into(),
        "KEPT B +0.1 spoofed +1+1 1 B".into(),
        format!("REPAIR B groups {groups}"),
        "REPAIR B all 10/000".into(),
        "HELLO B 7".into(),
        "HELLO B 7 v=2".into(),
        format!("HELLO B 7 v=2 nonce={nonce}"),
        format!("PROOF B 00000000:{mac}"),
        format!("HELLO B 7 v=2 nonce={nonce}\nPROOF B 00000000:{mac}"),
    ]
}

/// Nothing of what a stranger has said is kept.
fn assert_unknown(herd: &Herd) {
    assert_eq!(herd.client("A").ask("WHATSAT spoofed 0 0"), "? WHATSAT spoofed 0 0");
}

/// The words behind a field's name in a line.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let fields = line.split_whitespace().find_map(|field| field.strip_prefix(name));
    fields.unwrap_or_else(|| panic!("no {name} in {line}"))
}

/// From the neighbour's own machine, where that has to prove a secret: each line is refused, at whatever speed.
#[test]
fn spoofed_lines_with_a_secret() {
    let mut herd = with_secret(two());
    herd.start("A");
    let mut siege = Siege::of_running(herd);
    let flood = Flood::start(siege.herd.address("A"), Replies::Read, |round| {
        let lines = lines();
        format!("{}\nAT B +0.1 spoofed +1+1 1 B\n", lines[usize::try_from(round).unwrap_or(0) % lines.len()]).into()
    });
    siege.hold("spoofed lines", || flood.said() >= SAID);
    drop(flood);
    for line in lines() {
        let replies = siege.herd.converse("A", format!("{line}\nAT B +0.1 spoofed +1+1 1 B\n"));
        let replies = String::from_utf8(replies).expect("text");
        let is_told =
            |reply: &str| reply.starts_with("? ") || reply == "REFUSED A secret" || reply.starts_with("HELLO A ");
        assert!(!replies.is_empty() && replies.lines().all(is_told), "{line}: {replies}");
        assert!(!replies.contains("REPAIR A"), "{replies}");
    }
    assert_unknown(&siege.herd);
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
}

/// Without a secret, from another address than the neighbour's.
#[test]
fn spoofed_lines_from_another_address() {
    let herd = two().without("B").start();
    for line in lines() {
        let stream =
            connect_from(herd.address("A"), Ipv4Addr::new(127, 0, 0, 9).into()).expect("a server that listens");
        let mut stranger = Client::over(stream);
        stranger.send(format!("{line}\nAT B +0.1 spoofed +1+1 1 B\n"));
        stranger.finish();
        let replies = String::from_utf8(stranger.rest()).expect("text");
        let is_told = |reply: &str| reply.starts_with("? ") || reply == "REFUSED A address";
        assert!(!replies.is_empty() && replies.lines().all(is_told), "{line}: {replies}");
    }
    assert_unknown(&herd);
}

/// A proof is of the connection that it was made for: all that `B` once said to `A`, said again word for word, is not
/// believed, by the same run of `A` and by the next one.
#[test]
fn replayed_greetings() {
    let mut herd = with_secret(two());
    let proxy = Proxy::put_before(&herd, "A");
    herd.start("A");
    herd.start("B");
    let at = herd.report("B", "kiwi", "1");
    herd.wait_until_known("A", "kiwi", &at);
    let is_whole = |said: &&Vec<u8>| {
        let said = String::from_utf8_lossy(said);
        said.starts_with("HELLO B ") && said.contains("\nPROOF B ") && said.contains(" kiwi ")
    };
    let said = proxy.recorded().into_iter().find(|said| is_whole(&said)).expect("an exchange");
    for _ in 0..2 {
        herd.kill("B");
        for _ in 0..20 {
            let replies = herd.converse("A", [&said[..], b"AT B +0.1 spoofed +1+1 1 B\n"].concat());
            let replies = String::from_utf8(replies).expect("text");
            let [hello, refused] = replies.lines().collect::<Vec<_>>()[..] else { panic!("{replies}") };
            assert!(hello.starts_with("HELLO A ") && refused == "REFUSED A secret", "{replies}");
        }
        assert_unknown(&herd);
        herd.kill("A");
        herd.start("A");
        herd.start("B");
    }
}

/// `A` proves that it knows the secret to whoever greets. Said back to it as `B`'s, that is not believed.
#[test]
fn a_proof_that_is_said_back() {
    let mut herd = with_secret(two());
    herd.start("A");
    for nonce in 0..100 {
        let mut stranger = herd.client("A");
        let hello = stranger.ask(format!("HELLO B 7 v=2 nonce={nonce:032x}"));
        let proof = field(&hello, "proof=");
        stranger.send(format!("PROOF B {proof}\nAT B +0.1 spoofed +1+1 1 B\n"));
        assert_eq!(stranger.rest(), b"REFUSED A secret\n");
        // Nor with the nonces of both ends the same.
        let mut stranger = herd.client("A");
        let hello = stranger.ask(format!("HELLO B 7 v=2 nonce={}", field(&hello, "nonce=")));
        stranger.send(format!("PROOF B {}\n", field(&hello, "proof=")));
        assert_eq!(stranger.rest(), b"REFUSED A secret\n");
    }
    assert_unknown(&herd);
}

/// Whoever holds the port of `B`, which is away, has `A` itself answer what `A` asks `B` to prove. `A` tells it nothing.
#[test]
fn a_proof_of_its_own_maker() {
    let herd = with_secret(two().with(&["--link-retry", "100ms"]));
    let listener = TcpListener::bind(herd.address("B")).expect("a free port");
    let mut herd = herd;
    herd.start("A");
    for round in 0..10 {
        let (stream, _) = listener.accept().expect("a server that tries again");
        assert!(herd.report("A", &format!("told-{round}"), "1").starts_with("AT A "));
        let said = reflect(stream, herd.address("A"));
        assert_eq!(said, "", "A has told something to whoever could not prove anything");
    }
    let told = "neighbour has no valid secret";
    wait_for("A to tell of it", || herd.log("A").iter().any(|entry| entry["message"] == told).then_some(()));
    assert_unknown(&herd);
}

/// Answers a link's greeting with what its own server says to the same nonce; what the link says then.
fn reflect(stream: TcpStream, server: SocketAddr) -> String {
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut link = BufReader::new(stream);
    let mut hello = String::new();
    link.read_line(&mut hello).expect("a greeting");
    let answer = Client::connect(server).ask(format!("HELLO B 7 v=2 nonce={}", field(&hello, "nonce=")));
    let (nonce, proof) = (field(&answer, "nonce="), field(&answer, "proof="));
    let forged = format!("HELLO B 7 v=2 nonce={nonce} proof={proof}\n");
    link.get_mut().write_all(forged.as_bytes()).expect("a link that reads");
    let mut said = String::new();
    // It may be reset, where something of ours was not read.
    let _ = link.read_to_string(&mut said);
    said
}
