//! What somebody types, as the request that it stands for.

use std::ops::Range;

use crate::refusal::COMMANDS;
use crate::shown;

/// A line of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Nothing,
    Help,
    Quit,
    /// As it is sent.
    Request(String),
}

impl Typed {
    /// Reads a line. Words of the protocol may be in lower case, and `now` stands for a time; all else is left as it is.
    pub(super) fn of(line: &str) -> Self {
        let fields = fields(line);
        let Some((first, rest)) = fields.split_first() else { return Self::Nothing };
        let word = line[first.clone()].to_ascii_uppercase();
        match (&*word, rest) {
            ("HELP" | "?", []) => return Self::Help,
            ("QUIT" | "EXIT", []) => return Self::Quit,
            _ => {}
        }
        let mut request = line.to_owned();
        if !COMMANDS.contains(&&*word) {
            return Self::Request(request);
        }
        // From the end on, so that the places of those before stay.
        match (&*word, rest) {
            ("IAMAT", [_, _, time]) | ("FORGET", [_, time]) if line[time.clone()].eq_ignore_ascii_case("now") => {
                request.replace_range(time.clone(), &shown::now().to_string());
            }
            ("NEAR", [_, _, _, .., option, _]) | ("FENCE", [_, _, .., option, _])
                if ["heard", "dwell"].iter().any(|word| line[option.clone()].eq_ignore_ascii_case(word)) =>
            {
                request[option.clone()].make_ascii_uppercase();
            }
            _ => {}
        }
        request.replace_range(first.clone(), &word);
        Self::Request(request)
    }
}

/// Where the fields of a line are.
fn fields(line: &str) -> Vec<Range<usize>> {
    let place = |field: &str| {
        let start = field.as_ptr().addr() - line.as_ptr().addr();
        start..start + field.len()
    };
    line.split(|char: char| u8::try_from(char).is_ok_and(herd::wire::is_white_space))
        .filter(|field| !field.is_empty())
        .map(place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_protocol_may_be_in_lower_case() {
        for (line, request) in [
            ("iamat kiwi +1+1 1", "IAMAT kiwi +1+1 1"),
            ("  Watch  truck-*", "  WATCH  truck-*"),
            ("near kiwi 10 5 heard 60", "NEAR kiwi 10 5 HEARD 60"),
            ("near kiwi 10 5 truck-* heard 60", "NEAR kiwi 10 5 truck-* HEARD 60"),
            ("fence +1+1 5 dwell 60", "FENCE +1+1 5 DWELL 60"),
            ("fence +1+1 5 heard", "FENCE +1+1 5 heard"),
            ("whatsat now 1 1", "WHATSAT now 1 1"),
            ("hello kiwi", "hello kiwi"),
            ("help kiwi", "help kiwi"),
            ("whatsat Ä\u{a0}ö 1 1", "WHATSAT Ä\u{a0}ö 1 1"),
        ] {
            assert_eq!(Typed::of(line), Typed::Request(request.into()), "{line}");
        }
        assert_eq!(["", " \t", "help", " quit ", "EXIT", "?"].map(Typed::of), {
            use Typed::{Help, Nothing, Quit};
            [Nothing, Nothing, Help, Quit, Quit, Help]
        });
    }

    #[test]
    fn now_is_a_time() {
        for line in ["iamat now +1+1 now", "forget now NOW"] {
            let Typed::Request(request) = Typed::of(line) else { panic!("{line} is a request") };
            let message = herd::wire::Message::parse(request.as_bytes()).expect("a message").expect("a line");
            assert!(format!("{message:?}").contains("at: Timestamp("), "{message:?}");
            assert_eq!(request.split(' ').nth(1), Some("now"), "a client of that name stays");
        }
    }
}
