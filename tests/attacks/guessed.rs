//! Somebody who guesses tokens.

use std::sync::atomic::{AtomicU64, Ordering};

use herd::Token;

use crate::alone;
use crate::siege::Siege;
use crate::strangers::{come, say};

/// A number that is another one each time, spread over all bits.
fn next(state: &AtomicU64) -> u64 {
    state.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Thousands of guesses, each on a connection of its own, since that is closed at the first wrong one: each gets the same
/// answer, others are served, and none of the guesses is in the log.
#[test]
fn tokens() {
    let known = Token::new(&[7; 32]);
    let access = "[access]\nanonymous = [\"all\"]\n[[access.token]]\nname = \"known\"\nmay = [\"all\"]\n";
    let mut siege = Siege::of(alone().with_config(&format!("{access}sha256 = \"{}\"\n", known.hash())));
    let state = AtomicU64::new(1);
    come(&mut siege, "guess a token, close", move |server| {
        let words = [next(&state), next(&state), next(&state), next(&state)];
        let guess = Token::new(words.map(u64::to_le_bytes).as_flattened().try_into().expect("32 bytes"));
        let reply = say(server, &format!("AUTH {}\nSTATUS\n", guess.as_str()));
        reply.is_ok_and(|reply| {
            assert_eq!(reply, b"? AUTH\n");
            true
        })
    });
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
    assert_eq!(siege.herd.client("A").ask(format!("AUTH {}", known.as_str())), "OK");
}
