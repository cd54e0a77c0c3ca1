//! A line of a watch, as a server says it.

use herd::wire::WatchWord;

use crate::record::Record;

/// What a line of one watch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Something about a client.
    Client(WatchWord, Record),
    /// Something about the watch itself.
    Watch(WatchWord),
}

impl Line {
    /// Reads a line without its LF, of the watch of that target.
    pub(super) fn parse(line: &[u8], target: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(target)?.strip_suffix(b" ")?;
        let word_end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (word, fields) = line.split_at(word_end);
        let word = WatchWord::parse(word)?;
        if let WatchWord::Watching | WatchWord::Again | WatchWord::Unwatched = word {
            return fields.is_empty().then_some(Self::Watch(word));
        }
        let head: &[u8] = if word == WatchWord::Forgotten { b"GONE" } else { b"AT" };
        Some(Self::Client(word, Record::parse(&[head, fields].concat())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back() {
        let target = b"+34.07-118.44 5 *";
        let parse = |text: &str| Line::parse(format!("{text} +34.07-118.44 5 *").as_bytes(), target);
        let at = Record::parse(b"AT A +0.25 kiwi +34.1-118.4 5").expect("a record");
        let gone = Record::parse(b"GONE A +0.25 kiwi 5").expect("a record");
        let (seen, left) = (("SEEN", WatchWord::Seen), ("LEFT", WatchWord::Left));
        for (word, what) in [seen, left, ("ENTER", WatchWord::Enter), ("LEAVE", WatchWord::Leave)] {
            let line = Line::Client(what, at.clone());
            assert_eq!(parse(&format!("{word} A +0.25 kiwi +34.1-118.4 5")), Some(line));
        }
        assert_eq!(parse("EXPIRED A +0.25 kiwi +34.1-118.4 5"), Some(Line::Client(WatchWord::Expired, at)));
        assert_eq!(parse("FORGOTTEN A +0.25 kiwi 5"), Some(Line::Client(WatchWord::Forgotten, gone)));
        let (watching, again) = (("WATCHING", WatchWord::Watching), ("AGAIN", WatchWord::Again));
        for (text, word) in [watching, again, ("UNWATCHED", WatchWord::Unwatched)] {
            assert_eq!(parse(text), Some(Line::Watch(word)));
        }
        for strange in
            ["SEEN A +0.25 kiwi 5", "FORGOTTEN A +0.25 kiwi +34.1-118.4 5", "AT A +0.25 kiwi +1+1 5", "", "AGAIN x"]
        {
            assert_eq!(parse(strange), None, "{strange}");
        }
        assert_eq!(Line::parse(b"WATCHING truck-*", target), None);
    }
}
