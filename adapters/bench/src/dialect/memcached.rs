//! memcached's text protocol.

use memchr::memchr;

use super::{AT_LEN, Asked, Reply, push_at, push_client};
use crate::traffic::{Kind, Request};

/// `set client 0 0 86`, and the AT line.
pub(super) fn push_set(out: &mut Vec<u8>, request: &Request) {
    const { assert!(AT_LEN == 86, "the length that is written below") };
    out.extend_from_slice(b"set ");
    push_client(out, request.client);
    out.extend_from_slice(b" 0 0 86\r\n");
    push_at(out, request);
    out.extend_from_slice(b"\r\n");
}

/// `get client`.
pub(super) fn push_get(out: &mut Vec<u8>, request: &Request) {
    out.extend_from_slice(b"get ");
    push_client(out, request.client);
    out.extend_from_slice(b"\r\n");
}

/// `STORED`, or a value that is there.
pub(super) fn read(input: &[u8], asked: &Asked) -> Option<Reply> {
    let line_end = memchr(b'\n', input)?;
    let (line, len) = (&input[..line_end], line_end + 1);
    if asked.kind == Kind::Update || !line.starts_with(b"VALUE ") {
        return Some(Reply { len, is_right: asked.kind == Kind::Update && line == b"STORED\r" });
    }
    let body = line.trim_ascii_end().rsplit(|&byte| byte == b' ').next().and_then(|field| {
        // Longer ones were never stored.
        std::str::from_utf8(field).ok()?.parse::<u16>().ok()
    });
    let Some(body) = body else { return Some(Reply { len, is_right: false }) };
    let len = len + usize::from(body) + b"\r\nEND\r\n".len();
    let whole = input.get(..len)?;
    Some(Reply { len, is_right: whole.ends_with(b"\r\nEND\r\n") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, tests};

    #[test]
    fn replies_are_read_in_pieces_and_checked() {
        tests::check(
            Dialect::Memcached,
            &[
                ("STORED\r\n", Kind::Update, true),
                ("NOT_STORED\r\n", Kind::Update, false),
                ("VALUE herd-bench-000000007 0 5\r\nAT A \r\nEND\r\n", Kind::Question, true),
                ("END\r\n", Kind::Question, false),
                ("ERROR\r\n", Kind::Update, false),
            ],
        );
    }
}
