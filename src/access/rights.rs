//! What a connection may do.

use core::fmt;
use core::str::FromStr;

use crate::values::{InvalidPattern, Pattern, Patterns};
use crate::wire::Need;

/// One thing that may be done, as it is written in a file: `report:truck-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// `report:PATTERN`: to say where these clients are (IAMAT).
    Report(Pattern),
    /// `forget:PATTERN`: to have these clients forgotten (FORGET).
    Forget(Pattern),
    /// `ask:PATTERN`: to ask where these clients are (WHATSAT).
    Ask(Pattern),
    /// `near`: to ask who is near (NEAR).
    Near,
    /// `watch:PATTERN`: to be told where these clients go (WATCH, FENCE).
    Watch(Pattern),
    /// `share:PATTERN`: to share where these clients are with people without a token.
    Share(Pattern),
    /// `status`: to ask how the server is (STATUS).
    Status,
    /// `all`: all of it.
    All,
}

/// Everything that somebody may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    report: Patterns,
    forget: Patterns,
    ask: Patterns,
    watch: Patterns,
    share: Patterns,
    near: bool,
    status: bool,
}

/// Why a text is no right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRight {
    /// There is no such right. [`Right::WORDS`] are those that there are.
    #[error("unknown right `{0}`")]
    Unknown(String),
    /// A right that is about clients, without a pattern.
    #[error("`{0}` needs a pattern: `{0}:*` is about all clients")]
    NoPattern(&'static str),
    /// A right that is not about clients, with a pattern.
    #[error("`{0}` takes no pattern")]
    Pattern(&'static str),
    /// Its pattern is none.
    #[error(transparent)]
    Invalid(#[from] InvalidPattern),
}

impl Right {
    /// The words with which rights begin.
    pub const WORDS: [&str; 8] = ["report", "forget", "ask", "near", "watch", "share", "status", "all"];
}

impl FromStr for Right {
    type Err = InvalidRight;

    fn from_str(text: &str) -> Result<Self, InvalidRight> {
        let (word, pattern) = text.split_once(':').map_or((text, None), |(word, pattern)| (word, Some(pattern)));
        let word = Self::WORDS.into_iter().find(|known| *known == word);
        let word = word.ok_or_else(|| InvalidRight::Unknown(text.into()))?;
        let of = |right: fn(Pattern) -> Self| -> Result<Self, InvalidRight> {
            Ok(right(pattern.ok_or(InvalidRight::NoPattern(word))?.parse()?))
        };
        let alone = |right| if pattern.is_none() { Ok(right) } else { Err(InvalidRight::Pattern(word)) };
        match word {
            "report" => of(Self::Report),
            "forget" => of(Self::Forget),
            "ask" => of(Self::Ask),
            "watch" => of(Self::Watch),
            "share" => of(Self::Share),
            "near" => alone(Self::Near),
            "status" => alone(Self::Status),
            _ => alone(Self::All),
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(pattern) => write!(f, "report:{pattern}"),
            Self::Forget(pattern) => write!(f, "forget:{pattern}"),
            Self::Ask(pattern) => write!(f, "ask:{pattern}"),
            Self::Watch(pattern) => write!(f, "watch:{pattern}"),
            Self::Share(pattern) => write!(f, "share:{pattern}"),
            Self::Near => f.write_str("near"),
            Self::Status => f.write_str("status"),
            Self::All => f.write_str("all"),
        }
    }
}

impl Rights {
    /// Every right.
    #[must_use]
    pub fn all() -> Self {
        [Right::All].into_iter().collect()
    }

    /// No right.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The clients whose positions may be reported.
    #[inline]
    pub(crate) const fn report(&self) -> &Patterns {
        &self.report
    }

    /// The clients that may be asked for.
    pub(crate) const fn ask(&self) -> &Patterns {
        &self.ask
    }

    /// The clients that may be watched.
    pub(crate) const fn watch(&self) -> &Patterns {
        &self.watch
    }

    /// Whether a request may be made, about that client where it is about one.
    #[inline]
    #[must_use]
    pub fn allow(&self, need: Need, client: &[u8]) -> bool {
        match need {
            Need::Report => self.report.covers(client),
            Need::Forget => self.forget.covers(client),
            Need::Ask => self.ask.covers(client),
            Need::Near => self.near,
            Need::Watch => self.watch.covers(client),
            Need::Share => self.share.covers(client),
            Need::Status => self.status,
        }
    }

    /// Whether all that others may do may be done with these.
    #[must_use]
    pub fn cover_all_of(&self, other: &Self) -> bool {
        let Self { report, forget, ask, watch, share, near, status } = self;
        let patterns = [
            (report, &other.report),
            (forget, &other.forget),
            (ask, &other.ask),
            (watch, &other.watch),
            (share, &other.share),
        ];
        patterns.iter().all(|(have, other)| have.cover_all_of(other))
            && (*near || !other.near)
            && (*status || !other.status)
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        let mut all = Self::default();
        for right in rights {
            match right {
                Right::Report(pattern) => all.report.add(pattern),
                Right::Forget(pattern) => all.forget.add(pattern),
                Right::Ask(pattern) => all.ask.add(pattern),
                Right::Watch(pattern) => all.watch.add(pattern),
                Right::Share(pattern) => all.share.add(pattern),
                Right::Near => all.near = true,
                Right::Status => all.status = true,
                Right::All => {
                    let any = Pattern::any();
                    let all = &mut all;
                    for patterns in [&mut all.report, &mut all.forget, &mut all.ask, &mut all.watch, &mut all.share] {
                        patterns.add(any.clone());
                    }
                    (all.near, all.status) = (true, true);
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(texts: &[&str]) -> Rights {
        texts.iter().map(|text| text.parse::<Right>().expect(text)).collect()
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in ["report:truck-*", "forget:*", "ask:kiwi", "near", "watch:a:b*", "share:*", "status", "all"] {
            assert_eq!(text.parse::<Right>().expect(text).to_string(), text);
        }
        for (bad, why) in [
            ("", "unknown right ``"),
            ("Report:*", "unknown right `Report:*`"),
            ("report", "`report` needs a pattern: `report:*` is about all clients"),
            ("status:*", "`status` takes no pattern"),
            ("ask:a*b", "invalid pattern \"a*b\": a client's ID, or the beginning of one and a `*` behind it"),
        ] {
            assert_eq!(bad.parse::<Right>().expect_err(bad).to_string(), why);
        }
    }

    #[test]
    fn rights_within_rights() {
        let (all, none) = (Rights::all(), Rights::none());
        let some = rights(&["report:truck-*", "ask:*", "status"]);
        assert!(all.cover_all_of(&some) && some.cover_all_of(&none) && !some.cover_all_of(&all));
        assert!(some.cover_all_of(&rights(&["report:truck-7", "ask:kiwi"])));
        assert!(!some.cover_all_of(&rights(&["report:*"])) && !some.cover_all_of(&rights(&["near"])));
        assert!(some.report().covers(b"truck-7") && !some.report().covers(b"kiwi") && some.ask().covers_any());
    }
}
