//! A line of a watch, as a server says it.

use crate::record::Record;

/// What a line of one watch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Something about a client.
    Client(What, Record),
    /// All that was so at the start has been told.
    Watching,
    /// Lines were lost: what was told counts no more, and all comes as at the start.
    Again,
    /// No more comes.
    Unwatched,
}

/// What happened to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Seen,
    Left,
    Enter,
    Leave,
    Forgotten,
    Expired,
}

impl What {
    fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"SEEN" => Self::Seen,
            b"LEFT" => Self::Left,
            b"ENTER" => Self::Enter,
            b"LEAVE" => Self::Leave,
            b"FORGOTTEN" => Self::Forgotten,
            b"EXPIRED" => Self::Expired,
            _ => return None,
        })
    }
}

impl Line {
    /// Reads a line without its LF, of the watch of that target.
    pub(super) fn parse(line: &[u8], target: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(target)?.strip_suffix(b" ")?;
        let word_end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (word, fields) = line.split_at(word_end);
        match word {
            b"WATCHING" if fields.is_empty() => return Some(Self::Watching),
            b"AGAIN" if fields.is_empty() => return Some(Self::Again),
            b"UNWATCHED" if fields.is_empty() => return Some(Self::Unwatched),
            _ => {}
        }
        let what = What::of(word)?;
        let head: &[u8] = if what == What::Forgotten { b"GONE" } else { b"AT" };
        Some(Self::Client(what, Record::parse(&[head, fields].concat())?))
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
        for (word, what) in [("SEEN", What::Seen), ("LEFT", What::Left), ("ENTER", What::Enter), ("LEAVE", What::Leave)]
        {
            let line = Line::Client(what, at.clone());
            assert_eq!(parse(&format!("{word} A +0.25 kiwi +34.1-118.4 5")), Some(line));
        }
        assert_eq!(parse("EXPIRED A +0.25 kiwi +34.1-118.4 5"), Some(Line::Client(What::Expired, at)));
        assert_eq!(parse("FORGOTTEN A +0.25 kiwi 5"), Some(Line::Client(What::Forgotten, gone)));
        for (word, line) in [("WATCHING", Line::Watching), ("AGAIN", Line::Again), ("UNWATCHED", Line::Unwatched)] {
            assert_eq!(parse(word), Some(line));
        }
        for strange in
            ["SEEN A +0.25 kiwi 5", "FORGOTTEN A +0.25 kiwi +34.1-118.4 5", "AT A +0.25 kiwi +1+1 5", "", "AGAIN x"]
        {
            assert_eq!(parse(strange), None, "{strange}");
        }
        assert_eq!(Line::parse(b"WATCHING truck-*", target), None);
    }
}
