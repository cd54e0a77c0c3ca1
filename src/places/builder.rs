//! Making a reply of one's own.

use super::reply::Places;

/// Makes a [`Places`] result by result.
#[derive(Debug)]
pub struct Builder {
    pub(super) json: Vec<u8>,
    pub(super) inside: usize,
    pub(super) ends: Vec<usize>,
}

impl Builder {
    fn new(html_attributions: &[&str]) -> Self {
        let mut json = Vec::with_capacity(512);
        json.extend_from_slice(b"{\n   \"html_attributions\" : [");
        for (index, attribution) in html_attributions.iter().enumerate() {
            json.extend_from_slice(if index == 0 { b" " } else { b", " });
            push_json_string(&mut json, attribution);
        }
        json.extend_from_slice(if html_attributions.is_empty() { b"],\n" } else { b" ],\n" });
        json.extend_from_slice(b"   \"results\" : [");
        let inside = json.len();
        Self { json, inside, ends: Vec::new() }
    }

    /// Adds a result: `write` appends one JSON value, indented by two levels from its second line on.
    pub fn result(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.json.extend_from_slice(if self.ends.is_empty() { b"\n      " } else { b",\n      " });
        write(&mut self.json);
        self.ends.push(self.json.len());
    }

    /// The reply: `OK`, or `ZERO_RESULTS` where none was added.
    #[must_use]
    pub fn finish(self) -> Places {
        let status = if self.ends.is_empty() { "ZERO_RESULTS" } else { "OK" };
        self.finish_with(status)
    }

    pub(super) fn finish_with(mut self, status: &str) -> Places {
        self.json.extend_from_slice(if self.ends.is_empty() { b"],\n" } else { b"\n   ],\n" });
        self.json.extend_from_slice(b"   \"status\" : ");
        push_json_string(&mut self.json, status);
        self.json.extend_from_slice(b"\n}");
        Places { json: self.json.into(), inside: self.inside, ends: self.ends.into() }
    }
}

/// Appends `text` as a JSON string, quotes and escapes included.
pub fn push_json_string(out: &mut Vec<u8>, text: &str) {
    // As nearly every text is: with nothing to escape.
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        for part in ["\"", text, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
        return;
    }
    serde_json::to_writer(out, text).expect("a string always serializes, and a Vec takes every write");
}

impl Places {
    /// Starts a reply of one's own, in Google's layout of three spaces an indent.
    #[must_use]
    pub fn builder(html_attributions: &[&str]) -> Builder {
        Builder::new(html_attributions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_where_it_needs_to_be() {
        let texts =
            (0..=0x100).filter_map(char::from_u32).flat_map(|char| [format!("{char}"), format!("St. {char}lve")]);
        for text in texts.chain([String::new(), "Ærøskøbing".into(), "O'Fallon \"West\"".into()]) {
            let mut out = b":".to_vec();
            push_json_string(&mut out, &text);
            assert_eq!(String::from_utf8_lossy(&out), format!(":{}", serde_json::json!(text)));
        }
    }
}
