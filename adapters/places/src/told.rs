//! What a source itself says of an error, in whatever form it says it.

use herd::places::Status;
use serde_json::Value;

use crate::lenient::without_mark;

/// What a source itself says of an error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Google's word for it, where it has one.
    pub(crate) word: Option<Status>,
    /// Its message for people; it may be empty.
    pub(crate) message: String,
}

/// More than any message of Google's has: a body may be a whole page.
const MOST_CHARS: usize = 500;

/// Where a message may stand in a body, the fullest first: Google's APIs of today
/// (<https://cloud.google.com/apis/design/errors>), those before, OAuth, the legacy Places API, and what proxies say.
const MESSAGES: [&str; 7] = [
    "/error/message",
    "/error/errors/0/message",
    "/errors/0/message",
    "/error_message",
    "/error_description",
    "/message",
    "/error",
];

impl Told {
    /// What the body of an HTTP error says, if it says anything.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        let Ok(json) = serde_json::from_slice::<Value>(without_mark(body)) else { return Self::of_text(body) };
        // Some of Google's endpoints answer with a list of one.
        let json = json.get(0).unwrap_or(&json);
        let texts = MESSAGES.iter().filter_map(|path| json.pointer(path)?.as_str());
        let message = texts.map(in_one_line).find(|text| !text.is_empty()).unwrap_or_default();
        let word = word(json);
        (word.is_some() || !message.is_empty()).then_some(Self { word, message })
    }

    /// A page is for browsers; a line is for whoever asks.
    fn of_text(body: &[u8]) -> Option<Self> {
        let message = in_one_line(core::str::from_utf8(without_mark(body)).ok()?);
        let is_line = !message.is_empty() && !message.starts_with(['<', '{', '[']);
        is_line.then_some(Self { word: None, message })
    }
}

fn word(json: &Value) -> Option<Status> {
    let error = json.get("error").unwrap_or(json);
    let details = error.get("details").and_then(Value::as_array);
    // A wrong key is an invalid argument to the new API and a denied request to the old one.
    if details.is_some_and(|details| details.iter().any(|detail| detail["reason"] == "API_KEY_INVALID")) {
        return Some(Status::RequestDenied);
    }
    Some(match error.get("status").or_else(|| json.get("status"))?.as_str()? {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" | "INVALID_REQUEST" => Status::InvalidRequest,
        "PERMISSION_DENIED" | "UNAUTHENTICATED" | "REQUEST_DENIED" => Status::RequestDenied,
        "RESOURCE_EXHAUSTED" | "OVER_QUERY_LIMIT" | "OVER_DAILY_LIMIT" => Status::OverQueryLimit,
        _ => return None,
    })
}

/// The words of a text with single spaces between, as far as anybody reads.
fn in_one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_in_every_form() {
        for body in [
            r#"{"error": {"code": 400, "message": "no", "status": "INTERNAL"}}"#,
            r#"{"error": {"code": 400, "message": "no", "status": 400, "details": null}}"#,
            r#"{"error": {"message": "no", "details": [7, {"reason": null}]}}"#,
            r#"[{"error": {"message": "no"}}]"#,
            r#"{"error": {"errors": [{"domain": "global", "message": "no"}]}}"#,
            r#"{"error": "no"}"#,
            r#"{"error": "invalid_grant", "error_description": "no"}"#,
            r#"{"error_message": "no", "results": []}"#,
            r#"{"message": "no"}"#,
            "\u{feff}{\"error\": {\"message\": \"no\"}}",
            "no",
            " no\r\n",
        ] {
            assert_eq!(Told::of(body.as_bytes()), Some(Told { word: None, message: "no".into() }), "{body}");
        }
        for body in ["", "<html>no</html>", "{\"error\": ", "{}", "[]", "7", "\u{feff}"] {
            assert_eq!(Told::of(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn errors_are_told_in_the_old_words() {
        let told = |word| Some(Told { word: Some(word), message: "m".into() });
        let error = |status: &str, details: &str| {
            let body =
                format!(r#"{{"error": {{"code": 400, "message": "m", "status": "{status}", "details": {details}}}}}"#);
            Told::of(body.as_bytes())
        };
        for (status, word) in [
            ("INVALID_ARGUMENT", Status::InvalidRequest),
            ("PERMISSION_DENIED", Status::RequestDenied),
            ("RESOURCE_EXHAUSTED", Status::OverQueryLimit),
        ] {
            assert_eq!(error(status, "[]"), told(word));
        }
        let key = r#"[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]"#;
        assert_eq!(error("INVALID_ARGUMENT", key), told(Status::RequestDenied));
        let legacy = Told::of(br#"{"status": "REQUEST_DENIED", "results": []}"#);
        assert_eq!(legacy, Some(Told { word: Some(Status::RequestDenied), message: String::new() }));
    }

    #[test]
    fn nobody_is_told_a_page() {
        let long = Told::of("no ".repeat(9_999).as_bytes()).expect("a message").message;
        assert_eq!((long.chars().count(), long.ends_with("...")), (MOST_CHARS + 3, true));
    }
}
