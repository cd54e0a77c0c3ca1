//! Usual requests, read many at a time: the session's short way. What is not usual is left to the long one.

use core::mem;
use core::ops::Range;

use super::Session;
use crate::batch::{Ask, Buffers, Entry};
use crate::flood;
use crate::herd::ServerId;
use crate::identity::Frame;
use crate::report::Head;
use crate::text::{copy_loosely, same};
use crate::time::{Now, Skew};
use crate::usual::{self, Iamat, Lines, Numbers, PassedOn, Wall, Whatsat};

/// As much of an IAMAT as is copied loosely, from its client on, and as long as that nearly always is.
const SHORT: usize = 128;
const USUAL: usize = 80;

impl Session {
    /// Takes the usual IAMATs that come first.
    pub(super) fn usual_iamats(&mut self, now: Now, lines: &mut Lines<'_>, batch: &mut Buffers) {
        let identity = &*self.identity;
        let Some((opening, opening_len)) = identity.opening().short() else { return };
        let Some(wall) = Wall::new(now.wall) else { return };
        // If there is a neighbour to copy for, what the copies end with.
        let closing = identity.closing_of_copies().map_or(Some(None), |closing| closing.short().map(Some));
        let Some(closing) = closing else { return };
        let one_shot = identity.limits.one_shot;
        let (first, start) = (batch.entries.len(), lines.start());
        let Buffers { replies, entries, shape, flood, .. } = &mut *batch;
        let mut replies = replies.writer(lines.room());
        let mut copies = closing.map(|_| flood.writer(lines.room()));
        let mut padding = None;
        while !self.closing
            && let Some(window) = lines.window(&mut padding)
            && let reply_at = replies.len()
            && let Some(room) = replies.room::<{ usual::WINDOW }>()
            && let Some(copy_room) = copies.as_mut().map_or(Some(None), |copies| copies.room().map(Some))
            && let Some(skew_room) = with_opening(room, opening, opening_len)
            && let Some(Iamat { places, end, at, skew, place }) = usual::iamat(window, shape, &wall, skew_room)
            && let Some(()) = lines.take(b"IAMAT ".len() + end)
        {
            let fields_at = opening_len + skew + 1;
            room[fields_at - 1] = b' ';
            // The end of the line too: it is that of the reply.
            if let Some(fields) = window[b"IAMAT ".len()..].first_chunk::<SHORT>()
                && let Some(room) = room[fields_at..].first_chunk_mut::<SHORT>()
            {
                copy_loosely::<USUAL, _, _>(fields, room, end + 1);
            }
            let written = copy_room.zip(closing);
            let written = written.map(|(to, closing)| flood::write(to, room, fields_at + end, closing));
            if let (Some(copies), Some(written)) = (&mut copies, written) {
                copies.extend(written);
            }
            replies.extend(fields_at + end + 1);
            let client_at = fields_at - b"AT ".len();
            let head = Head::short(identity.me, at, places.moved(client_at));
            entries.push(Entry::new(head, place, reply_at + b"AT ".len(), client_at + end));
            if one_shot {
                self.closing = true;
            }
        }
        drop(replies);
        if let Some(copies) = &mut copies {
            copies.end_piece(identity.me, entries.len());
        }
        drop(copies);
        batch.add_reports(first, None, lines.since(start));
    }

    /// Takes the usual AT lines of the neighbour that speaks here which come first. They are not written down: they
    /// stand in the text as they are to be kept.
    pub(super) fn usual_reports(&mut self, from: ServerId, lines: &mut Lines<'_>, batch: &mut Buffers) {
        let identity = &*self.identity;
        let sender = identity.herd.name(from).as_bytes();
        let Some(closing) = identity.closing().short() else { return };
        let (first, start) = (batch.entries.len(), lines.start());
        let Buffers { entries, at_shape, flood, .. } = &mut *batch;
        let mut copies = flood.writer(lines.room());
        let mut padding = None;
        // Many reports in a row are of one origin.
        let mut last = from;
        while let Some(window) = lines.window(&mut padding)
            && let Some(room) = copies.room()
            && let Some(PassedOn { origin, places, end, at, place }) = usual::passed_on(window, at_shape)
            && let report = &window[b"AT ".len()..]
            && let Some(rest) = report.get(end + 1..)
            && let Some((name, rest)) = rest.split_at_checked(sender.len())
            && same(name, sender)
            && rest.first() == Some(&b'\n')
            && let Some(origin) = identity.herd.find_again(&report[..origin], last)
            && let line = lines.start()
            && let Some(()) = lines.take(b"AT ".len() + end + 1 + sender.len())
        {
            let written = flood::write(room, window, b"AT ".len() + end, closing);
            if origin != last {
                copies.end_piece(last, entries.len());
                last = origin;
            }
            copies.extend(written);
            entries.push(Entry::new(Head::short(origin, at, places), place, line + b"AT ".len(), end));
        }
        copies.end_piece(last, entries.len());
        drop(copies);
        batch.add_reports(first, Some(from), lines.since(start));
    }

    /// Takes the usual WHATSATs that come first, at most so many; how many there were.
    pub(super) fn usual_whatsats(&mut self, lines: &mut Lines<'_>, most: usize, batch: &mut Buffers) -> usize {
        const CLIENT: usize = b"WHATSAT ".len();
        let most = if self.identity.limits.one_shot { most.min(1) } else { most };
        let (first, start) = (batch.asks.len(), lines.start());
        let most = first.saturating_add(most);
        let mut padding = None;
        while !self.closing
            && batch.asks.len() < most
            && let Some(window) = lines.window(&mut padding)
            && let Some(numbers) = Numbers::of(window)
        {
            let question = batch.add_question(numbers.question);
            let mut asks = mem::take(&mut batch.asks);
            let before = asks.len();
            // All that ask the same.
            while asks.len() < most
                && let Some(window) = lines.window(&mut padding)
                && let Some(Whatsat { client, place, end }) = usual::whatsat(window, &numbers)
                && let line = lines.start()
                && let Some(()) = lines.take(end)
            {
                asks.push(Ask::new(place, line + CLIENT, client, question));
            }
            let found = asks.len() - before;
            batch.asks = asks;
            if found == 0 {
                break;
            }
        }
        self.add_asks(first, lines.since(start), batch)
    }

    /// The asks from `first` on came with these lines; how many they are.
    pub(super) fn add_asks(&mut self, first: usize, lines: Range<usize>, batch: &mut Buffers) -> usize {
        let asked = batch.asks.len() - first;
        batch.add_asks(first, self.next_ticket, lines);
        self.next_ticket += asked as u64;
        self.closing |= asked > 0 && self.identity.limits.one_shot;
        asked
    }
}

/// Writes what a reply begins with; where its skew is to be written.
#[inline]
fn with_opening<'a>(
    room: &'a mut [u8; usual::WINDOW],
    opening: &[u8; Frame::SHORT],
    opening_len: usize,
) -> Option<&'a mut [u8; Skew::ROOM]> {
    room[..Frame::SHORT].copy_from_slice(opening);
    room.get_mut(opening_len..)?.first_chunk_mut()
}
