//! A server's name in a path.

use std::fmt::Write;

/// The name as a part of a file's name: every byte but letters, digits, `-`, `_`, and `.` where it is not the first, is
/// percent-encoded. So no name leads to another folder, and no two names to one file.
#[must_use]
pub fn file_name(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && index > 0) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes every write");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_name_stays_in_its_folder() {
        for (name, file) in [
            ("Alford", "Alford"),
            ("eu-1.example_x", "eu-1.example_x"),
            ("..", "%2E."),
            (".hidden", "%2Ehidden"),
            ("../a", "%2E.%2Fa"),
            ("100%", "100%25"),
            ("café", "caf%C3%A9"),
        ] {
            assert_eq!(file_name(name), file);
        }
    }
}
