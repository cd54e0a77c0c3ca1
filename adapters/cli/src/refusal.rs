//! Why a server has refused a request, which it does not say itself.

use herd::wire::Message;
use herd_host::did_you_mean;

/// The words that a client may begin a request with.
pub(crate) const COMMANDS: [&str; 10] =
    ["IAMAT", "WHATSAT", "WHERE", "NEAR", "WATCH", "FENCE", "UNWATCH", "FORGET", "STATUS", "AUTH"];

/// What is wrong with the request; where nothing is, what its refusal mostly means.
pub(crate) fn why(request: &[u8], is_encrypted: bool) -> String {
    let mostly = match Message::parse(request) {
        Err(refusal) => return refusal.to_string() + &meant(request),
        Ok(Some(Message::Whatsat { .. })) => "it has not heard of this client, or you have no right to ask for it: {}",
        Ok(Some(Message::Where { .. })) => {
            "no region has heard of this client, its region does not answer, or you have no right to ask for it: {}"
        }
        Ok(Some(Message::Iamat(_))) => {
            "its time may be too far ahead, the server full, or you may have no right to report this client: {}"
        }
        Ok(Some(Message::Forget(_))) => {
            "its time may be too far ahead, or you may have no right to forget this client: {}"
        }
        Ok(Some(Message::Near(_))) => "you may have no right to ask who is near: {}, or it is an older release",
        Ok(Some(Message::Watch(_) | Message::Fence(_))) => {
            "you may have no right to watch these clients: {}, or it is an older release, or it runs with one-shot"
        }
        Ok(Some(Message::Status)) => "you may have no right to ask: {}, or it is an older release",
        Ok(Some(Message::Auth { .. })) => return "the token is not known there".into(),
        Ok(_) => return "only servers of a herd say this to each other".into(),
    };
    let plain = if is_encrypted { "" } else { ", or it may demand TLS: try --tls" };
    mostly.replace("{}", "see --token-file") + plain
}

/// The command that somebody may have meant.
fn meant(request: &[u8]) -> String {
    let word = request.split(|&byte| herd::wire::is_white_space(byte)).find(|word| !word.is_empty());
    let word = String::from_utf8_lossy(word.unwrap_or_default());
    if COMMANDS.contains(&&*word) { String::new() } else { did_you_mean(&word, COMMANDS) }
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn the_parser_says_what_is_wrong() {
        for (request, what) in [
            ("IAMAT kiwi +1 1", "invalid position"),
            ("IAMAT kiwi +1+1 soon", "invalid time"),
            ("WHATSAT kiwi 51 5", "invalid radius"),
            ("WHATSAT kiwi", "wrong number of fields"),
            ("iamat kiwi +1+1 1", "unknown command; did you mean IAMAT?"),
            ("  WHATAT kiwi 10 5", "unknown command; did you mean WHATSAT?"),
            ("GET / HTTP/1.1", "unknown command"),
            ("AT A +0 kiwi +1+1 1 B", "only servers of a herd say this to each other"),
        ] {
            assert_eq!(why(request.as_bytes(), false), what, "{request}");
        }
        assert!(why(b"WHATSAT kiwi 10 5", false).ends_with("see --token-file, or it may demand TLS: try --tls"));
        assert!(why(b"WHATSAT kiwi 10 5", true).ends_with("see --token-file"));
    }
}
