//! Bytes of a stranger, made fit for a log.

use core::fmt;

/// Shows bytes so that none of them can forge a log line: all but printable ASCII are escaped, and so
/// are quotes and the backslash, as by [`u8::escape_ascii`]. Of a line longer than
/// [`MOST_BYTES`](Self::MOST_BYTES) only the start is shown, with its length behind it.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl Escaped<'_> {
    /// The most bytes that are shown.
    pub const MOST_BYTES: usize = 512;
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get(..Self::MOST_BYTES) {
            Some(start) if start.len() < self.0.len() => {
                write!(f, "{}... ({} bytes)", start.escape_ascii(), self.0.len())
            }
            _ => write!(f, "{}", self.0.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn every_byte_but_printable_ascii_is_escaped() {
        assert_eq!(Escaped(b"IAMAT a\\b\r\n\x1b[1m\0\xff").to_string(), r"IAMAT a\\b\r\n\x1b[1m\x00\xff");
        let all: Vec<u8> = (0..=255).collect();
        assert!(Escaped(&all).to_string().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }

    #[test]
    fn a_long_line_says_its_length() {
        assert_eq!(Escaped(&[b'a'; 512]).to_string(), "a".repeat(512));
        assert_eq!(Escaped(&vec![b'a'; 1 << 20]).to_string(), format!("{}... (1048576 bytes)", "a".repeat(512)));
    }
}
