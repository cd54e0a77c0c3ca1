//! However a client's bytes are cut, and whenever places come, it gets the same replies in the same
//! order; and whoever does not read is not read.

use herd::Limits;
use proptest::prelude::*;

use super::support::conversation::{Conversation, Step};
use super::support::targets;

/// Pieces of a conversation as [`targets::session`] reads it: requests of all kinds, ends of lines,
/// cuts, ends of fetches, and any bytes.
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
    prop_oneof![12 => word, 1 => prop::collection::vec(any::<u8>(), 0..60)]
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
