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
}
