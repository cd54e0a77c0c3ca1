//! What a client may say, and what it is answered.

use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::skew::{nanos, now, skew_of};

use crate::{binaries, start};

/// Starts one server, `A`, that takes every time that there is.
fn start_with_any_time() -> Herd {
    Plan::new(&binaries(), &single()).with(&["--max-ahead", "off"]).start()
}

/// The reply is `AT SERVER SKEW` and a copy of the fields; time and skew add up to the server's clock.
#[test]
fn an_iamat_is_answered_with_its_skew() {
    let herd = start_with_any_time();
    for time in ["1479413884.392014450", "0", "-5.5", "99999999999.000000001", "1700000000.1"] {
        let fields = format!("kiwi +34.068930-118.445127 {time}");
        let before = now();
        let reply = herd.client("A").ask(format!("IAMAT {fields}"));
        let after = now();
        let skew = skew_of(&reply, &fields);
        let clock = nanos(time) + nanos(skew);
        assert!((before..=after).contains(&clock), "{reply}: {before} <= {clock} <= {after}");
    }
}

/// Client, position and time come back as they were written, however oddly.
#[test]
fn fields_are_copied_verbatim() {
    let herd = start_with_any_time();
    let mut client = herd.client("A");
    for fields in [
        "k +0-0 0",
        "IAMAT -90.000+180.0 0001.5",
        "?!\"\\' +00034.068930-000118.4451270000000000000000 1479413884.000000000",
        "a/b:c +90-180 -9223372036854775808",
        "b +90.0-180.0 9223372036854775807.999999999",
        "{} -00-00 -0",
    ] {
        let reply = client.ask(format!("IAMAT {fields}"));
        let _skew = skew_of(&reply, fields);
    }
}

/// Space, tab, CR, FF and VT separate fields, and stand before and behind them.
#[test]
fn any_white_space_separates() {
    let herd = start();
    let mut client = herd.client("A");
    for line in [
        "IAMAT kiwi +34.0-118.0 1.5\r",
        "IAMAT\tkiwi\x0b+34.0-118.0\x0c1.5",
        " \t IAMAT \r kiwi  \t\x0b+34.0-118.0\r\r1.5 \x0c\x0b\t ",
    ] {
        let _skew = skew_of(&client.ask(line), "kiwi +34.0-118.0 1.5");
    }
    let whatsat = client.ask("\x0bWHATSAT\tkiwi \x0c0\r0\r");
    assert!(whatsat.ends_with(" kiwi +34.0-118.0 1.5"), "{whatsat}");
}

/// A line of white space alone has no reply, and the connection goes on.
#[test]
fn blank_lines_are_passed_over() {
    let herd = start();
    let mut client = herd.client("A");
    client.send(b"\n\n\r\n \t\x0b\x0c\r\n");
    let reply = client.ask("\nIAMAT kiwi +1+1 1");
    assert!(reply.ends_with(" kiwi +1+1 1"), "{reply}");
    client.send(b"\n \n");
    client.finish();
    assert_eq!(client.rest(), b"");
}

/// What a client sent when it says that it sends no more is a request too.
#[test]
fn the_last_line_needs_no_end() {
    let herd = start();
    let reply = herd.converse("A", "IAMAT kiwi +1+1 1\nIAMAT kiwi +2+2 2");
    let reply = String::from_utf8(reply).expect("text");
    let lines: Vec<&str> = reply.lines().collect();
    assert!(lines.len() == 2 && lines[1].ends_with(" kiwi +2+2 2") && reply.ends_with('\n'), "{reply}");
    assert_eq!(herd.converse("A", "WHO IS"), b"? WHO IS\n");
    assert_eq!(herd.converse("A", " \t"), b"");
    assert_eq!(herd.converse("A", ""), b"");
}

/// A conversation is the same when each byte comes on its own.
#[test]
fn one_byte_at_a_time() {
    let herd = start();
    let mut client = herd.client("A");
    client.send_bytewise(b"IAMAT kiwi +34.068930-118.445127 5\r\n\nWHATSAT kiwi 10 5\nNO\xff \n");
    let at = client.line();
    assert!(at.ends_with(" kiwi +34.068930-118.445127 5"), "{at}");
    let whatsat = client.whatsat();
    assert_eq!((whatsat.at.as_str(), whatsat.count()), (at.as_str(), 5));
    assert_eq!(client.rest(), b"? NO\xff \n");
}

/// Thousands of requests at once are answered in their order.
#[test]
fn requests_are_pipelined() {
    const COUNT: usize = 5_000;
    let herd = start();
    let mut reader = herd.client("A");
    let mut writer = herd_tests::client::Client::over(reader.stream().try_clone().expect("a handle"));
    let sending = std::thread::spawn(move || {
        let lines: Vec<String> = (0..COUNT).map(|index| format!("IAMAT c{index} +1+1 {index}\n")).collect();
        writer.send(lines.concat());
        writer.finish();
    });
    for index in 0..COUNT {
        let reply = reader.line();
        assert!(reply.ends_with(&format!(" c{index} +1+1 {index}")), "{index}: {reply}");
    }
    assert_eq!(reader.rest(), b"");
    sending.join().expect("all was sent");
}

/// An ID is any run of bytes that are not white space: no UTF-8, NUL, the whole range.
#[test]
fn any_bytes_are_an_id() {
    let herd = start();
    let mut client = herd.client("A");
    let all: Vec<u8> = (0..=255).filter(|byte| !matches!(byte, b' ' | b'\t'..=b'\r')).collect();
    for id in [&b"\xff\xfe\x80"[..], b"\0", b"a\0b", b"\xc3", &all] {
        client.send([b"IAMAT ", id, b" +1+1 7\n"].concat());
        let told = client.raw_line();
        assert!(told.ends_with(&[b" ", id, b" +1+1 7"].concat()), "{}", told.escape_ascii());
        client.send([b"WHATSAT ", id, b" 0 0\n"].concat());
        assert_eq!(client.raw_line(), told);
        while !client.raw_line().is_empty() {}
    }
}

/// Only a newer time replaces what is kept; of two with one time, the greater line.
#[test]
fn the_newest_position_is_kept() {
    let herd = start();
    let kept = |client: &str| herd.client("A").ask(format!("WHATSAT {client} 0 0"));
    let newer = herd.report("A", "kiwi", "100.000000001");
    for older in ["100", "100.000000000", "99.999999999", "-1", "0"] {
        let reply = herd.report("A", "kiwi", older);
        assert!(reply.ends_with(older), "{reply}");
        assert_eq!(kept("kiwi"), newer);
    }
    let newest = herd.report("A", "kiwi", "100.000000002");
    assert_eq!(kept("kiwi"), newest);

    let mut equals = Vec::new();
    for _ in 0..5 {
        equals.push(herd.report("A", "twin", "4"));
        let greatest = equals.iter().max().expect("one at least");
        assert_eq!(&kept("twin"), greatest);
    }
}
