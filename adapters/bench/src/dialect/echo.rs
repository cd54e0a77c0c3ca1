//! What an echo server says: the request.

use memchr::memchr;

use super::{Asked, Reply};
use crate::traffic::Kind;

/// A line as it was sent. Of an IAMAT its time is looked at.
pub(super) fn read(input: &[u8], asked: &Asked) -> Option<Reply> {
    let end = memchr(b'\n', input)?;
    let line = &input[..end];
    let is_right = match asked.kind {
        Kind::Update => line.ends_with(format!("{:09}", asked.proof).as_bytes()) && line.starts_with(b"IAMAT "),
        Kind::Question => line.starts_with(b"WHATSAT "),
    };
    Some(Reply { len: end + 1, is_right })
}

#[cfg(test)]
mod tests {
    use crate::dialect::{Dialect, tests};
    use crate::traffic::Kind;

    #[test]
    fn what_comes_back_is_what_was_sent() {
        tests::check(
            Dialect::Echo,
            &[
                ("IAMAT herd-bench-000000007 +34.068930-118.445127 1479413884.392014450\n", Kind::Update, true),
                ("WHATSAT herd-bench-000000007 10 5\n", Kind::Question, true),
                ("IAMAT herd-bench-000000007 +34.068930-118.445127 1479413884.392014451\n", Kind::Update, false),
                ("? IAMAT\n", Kind::Update, false),
            ],
        );
    }
}
