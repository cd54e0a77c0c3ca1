//! The parameters of a query, or of a form.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Names and values as they were sent, percent-decoded. Templates that people write themselves repeat names, and leave `&`
/// and `%` as they are: nothing of that is an error, and the last value of a name counts.
pub(crate) struct Parameters<'a>(Vec<Parameter<'a>>);

/// A name and its value.
type Parameter<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl<'a> Parameters<'a> {
    /// Those of a query behind its `?`, or of a form's body.
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let pairs = text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let mut halves = pair.splitn(2, |&byte| byte == b'=');
                    let name = halves.next().unwrap_or_default();
                    (decoded(name), decoded(halves.next().unwrap_or_default()))
                })
                .collect(),
        )
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last value of the first of these names that has one which is not empty.
    pub(crate) fn bytes(&self, names: &[&str]) -> Option<&[u8]> {
        names.iter().find_map(|name| {
            let of_name = |(known, value): &&Parameter<'_>| **known == *name.as_bytes() && !value.is_empty();
            self.0.iter().rev().find(of_name).map(|(_, value)| &**value)
        })
    }

    /// The same as text; nothing that is a number or a time is not UTF-8.
    pub(crate) fn text(&self, names: &[&str]) -> Option<Cow<'_, str>> {
        self.bytes(names).map(String::from_utf8_lossy)
    }
}

/// Without its `%xx`, and a space for each `+`.
fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_nothing_is_an_error() {
        let parameters = Parameters::of(b"id=a+b%2Bc&lat=1&lat=2&lon=&&flag&x%=%zz&bytes=%ff&desc=AT%26T&A&lon=3=4");
        assert_eq!(parameters.bytes(&["id"]), Some(&b"a b+c"[..]));
        assert_eq!(parameters.text(&["latitude", "lat"]).as_deref(), Some("2"));
        assert_eq!(parameters.text(&["lon"]).as_deref(), Some("3=4"));
        assert_eq!(parameters.text(&["x%"]).as_deref(), Some("%zz"));
        assert_eq!(parameters.bytes(&["bytes"]), Some(&b"\xff"[..]));
        assert_eq!((parameters.bytes(&["flag"]), parameters.bytes(&["none"])), (None, None));
        assert!(Parameters::of(b"").is_empty() && Parameters::of(b"&&").is_empty() && !parameters.is_empty());
    }
}
