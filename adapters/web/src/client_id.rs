//! Clients' IDs in URLs and in JSON.
//!
//! An ID is any bytes without white space. In a URL each byte may be percent-encoded, and what cannot stand there is. In
//! JSON an ID is text: itself, where it is UTF-8 and has no `%`; else with each `%`, and each byte that is no part of a
//! character, percent-encoded. So a text with a `%` is always decoded, and no two IDs have the same.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::percent_decode;

/// An ID as it stands in JSON.
pub(crate) fn to_text(id: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(id)
        && !text.contains('%')
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(id.len() + 8);
    for chunk in id.utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Cow::Owned(text)
}

/// The bytes that stand for themselves or percent-encoded in a URL. A `+` is a plus.
pub(crate) fn from_url(text: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_text_in_json_and_no_two_are_the_same() {
        for (id, text) in [
            (&b"truck-7"[..], "truck-7"),
            ("Zürich".as_bytes(), "Zürich"),
            (b"50%", "50%25"),
            (b"a\xff/b", "a%FF/b"),
            (b"%FF", "%25FF"),
            (b"\x00<b>", "\u{0}<b>"),
        ] {
            assert_eq!(to_text(id), text);
            let decoded = if text.contains('%') { from_url(text.as_bytes()) } else { text.as_bytes().into() };
            assert_eq!(decoded, id);
        }
    }
}
