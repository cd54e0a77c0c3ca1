//! Members of JSON as people and programs write them: `null` and an empty text are nothing, a number may be a text, and a
//! text a number.

use serde_json::{Map, Number, Value};

/// A member, read by `read`; nothing where it is not there or says nothing.
///
/// # Errors
/// What stands there, where it cannot be read so.
pub(crate) fn member<'a, T>(
    object: &'a Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, &'a Value> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => read(value).map(Some).ok_or(value),
    }
}

pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(crate) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(crate) fn whole_number<T: TryFrom<u64>>(value: &Value) -> Option<T> {
    number(value)?.as_u64()?.try_into().ok()
}

pub(crate) fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_bool(),
    }
}

pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

/// JSON, without the byte order mark that some programs write in front of it.
pub(crate) fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)
}
