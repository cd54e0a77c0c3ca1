//! Values of JSON by their text.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::decimal::Decimal;

/// What stands in a text, or as it stands there what is none: a number by its digits.
pub(super) fn text(value: &RawValue) -> Cow<'_, str> {
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(value.get()),
    }
}

/// A number, also one that is written as a text.
pub(super) fn number(value: Option<&RawValue>) -> Option<Decimal> {
    super::fix::number(&text(value?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_as_numbers_and_as_texts() {
        let value = |json: &str| serde_json::from_str::<Box<RawValue>>(json).expect(json);
        for (json, is) in [
            ("37.785834000000001", Some("37.785834000000001")),
            (r#""-1.50""#, Some("-1.50")),
            ("true", None),
            ("[1]", None),
            ("1e400", None),
            (r#""NaN""#, None),
        ] {
            assert_eq!(number(Some(&value(json))).map(|number| number.as_str().to_owned()).as_deref(), is, "{json}");
        }
    }
}
