//! What is refused: `? ` and a copy of the line, and the connection is closed.

use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::skew::{now, skew_of};

use crate::{binaries, start};

/// Sends a line that is refused, and more behind it that must be dropped.
fn assert_refused(herd: &Herd, line: impl AsRef<[u8]>) {
    let line = line.as_ref();
    let mut client = herd.client("A");
    client.send([line, b"\nIAMAT late +1+1 1\nWHATSAT late 1 1\n"].concat());
    let reply = client.rest();
    assert_eq!(reply.escape_ascii().to_string(), [b"? ", line, b"\n"].concat().escape_ascii().to_string());
}

/// Everything that is no position.
#[test]
fn invalid_positions() {
    let herd = start();
    for position in [
        "+34.-118.5",
        "+.5+1",
        "34.0-118.0",
        "+34.0118.0",
        "+34.0",
        "+91.0+0.0",
        "-90.0000001+0",
        "+0+180.00000000000000000001",
        "+0-181",
        "+1e1+2",
        "nan",
        "+nan+nan",
        "+inf-inf",
        "+34.068930-118.445127/",
        "+34.06.8-118.4",
        "++34-118",
        "+34--118",
        "+34-118-5",
        "+4012.22-07500.25",
        "+34,0-118,0",
        "+",
        "+-",
        "+0x10+1",
        "\u{662}+1",
    ] {
        assert_refused(&herd, format!("IAMAT kiwi {position} 1479413884.392014450"));
    }
    assert_refused(&herd, "IAMAT kiwi +34.0 -118.0 1479413884.392014450");
}

/// Everything that is no time.
#[test]
fn invalid_times() {
    let herd = start();
    for time in [
        "1479413884.3920144501",
        "1.0000000000",
        "1e9",
        "inf",
        "-inf",
        "nan",
        "1_000",
        "+5",
        "--5",
        "5.",
        ".5",
        "-",
        ".",
        "0x10",
        "1,5",
        "1.5s",
        "1.-5",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999999999",
    ] {
        assert_refused(&herd, format!("IAMAT kiwi +34.0-118.0 {time}"));
    }
}

/// A time that is further past the server's clock than `--max-ahead`, or a day.
#[test]
fn times_from_the_future() {
    const HOUR: i128 = 3_600_000_000_000;
    let at = |hours: i128| {
        let time = now() + hours * HOUR;
        format!("kiwi +34.0-118.0 {}.{:09}", time / 1_000_000_000, time % 1_000_000_000)
    };
    let a_day = start();
    let an_hour = Plan::new(&binaries(), &single()).with(&["--max-ahead", "1h"]).start();
    // An hour or more from each bound, however long a reply takes.
    for (herd, early, late) in [(&a_day, 23, 48), (&an_hour, 0, 2)] {
        assert_refused(herd, format!("IAMAT {}", at(late)));
        assert_eq!(herd.converse("A", "WHATSAT kiwi 0 0\n"), b"? WHATSAT kiwi 0 0\n");
        let fields = at(early);
        let _skew = skew_of(&herd.client("A").ask(format!("IAMAT {fields}")), &fields);
    }
}

/// Everything that is no radius or no bound.
#[test]
fn invalid_radii_and_bounds() {
    let herd = start();
    let _reply = herd.report("A", "kiwi", "1");
    for radius in ["-1", "51", "50.5", "50.000000000000000000001", "1e1", "+5", "nan", "inf", "5.", ".5", "x", "1,5"] {
        assert_refused(&herd, format!("WHATSAT kiwi {radius} 5"));
    }
    for bound in ["-1", "21", "5.0", "+5", "1e1", "x", "99999999999999999999", "0x5", "-0"] {
        assert_refused(&herd, format!("WHATSAT kiwi 10 {bound}"));
    }
}

/// Unknown commands, lower case, too few and too many fields; white space is kept in the copy.
#[test]
fn other_lines() {
    let herd = start();
    let _reply = herd.report("A", "kiwi", "1");
    for line in [
        &b"HELP"[..],
        b"x",
        b"?",
        b"iamat kiwi +34.0-118.0 1",
        b"Iamat kiwi +34.0-118.0 1",
        b"whatsat kiwi 10 5",
        b"IAMAT",
        b"IAMAT kiwi",
        b"IAMAT kiwi +34.0-118.0",
        b"IAMAT kiwi +34.0-118.0 1 1",
        b"IAMATkiwi +34.0-118.0 1",
        b"WHATSAT",
        b"WHATSAT kiwi 10",
        b"WHATSAT kiwi 10 5 5",
        b"WHATSAT stranger 10 5",
        b"WHATSAT KIWI 10 5",
        b"AT A +0.1 kiwi +1+1 1",
        b"GET / HTTP/1.1\r",
        b" \tNO\x0bsuch\x0c  thing \r",
        b"\xff\xfe \0 \x80",
        b"\xef\xbb\xbfIAMAT kiwi +34.0-118.0 1",
        b"a b c d e f g h i j k l m n o p",
    ] {
        assert_refused(&herd, line);
    }
}

/// What was owed before a refusal comes first, in order.
#[test]
fn what_is_owed_comes_first() {
    let herd = start();
    let mut client = herd.client("A");
    client.send("IAMAT kiwi +34.068930-118.445127 1\nWHATSAT kiwi 10 1\nIAMAT kiwi +2+2 2\nNO\nIAMAT kiwi +3+3 3\n");
    let first = client.line();
    let whatsat = client.whatsat();
    assert_eq!((whatsat.at, first.ends_with("127 1")), (first, true));
    assert!(client.line().ends_with(" kiwi +2+2 2"));
    assert_eq!(client.rest(), b"? NO\n");
    assert!(herd.client("A").ask("WHATSAT kiwi 0 0").ends_with(" kiwi +2+2 2"));
}

/// An AT line from somebody who is no neighbour of that name is refused like anything else.
#[test]
fn an_at_line_of_a_stranger() {
    let herd = Plan::new(&binaries(), &pair()).without("B").start();
    for line in [
        "AT B +0.100000000 kiwi +1+1 1 A",
        "AT B +0.100000000 kiwi +1+1 1 C",
        "AT B +0.100000000 kiwi +1+1 1 b",
        "AT B 0.100000000 kiwi +1+1 1 B",
        "AT B +0.100000000 kiwi 1+1 1 B",
        "AT B +0.100000000 kiwi +1+1 1e1 B",
        "at B +0.100000000 kiwi +1+1 1 B",
        "AT B +0.100000000 kiwi +1+1 1 B B",
    ] {
        assert_refused(&herd, line);
    }
    assert_eq!(herd.converse("A", "WHATSAT kiwi 1 1\n"), b"? WHATSAT kiwi 1 1\n");

    let single = start();
    assert_refused(&single, "AT A +0.100000000 kiwi +1+1 1 A");
}

/// A neighbour's AT line is taken, also one from a server that is not in this one's file; it has no reply, and its
/// connection stays open.
#[test]
fn an_at_line_of_a_neighbour() {
    let herd = Plan::new(&binaries(), &pair()).without("B").start();
    let mut neighbour = herd.client("A");
    neighbour.send("AT B +0.100000000 kiwi +1+1 1 B\nAT A -7.000000000 lime +1+1 2 B\r\n");
    neighbour.send("AT C +0.500000000 fig +1+1 3 B\nWHATSAT kiwi 0 0\nWHATSAT lime 0 0\nWHATSAT fig 0 0\n");
    assert_eq!(neighbour.whatsat().at, "AT B +0.100000000 kiwi +1+1 1");
    assert_eq!(neighbour.whatsat().at, "AT A -7.000000000 lime +1+1 2");
    assert_eq!(neighbour.whatsat().at, "AT C +0.500000000 fig +1+1 3");
}

/// A line that is too long is refused as soon as it is, with the bytes that were kept.
#[test]
fn a_line_that_is_too_long() {
    let herd = start();
    let kept = [b"? ".to_vec(), vec![b'x'; 4096], b"\n".to_vec()].concat();
    let mut waits = herd.client("A");
    waits.send(vec![b'x'; 4097]);
    assert_eq!(waits.rest(), kept);

    let mut mebibyte = herd.client("A");
    mebibyte.send([vec![b'x'; 1 << 20], b"\nIAMAT late +1+1 1\n".to_vec()].concat());
    assert_eq!(mebibyte.rest(), kept);
    assert_eq!(herd.converse("A", "WHATSAT late 1 1"), b"? WHATSAT late 1 1\n");

    assert_eq!(herd.converse("A", vec![b'x'; 4096]), kept);
    assert_eq!(herd.converse("A", b"x"), b"? x\n");
}

/// `--max-line` is the longest line, LF not counted.
#[test]
fn max_line_is_the_last_length() {
    let herd = Plan::new(&binaries(), &single()).with(&["--max-line", "100"]).start();
    let line = |len: usize| {
        let rest = " +1+1 1";
        format!("IAMAT {}{rest}", "k".repeat(len - "IAMAT ".len() - rest.len()))
    };
    let reply = herd.client("A").ask(line(100));
    assert!(reply.starts_with("AT A "), "{reply}");
    for sent in [format!("{}\n", line(101)), format!("{}\r\n", line(100))] {
        let mut client = herd.client("A");
        client.send(&sent);
        assert_eq!(String::from_utf8_lossy(&client.rest()), format!("? {}\n", &sent[..100]));
    }
    let mut bytewise = herd.client("A");
    bytewise.send_bytewise(line(101));
    assert_eq!(String::from_utf8_lossy(&bytewise.rest()), format!("? {}\n", &line(101)[..100]));
}
