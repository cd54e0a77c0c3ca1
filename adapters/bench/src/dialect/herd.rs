//! The herd's own protocol.

use memchr::{memchr, memmem};

use super::{Asked, Reply, push_client, push_degrees, push_report};
use crate::digits;
use crate::traffic::{Kind, Request, Traffic};

/// `IAMAT client position time`.
pub(super) fn push_update(out: &mut Vec<u8>, request: &Request) {
    out.extend_from_slice(b"IAMAT ");
    push_report(out, request);
    out.push(b'\n');
}

/// `WHATSAT client radius bound`.
pub(super) fn push_question(out: &mut Vec<u8>, traffic: &Traffic, request: &Request) {
    out.extend_from_slice(b"WHATSAT ");
    push_client(out, request.client);
    push_radius_and_bound(out, traffic);
}

/// `NEAR position radius bound`, around where the client is.
pub(super) fn push_near(out: &mut Vec<u8>, traffic: &Traffic, request: &Request) {
    out.extend_from_slice(b"NEAR ");
    push_degrees::<2>(out, request.spot.latitude);
    push_degrees::<3>(out, request.spot.longitude);
    push_radius_and_bound(out, traffic);
}

fn push_radius_and_bound(out: &mut Vec<u8>, traffic: &Traffic) {
    out.push(b' ');
    out.extend_from_slice(traffic.radius.as_bytes());
    out.extend_from_slice(if traffic.bound < 10 { b" " } else { b" 1" });
    match traffic.bound {
        20.. => {
            out.pop();
            out.extend_from_slice(b"20\n");
        }
        bound => out.extend_from_slice(&[b'0' + bound % 10, b'\n']),
    }
}

/// A line, and for a question JSON up to an empty line. An update's AT line ends with the update's own
/// time; a question's names the client that was asked for.
pub(super) fn read(input: &[u8], asked: &Asked) -> Option<Reply> {
    let line_end = memchr(b'\n', input)?;
    let line = &input[..line_end];
    if !line.starts_with(b"AT ") {
        return Some(Reply { len: line_end + 1, is_right: false });
    }
    if asked.kind == Kind::Update {
        return Some(Reply { len: line_end + 1, is_right: digits::last(line, 9) == Some(asked.proof) });
    }
    let json = &input[line_end + 1..];
    let json_len = memmem::find(json, b"\n\n")?;
    let client = line.split(|&byte| byte == b' ').nth(3).unwrap_or_default();
    let is_right = digits::last(client, 9) == Some(asked.proof) && has_places(&json[..json_len]);
    Some(Reply { len: line_end + 1 + json_len + 2, is_right })
}

/// An update's AT line; for a NEAR AT lines up to an empty line, one at least.
pub(super) fn read_near(input: &[u8], asked: &Asked) -> Option<Reply> {
    if asked.kind == Kind::Update {
        return read(input, asked);
    }
    if !input.starts_with(b"AT ") {
        return Some(Reply { len: memchr(b'\n', input)? + 1, is_right: false });
    }
    let len = memmem::find(input, b"\n\n")? + 2;
    let is_right = input[..len - 1].split_inclusive(|&byte| byte == b'\n').all(|line| line.starts_with(b"AT "));
    Some(Reply { len, is_right })
}

/// Whether Google's JSON says that the source was asked; that it found nothing is an answer too.
fn has_places(json: &[u8]) -> bool {
    let end = &json[json.len().saturating_sub(64)..];
    json.first() == Some(&b'{')
        && (memmem::find(end, b"\"OK\"").is_some() || memmem::find(end, b"\"ZERO_RESULTS\"").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, tests};

    #[test]
    fn replies_are_read_in_pieces_and_checked() {
        const AT: &str = "AT Alford +0.1 herd-bench-000000007 +34.068930-118.445127 1479413884.392014450\n";
        let found = format!("{AT}{{\n\"status\" : \"OK\"\n}}\n\n");
        let failed = format!("{AT}{{\n\"status\" : \"UNKNOWN_ERROR\"\n}}\n\n");
        let other = found.replace("000007", "000008");
        let older = AT.replace("450\n", "449\n");
        tests::check(
            Dialect::Herd,
            &[
                (AT, Kind::Update, true),
                (&older, Kind::Update, false),
                (&found, Kind::Question, true),
                (&other, Kind::Question, false),
                (&failed, Kind::Question, false),
                ("? IAMAT x\n", Kind::Update, false),
                ("? WHATSAT x\n", Kind::Question, false),
            ],
        );
    }

    #[test]
    fn who_is_near_is_read_in_pieces_and_checked() {
        const AT: &str = "AT Alford +0.1 herd-bench-000000007 +34.068930-118.445127 1479413884.392014450\n";
        let refused = format!("{AT}? NEAR\n\n");
        tests::check(
            Dialect::HerdNear,
            &[
                (&format!("{AT}{AT}\n"), Kind::Question, true),
                (AT, Kind::Update, true),
                (&refused, Kind::Question, false),
                ("? NEAR x\n", Kind::Question, false),
                ("\n", Kind::Question, false),
            ],
        );
    }

    #[test]
    fn a_herd_understands_what_is_written() {
        use herd::wire::Message;
        let mut line = Vec::new();
        push_update(&mut line, &tests::asked(Kind::Update).0);
        assert!(matches!(Message::parse(line.trim_ascii_end()), Ok(Some(Message::Iamat(_)))));
        for bound in [0, 5, 10, 19, 20] {
            let traffic = Traffic { bound, ..Traffic::default() };
            let mut line = Vec::new();
            push_question(&mut line, &traffic, &tests::asked(Kind::Question).0);
            assert_eq!(line, format!("WHATSAT herd-bench-000000007 10 {bound}\n").into_bytes());
            assert!(matches!(Message::parse(line.trim_ascii_end()), Ok(Some(Message::Whatsat { .. }))));
            line.clear();
            push_near(&mut line, &traffic, &tests::asked(Kind::Question).0);
            assert_eq!(line, format!("NEAR +34.068930-118.445127 10 {bound}\n").into_bytes());
            assert!(matches!(Message::parse(line.trim_ascii_end()), Ok(Some(Message::Near(_)))));
        }
    }
}
