//! A secret that a places source is shown.

use core::fmt;

/// A key: one word of printable ASCII. It is in no message, and not in its own `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

/// Why a text is no key. The text is not shown, not even when it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing but white space.
    #[error("the key is empty")]
    Empty,
    /// White space or other characters inside, or longer than [`Key::MOST_BYTES`].
    #[error("the key must be one word of printable ASCII, at most 4096 bytes")]
    NotAWord,
}

impl Key {
    /// The longest key, in bytes.
    pub const MOST_BYTES: usize = 4096;

    /// Takes a key; white space around it is not part of it.
    ///
    /// # Errors
    /// A [`KeyError`].
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let key = text.trim();
        if key.is_empty() {
            return Err(KeyError::Empty);
        }
        let fits = key.len() <= Self::MOST_BYTES && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(key.into())) } else { Err(KeyError::NotAWord) }
    }

    /// The secret itself, for the request alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with `(key)` wherever it holds the key, as it is or percent-encoded (RFC 3986, section
    /// 2.1): a source that repeats the address it was asked repeats the key in that form.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let (show, after) = match self.strip(rest) {
                Some(after) => ("(key)", after),
                None => rest.split_at(next.len_utf8()),
            };
            shown.push_str(show);
            rest = after;
        }
        shown
    }

    /// What follows the key in a text that begins with it.
    fn strip<'a>(&self, text: &'a str) -> Option<&'a str> {
        // As a whole first: of a key that holds `%25`, a `%` alone would be taken for the three.
        text.strip_prefix(self.expose()).or_else(|| self.0.bytes().try_fold(text, strip_byte))
    }
}

/// What follows `byte`, percent-encoded or as it is.
fn strip_byte(text: &str, byte: u8) -> Option<&str> {
    let encoded = text.strip_prefix('%').and_then(|text| text.split_at_checked(2));
    match encoded {
        Some((hex, rest)) if u8::from_str_radix(hex, 16) == Ok(byte) => Some(rest),
        _ => text.strip_prefix(char::from(byte)),
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_word_and_hidden() {
        let key = Key::new(" AIza-secret\n").expect("a key");
        assert_eq!((key.expose(), format!("{key:?}").as_str()), ("AIza-secret", "Key(hidden)"));
        assert_eq!(Key::new("\n"), Err(KeyError::Empty));
        for bad in ["two words", "b\u{7}ll", "ключ"] {
            assert_eq!(Key::new(bad), Err(KeyError::NotAWord));
        }
    }

    #[test]
    fn a_key_is_hidden_in_every_spelling() {
        let key = Key::new("a+b/%=").expect("a key");
        for (text, shown) in [
            ("a+b/%=", "(key)"),
            ("?key=a%2Bb%2F%25%3D&x=1", "?key=(key)&x=1"),
            ("?key=a%2bb/%25=.", "?key=(key)."),
            ("%61%2B%62%2F%25%3D", "(key)"),
            ("a+b/%=a+b/%=", "(key)(key)"),
            ("aa+b/%=", "a(key)"),
            ("a+b/% a%2Bб %2", "a+b/% a%2Bб %2"),
            ("", ""),
        ] {
            assert_eq!(key.hide(text), shown);
        }
        let key = Key::new("a%25").expect("a key");
        assert_eq!(key.hide("a%25 a%2525"), "(key) (key)25");
    }
}
