//! However a client's bytes are cut, and whenever places come, it gets the same replies in the same
//! order; and whoever does not read is not read.

use herd::{Limits, SessionId};
use proptest::prelude::*;

use super::support::conversation::{Conversation, Step};
use super::support::driver::Driver;
use super::support::{herds, targets};
use super::usual;

/// Pieces of a conversation as [`targets::session`] reads it: requests of all kinds, usual ones and others, ends of
/// lines, cuts, ends of fetches, and any bytes.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +1+1 1479413885\r\n",
        "IAMAT \u{fc}ber -0.5+7 -1.5\n",
        "WHATSAT kiwi 10 5\n",
        "WHATSAT kiwi 10 2\n",
        " WHATSAT\tkiwi  0 0 \r\n",
        "WHATSAT nobody 10 5\n",
        "WHATSAT kiwi 51 5\n",
        "AT s1 +0.5 kiwi +2+2 1479413999 s1\n",
        "HELLO s1 5\n",
        "HELLO s2 5\n",
        "IAMAT",
        "\n",
        " \t\r\n",
        "|",
        "~",
        "^",
        "&",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![12 => word, 6 => usual::line().prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..60)]
}

/// Lines of the neighbour `s1`, most of them as servers write them.
fn reports() -> impl Strategy<Value = Vec<String>> {
    let origin = prop::sample::select(vec!["s0", "s1", "s2", "s3", "s9"]);
    let skew = prop::sample::select(vec!["+0.263873386", "-12.000000001", "+316107298.120953291", "+0.5", "0.5", "+1"]);
    let position = prop_oneof![12 => usual::position(), 1 => Just("+91.0+0.0".into())];
    let time = prop_oneof![
        8 => (0_u32..20).prop_map(|time| format!("14794138{time:02}.392014450")),
        4 => usual::time(),
        1 => Just("7".into()),
    ];
    let space = prop_oneof![12 => Just(" "), 1 => Just("  "), 1 => Just("\t")];
    let end = prop_oneof![12 => Just("s1\n"), 1 => Just("s1 \n"), 1 => Just("s1\r\n"), 1 => Just("s2\n")];
    let line = (origin, skew, 0_u8..20, position, time, space, end).prop_map(
        |(origin, skew, client, position, time, space, end)| {
            format!("AT {origin} {skew} client{client}{space}{position} {time} {end}")
        },
    );
    prop::collection::vec(line, 1..60)
}

/// A script in which every byte may be followed by a cut.
fn scripts() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(pieces(), 0..24), prop::collection::vec(0_usize..1000, 0..12)).prop_map(|(pieces, cuts)| {
        let mut script = pieces.concat();
        for cut in cuts {
            script.insert(cut % (script.len() + 1), b'|');
        }
        script
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_cutting_gives_the_same_replies(script in scripts()) {
        targets::session(&script);
    }

    #[test]
    fn reports_of_a_neighbour_are_the_same_in_any_cutting(reports in reports(), cut in 1_usize..400) {
        let text = ["HELLO s1 5\n".to_owned(), reports.concat()].concat();
        let [whole, cut] = [text.len(), cut].map(|most| {
            let herd = herds::herd(4, &[(0, 1), (0, 2), (2, 3)]);
            let mut driver = Driver::new(&herd, 0, &Limits::default(), 7);
            let mut session = driver.accept(SessionId(0), Some(herds::LOOPBACK));
            let mut out = Vec::new();
            for chunk in text.as_bytes().chunks(most) {
                out.extend(driver.receive(&mut session, chunk));
            }
            let node = driver.node();
            let mut kept: Vec<_> = node.records().map(|kept| kept.line().to_vec()).collect();
            kept.sort_unstable();
            (out, kept, node.links(), node.counters(), node.digest(), session.is_finished())
        });
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn many_usual_lines_in_any_cutting_give_the_same_replies(lines in usual::lines(), cut in 1_usize..200) {
        let limits = Limits { max_waiting: 1 << 20, handled: 64, ..Limits::default() };
        let cut = lines.as_bytes().chunks(cut).map(|chunk| Step::Bytes(chunk.to_vec()));
        let cut = Conversation::of(&limits, cut);
        let whole = Conversation::of(&limits, [Step::Bytes(lines.into_bytes())]);
        prop_assert_eq!(cut.escape_ascii().to_string(), whole.escape_ascii().to_string());
    }

    #[test]
    fn a_usual_line_may_be_as_long_as_any_other(line in usual::line(), spare in 0_usize..5, before in 0_usize..3) {
        let max_line = line.len() - 1 + spare - 2;
        let (is_at, first) = (line.starts_with("AT "), "IAMAT c0 +1+1 1\n");
        prop_assume!(max_line >= first.len());
        let first = if is_at { "HELLO s1 5\n" } else { first };
        let text = [first, &line.repeat(before), &line, "\n"].concat();
        let refused = |limits: &Limits| {
            let said = Conversation::of(limits, [Step::Bytes(text.clone().into_bytes())]);
            said.starts_with(b"? ") || said.windows(3).any(|bytes| bytes == b"\n? ")
        };
        let limits = Limits { handled: 64, ..Limits::default() };
        // What servers say of a client may be longer than what it said.
        let is_long = spare < 2 && !is_at;
        prop_assert_eq!(refused(&Limits { max_line, ..limits.clone() }), is_long || refused(&limits));
    }

    #[test]
    fn any_bytes_one_at_a_time_give_the_same_replies(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let limits = Limits { max_line: 50, ..Limits::default() };
        let whole = Conversation::of(&limits, [Step::Bytes(bytes.clone())]);
        let cut = Conversation::of(&limits, bytes.iter().map(|&byte| Step::Bytes(vec![byte])));
        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn a_client_that_does_not_read_is_not_read(requests in 10_usize..200, max_unsent in 1_usize..500) {
        let limits = Limits { max_unsent, ..Limits::default() };
        let mut conversation = Conversation::new(&limits);
        let (line, reply) = (b"IAMAT kiwi +1+1 1\n", b"AT s0 +1479413883.500000000 kiwi +1+1 1\n");
        for _ in 0..requests {
            conversation.step(Step::Bytes(line.to_vec()));
            prop_assert!(conversation.unsent() < max_unsent + reply.len());
        }
        let read = requests - conversation.unread() / line.len();
        prop_assert_eq!(read, max_unsent.div_ceil(reply.len()).min(requests));
        prop_assert_eq!(conversation.end(), reply.repeat(requests));
    }

    #[test]
    fn places_may_come_in_any_order(
        bounds in prop::collection::vec(0_u8..=20, 1..12), order in prop::collection::vec(0_usize..12, 0..12),
    ) {
        let mut text = b"IAMAT kiwi +1+1 1\n".to_vec();
        for (radius, bound) in bounds.iter().enumerate() {
            text.extend_from_slice(format!("WHATSAT kiwi {radius} {bound}\nIAMAT kiwi +1+1 {radius}\n").as_bytes());
        }
        let steps = || std::iter::once(Step::Bytes(text.clone()));
        let in_order = Conversation::of(&Limits::default(), steps());
        let mixed = steps().chain(order.iter().map(|&which| Step::Fetched(which)));
        prop_assert_eq!(Conversation::of(&Limits::default(), mixed), in_order);
    }
}
