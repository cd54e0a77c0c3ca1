//! What a watcher has still to be told.
//!
//! To a watcher that reads, each line is written as soon as there is news. One that is slow has more than
//! [`SLOW`](Inbox::SLOW) bytes of lines: what comes then waits client by client, and of each the newest is told, as the
//! difference to what the watcher knows. Past a bound all is dropped, and the watcher begins anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::{Buf, BytesMut};

use super::news::{News, Word};
use crate::bytes::append;
use crate::herd::Share;

/// What waits for a watcher: shared by the watcher and by those who have news.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// Lines in the order of what they tell, and of which watch each is and how long.
    text: BytesMut,
    lines: VecDeque<Line>,
    /// Clients that wait, in their order: where in it each is.
    queue: BTreeMap<u64, Waiting>,
    places: BTreeMap<(u32, Box<[u8]>), u64>,
    next: u64,
    /// As many may wait.
    most: usize,
    /// Whether more did: all that the watcher knows is void.
    is_lost: bool,
    /// Whether the watcher was called and has not come yet.
    is_called: bool,
    /// Bytes that wait, those of watches that remember something among them, and how many of them are accounted for.
    bytes: usize,
    share: Share,
}

/// A line.
#[derive(Clone, Copy, Debug)]
struct Line {
    watch: u32,
    len: usize,
}

/// A client that waits.
#[derive(Debug)]
struct Waiting {
    watch: u32,
    client: Box<[u8]>,
    /// Whether the watcher was told that the client is there.
    was: bool,
    word: Word,
    line: Arc<[u8]>,
}

impl Waiting {
    /// About how many bytes one takes, besides its client twice and its line.
    const SIZE: usize = 160;

    fn bytes(&self) -> usize {
        Self::SIZE + 2 * self.client.len() + self.line.len()
    }
}

impl Inbox {
    /// As many bytes of lines are written for a watcher that does not read.
    const SLOW: usize = 64 << 10;

    /// It is told to the account only where it has changed by so much.
    const STEP: usize = 4 << 10;

    pub(super) fn new(share: Share, most: usize) -> Self {
        Self {
            text: BytesMut::new(),
            lines: VecDeque::new(),
            queue: BTreeMap::new(),
            places: BTreeMap::new(),
            next: 0,
            most,
            is_lost: false,
            is_called: false,
            bytes: 0,
            share,
        }
    }

    /// There is news for that watch, whose lines end with `target`; whether the watcher is to be called.
    pub(super) fn tell(&mut self, watch: u32, target: &[u8], news: &News<'_>) -> bool {
        if self.is_lost {
            return false;
        }
        if !self.queue.is_empty() || self.text.len() >= Self::SLOW {
            self.wait(watch, news);
        } else if news.is_news(news.was) {
            self.write(watch, news.word, news.line.as_slice(), target);
        }
        self.account();
        self.calls()
    }

    /// Whether the watcher is to be called, who has something to read.
    pub(super) fn calls(&mut self) -> bool {
        let calls = !self.is_called && self.has_more();
        self.is_called |= calls;
        calls
    }

    fn write(&mut self, watch: u32, word: Word, line: &[u8], target: &[u8]) {
        let before = self.text.len();
        for part in [word.text(), line, b" ", target, b"\n"] {
            self.text.extend_from_slice(part);
        }
        let len = self.text.len() - before;
        self.lines.push_back(Line { watch, len });
        self.bytes += len + size_of::<Line>();
    }

    /// Has a client wait, or what waits be the newest; if there is nothing to tell any more, nothing waits.
    fn wait(&mut self, watch: u32, news: &News<'_>) {
        let key = (watch, news.client.into());
        let known = self.places.get(&key).copied();
        let was = known.and_then(|place| self.queue.get(&place)).map_or(news.was, |waiting| waiting.was);
        if !news.is_news(was) {
            if let Some(place) = known {
                self.places.remove(&key);
                self.drop_waiting(place);
            }
            return;
        }
        let place = known.unwrap_or(self.next);
        let waiting = Waiting { watch, client: news.client.into(), was, word: news.word, line: news.line.copy() };
        self.bytes += waiting.bytes();
        if let Some(before) = self.queue.insert(place, waiting) {
            self.bytes -= before.bytes();
        } else {
            self.places.insert(key, place);
            self.next += 1;
        }
        if self.queue.len() > self.most {
            self.lose();
        }
    }

    fn drop_waiting(&mut self, place: u64) {
        if let Some(waiting) = self.queue.remove(&place) {
            self.bytes -= waiting.bytes();
        }
    }

    /// The watcher is too slow: nothing is told until it begins anew.
    fn lose(&mut self) {
        self.clear();
        self.is_lost = true;
    }

    /// Drops all that waits.
    pub(super) fn clear(&mut self) {
        self.is_lost = false;
        let remembered = self.bytes - self.queued_bytes();
        (self.text, self.lines) = (BytesMut::new(), VecDeque::new());
        self.queue.clear();
        self.places.clear();
        self.bytes = remembered;
        self.account();
    }

    fn queued_bytes(&self) -> usize {
        let waiting: usize = self.queue.values().map(Waiting::bytes).sum();
        self.text.len() + self.lines.len() * size_of::<Line>() + waiting
    }

    /// Whether the watcher has to begin anew.
    pub(super) const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Whether there is something to be told.
    pub(super) fn has_more(&self) -> bool {
        self.is_lost || !self.lines.is_empty() || !self.queue.is_empty()
    }

    /// Appends lines to `out` until that has `most` bytes. `target` is what lines of a watch end with.
    pub(super) fn read<'a>(&mut self, most: usize, target: impl Fn(u32) -> Option<&'a [u8]>, out: &mut Vec<u8>) {
        let mut len = 0;
        while out.len() + len < most
            && let Some(line) = self.lines.pop_front()
        {
            len += line.len;
            self.bytes -= line.len + size_of::<Line>();
        }
        append(&self.text[..len], |piece| out.extend_from_slice(piece));
        self.text.advance(len);
        while out.len() < most
            && let Some((_, waiting)) = self.queue.pop_first()
        {
            self.bytes -= waiting.bytes();
            let Waiting { watch, client, word, line, .. } = waiting;
            self.places.remove(&(watch, client));
            if let Some(target) = target(watch) {
                for part in [word.text(), &line, b" ", target, b"\n"] {
                    out.extend_from_slice(part);
                }
            }
        }
        if !self.has_more() {
            self.is_called = false;
            self.rest();
        }
        self.account();
    }

    /// A watcher at rest holds hardly any memory.
    fn rest(&mut self) {
        const SMALL: usize = 512;
        if self.text.capacity() > SMALL || self.lines.capacity() > SMALL / size_of::<Line>() {
            (self.text, self.lines) = (BytesMut::new(), VecDeque::new());
        }
    }

    /// Nothing more is to be told of that watch.
    pub(super) fn forget(&mut self, watch: u32) {
        let mut kept = BytesMut::with_capacity(self.text.len());
        let mut start = 0;
        for line in &self.lines {
            if line.watch != watch {
                kept.extend_from_slice(&self.text[start..start + line.len]);
            }
            start += line.len;
        }
        self.bytes -= self.text.len() - kept.len();
        self.text = kept;
        let before = self.lines.len();
        self.lines.retain(|line| line.watch != watch);
        self.bytes -= (before - self.lines.len()) * size_of::<Line>();
        let places: Vec<u64> =
            self.queue.iter().filter(|(_, waiting)| waiting.watch == watch).map(|(&place, _)| place).collect();
        for place in places {
            self.drop_waiting(place);
        }
        self.places.retain(|(of, _), _| *of != watch);
        self.account();
    }

    /// A watch remembers so many bytes more, or less.
    pub(super) fn remember(&mut self, before: usize, now: usize) {
        self.bytes = self.bytes + now - before;
        self.account();
    }

    /// As many may wait from now on.
    pub(super) const fn limit(&mut self, most: usize) {
        self.most = most;
    }

    fn account(&mut self) {
        if self.bytes.abs_diff(self.share.bytes()) >= Self::STEP || self.bytes == 0 {
            self.share.set(self.bytes);
        }
    }
}
