//! IAMATs, each with its reply written at once: the reply to an IAMAT asks nobody, it is the report itself.

use super::field::field;
use super::lines::{Found, Lines, WINDOW};
use super::permit::Permit;
use super::shape::Shape;
use crate::bytes::{Frame, Text, copy_loosely};
use crate::herd::Identity;
use crate::report::{ClientHash, HashKey, Head};
use crate::values::{Patterns, Skew, Timestamp};

/// As much of an IAMAT as is copied loosely, from its client on, and as long as that nearly always is.
const SHORT: usize = 128;
const USUAL: usize = 80;

/// Room for a reply: what it begins with, the skew, and what is copied.
const ROOM: usize = Frame::SHORT + Skew::ROOM + WINDOW;

/// Takes the usual IAMATs that come first, of clients that may be reported, and appends their replies.
pub(crate) fn iamats(
    lines: &mut Lines<'_>,
    (identity, wall): (&Identity, Timestamp),
    may: &Patterns,
    (shape, replies): (&mut Option<Shape>, &mut Text),
    mut found: impl FnMut(Found),
) {
    let (Some((opening, opening_len)), Ok(wall)) = (identity.opening().short(), i64::try_from(wall.as_nanos())) else {
        return;
    };
    // Further ahead is refused, or cannot be said in 64 bits.
    let most_ahead = identity.limits.most_ahead_of(Timestamp::from_nanos(wall.into()));
    let least = most_ahead.and_then(|most| i64::try_from(most).ok()).map_or(i64::MIN, |most| -most);
    let mut replies = replies.writer(lines.room());
    let (opening, mut padding, mut rest, permit) = (*opening, None, *lines, Permit::new(may));
    let shape = shape.get_or_insert_with(|| Shape::least(b'\n'));
    while rest.left > 0
        && let Some(window) = rest.window(&mut padding)
        && let Some(room) = replies.room::<ROOM>()
        && let Some(Iamat { client, hash, shape, at }) = iamat(window, &identity.hash_key, shape)
        && permit.covers(&window[b"IAMAT ".len()..], client)
        && let Some(skew) = wall.checked_sub(at)
        && skew >= least
        && let end = client + 1 + shape.end()
        && let Some(()) = rest.take(b"IAMAT ".len() + end)
    {
        rest.left -= 1;
        room[..Frame::SHORT].copy_from_slice(&opening);
        let Some(skew_room) = room[opening_len..].first_chunk_mut() else { break };
        let fields_at = opening_len + Skew::write_nanos(skew, skew_room) + 1;
        room[fields_at - 1] = b' ';
        // The end of the line too: it is that of the reply.
        if let Some(fields) = window[b"IAMAT ".len()..].first_chunk::<SHORT>()
            && let Some(room) = room[fields_at..].first_chunk_mut::<SHORT>()
        {
            copy_loosely::<USUAL, _, _>(fields, room, end + 1);
        }
        let start = replies.len();
        replies.extend(fields_at + end + 1);
        let client_at = fields_at - b"AT ".len();
        let head = Head::short(identity.me, at, shape.offsets(client_at, client_at + client + 1));
        found(Found { head, client: hash, start, len: client_at + end });
    }
    *lines = rest;
}

/// An IAMAT, its fields counted from its client on.
pub(super) struct Iamat<'a> {
    /// How long the client's ID is, and where it belongs.
    pub(super) client: usize,
    pub(super) hash: ClientHash,
    /// Of what comes behind the client.
    pub(super) shape: &'a Shape,
    /// Nanoseconds since the epoch.
    pub(super) at: i64,
}

/// The IAMAT that `window` begins with.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call is a fiftieth of what an IAMAT takes")]
pub(super) fn iamat<'a>(window: &[u8; WINDOW], key: &HashKey, shape: &'a mut Shape) -> Option<Iamat<'a>> {
    let rest = window.strip_prefix(b"IAMAT ")?;
    let client = field(rest)?;
    let hash = key.hash(&rest[..client]);
    let fields = rest.get(client + 1..)?.first_chunk()?;
    shape.fit(fields, b'\n')?;
    let at = shape.at(fields)?;
    Some(Iamat { client, hash, shape, at })
}
