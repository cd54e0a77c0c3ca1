//! Lines mean what they say, and what means nothing is echoed as it came.

use herd::Limits;
use herd::wire::{Message, Sighted, is_white_space};
use proptest::prelude::*;

use super::support::conversation::{Conversation, Step};
use super::support::targets;

/// A run of bytes that are not white space.
fn field() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>().prop_filter("no white space", |&byte| !is_white_space(byte)), 1..12)
}

/// White space that separates fields without ending the line.
fn gap(least: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b" \t\r\x0b\x0c".to_vec()), least..4)
}

fn degrees(most: u32) -> impl Strategy<Value = String> {
    (prop::bool::ANY, 0..most, prop::option::of("[0-9]{1,12}")).prop_map(|(south, whole, decimals)| {
        let decimals = decimals.map(|decimals| format!(".{decimals}")).unwrap_or_default();
        format!("{}{whole}{decimals}", if south { '-' } else { '+' })
    })
}

fn position() -> impl Strategy<Value = Vec<u8>> {
    (degrees(90), degrees(180)).prop_map(|(latitude, longitude)| format!("{latitude}{longitude}").into_bytes())
}

fn time() -> impl Strategy<Value = Vec<u8>> {
    "-?[0-9]{1,18}(\\.[0-9]{1,9})?".prop_map(String::into_bytes)
}

/// Texts that are positions, or nearly, around every bound that there is.
fn nearly_a_position() -> impl Strategy<Value = String> {
    let half = |most: &str| {
        let pattern = format!("[+-]{{0,2}}(0{{0,2}}[0-9]{{0,3}}|{most})(\\.[0-9]{{0,18}}|[.e/:])?");
        prop::string::string_regex(&pattern).expect("a pattern")
    };
    (half("(89|90|91)"), half("(179|180|181)")).prop_map(|(latitude, longitude)| latitude + &longitude)
}

/// Texts that are times, or nearly, around every length that there is.
fn nearly_a_time() -> impl Strategy<Value = String> {
    "-?[0-9]{0,20}([.e/:][0-9]{0,11})?[.e/:]?"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_iamat_is_read_field_by_field(
        client in field(), position in position(), time in time(), before in gap(0), between in gap(1),
    ) {
        let line = [&before, &b"IAMAT"[..], &between, &client, &between, &position, &between, &time, &before].concat();
        let Ok(Some(Message::Iamat(sighting))) = Message::parse(&line) else { panic!("{}", line.escape_ascii()) };
        prop_assert_eq!((sighting.client, sighting.position, sighting.time), (&client[..], &position[..], &time[..]));
        targets::line(&line);
    }

    #[test]
    fn a_reply_copies_the_fields_and_a_neighbour_reads_them_back(
        client in field(), position in position(), time in time(),
    ) {
        let line = [&b"IAMAT "[..], &client, b" ", &position, b" ", &time].concat();
        let reply = Conversation::of(&Limits::default(), [Step::Bytes(line)]);
        let tail = [&b" "[..], &client, b" ", &position, b" ", &time, b"\n"].concat();
        prop_assert!(reply.starts_with(b"AT s0 ") && reply.ends_with(&tail), "{}", reply.escape_ascii());
        let copy = [&reply[..reply.len() - 1], b" s0"].concat();
        let Ok(Some(Message::At { report, sender })) = Message::parse(&copy) else { panic!() };
        let Sighted { origin, sighting, .. } = report;
        prop_assert_eq!((origin, sender), (&b"s0"[..], &b"s0"[..]));
        prop_assert_eq!((sighting.client, sighting.position, sighting.time), (&client[..], &position[..], &time[..]));
        targets::line(&copy);
    }

    #[test]
    fn what_is_refused_is_echoed_and_ends_the_conversation(line in prop::collection::vec(any::<u8>(), 0..100)) {
        let line: Vec<u8> = line.into_iter().filter(|&byte| byte != b'\n').collect();
        targets::line(&line);
        prop_assume!(Message::parse(&line).is_err());
        let input = [&b"IAMAT kiwi +1+1 1\n"[..], &line, b"\nIAMAT later +1+1 1\n"].concat();
        let reply = Conversation::of(&Limits::default(), [Step::Bytes(input)]);
        let expected = [&b"AT s0 +1479413883.500000000 kiwi +1+1 1\n? "[..], &line, b"\n"].concat();
        prop_assert_eq!(reply, expected);
    }

    /// The usual spacing is read another way than all others.
    #[test]
    fn spacing_changes_nothing(client in field(), position in nearly_a_position(), time in nearly_a_time(), skew in "[+-]?[0-9]{1,3}(\\.[0-9]{0,9})?") {
        for words in [&[&b"IAMAT"[..], &client, position.as_bytes(), time.as_bytes()][..], &[b"AT", b"s1", skew.as_bytes(), &client, position.as_bytes(), time.as_bytes(), b"s1"]] {
            let reply = |line: Vec<u8>| {
                let refused = [b"? ", &line[..]].concat();
                // Others follow, so that the line does not end where what was received does.
                let after = b"\nIAMAT kiwi +1+1 1\nIAMAT kiwi +1+1 1\nIAMAT kiwi +1+1 1\n";
                let reply = Conversation::of(&Limits::default(), [Step::Bytes([&line, &after[..]].concat())]);
                (!reply.starts_with(&refused)).then_some(reply)
            };
            prop_assert_eq!(reply(words.join(&b' ')), reply(words.join(&b"  "[..])));
        }
    }

    #[test]
    fn spacing_changes_no_question(known in any::<bool>(), radius in "[0-9]{0,3}(\\.[0-9]{0,2})?", bound in "[+0-9]?[0-9]{0,2}") {
        let client = if known { &b"kiwi"[..] } else { b"moa" };
        let reply = |gap: &[u8]| {
            let line = [b"WHATSAT", client, radius.as_bytes(), bound.as_bytes()].join(gap);
            let input = [b"IAMAT kiwi +1+1 1\n", &line[..], b"\nIAMAT kiwi +1+1 1\n"].concat();
            let reply = Conversation::of(&Limits::default(), [Step::Bytes(input)]);
            let refused = reply.ends_with(&[b"? ", &line[..], b"\n"].concat());
            (!refused).then_some(reply)
        };
        prop_assert_eq!(reply(b" "), reply(b"  "));
    }

    #[test]
    fn nearly_right_lines_never_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "IAMAT", "WHATSAT", "AT", "HELLO", "s0", "s1", "kiwi", "+1-1", "+91+0", "1.5", "-1", "+0.5", "10", "50.5", "21",
        ]), 0..9),
    ) {
        let line = words.join(" ");
        targets::line(line.as_bytes());
        Conversation::of(&Limits::default(), [Step::Bytes(line.into_bytes())]);
    }
}
