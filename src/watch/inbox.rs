//! What a watcher has still to be told.
//!
//! To a watcher that reads, each line is written as soon as there is news. One that is slow has more than
//! [`SLOW`](Inbox::SLOW) bytes of lines: what comes then waits client by client, and of each the newest is told, as the
//! difference to what the watcher knows. Past a bound all is dropped, and the watcher begins anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::{Buf, BytesMut};

use super::news::News;
use crate::bytes::append;
use crate::herd::Share;
use crate::wire::WatchWord;

/// What waits for a watcher: shared by the watcher and by those who have news.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// Lines in the order of what they tell, and of which watches they are.
    text: BytesMut,
    runs: VecDeque<Run>,
    /// Clients that wait, in their order: where in it each is.
    queue: BTreeMap<u64, Waiting>,
    places: BTreeMap<(u32, Box<[u8]>), u64>,
    next: u64,
    /// As many may wait.
    most: usize,
    /// So many bytes of lines are written for a watcher that does not read.
    slow: usize,
    /// Whether more did: all that the watcher knows is void.
    is_lost: bool,
    /// Whether the start of a watch is being told.
    start: Start,
    /// Whether the watcher was called and has not come yet.
    is_called: bool,
    /// Bytes that wait, those of watches that remember something among them, and how many of them are accounted for.
    bytes: usize,
    share: Share,
}

/// How far the start of a watch is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// None is being told.
    Told,
    /// One is. What comes waits client by client: the start has the newest of each client, and nothing older may come behind
    /// it.
    Telling,
    /// It cannot go on before other regions have told what they have.
    Awaiting,
}

/// Lines of one watch, one behind the other, and how many bytes they are.
#[derive(Clone, Copy, Debug)]
struct Run {
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
    word: WatchWord,
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
    /// As many bytes of lines are written for a watcher that does not read, or as many replies as may be unsent.
    const SLOW: usize = 64 << 10;

    /// It is told to the account only where it has changed by so much.
    const STEP: usize = 4 << 10;

    pub(super) fn new(share: Share, most: usize) -> Self {
        Self {
            text: BytesMut::new(),
            runs: VecDeque::new(),
            queue: BTreeMap::new(),
            places: BTreeMap::new(),
            next: 0,
            most,
            slow: Self::SLOW,
            is_lost: false,
            start: Start::Told,
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
        if self.start != Start::Told || !self.queue.is_empty() || self.text.len() >= self.slow {
            self.wait(watch, news);
        } else if news.is_news(news.was) {
            self.write(watch, target, news);
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

    fn write(&mut self, watch: u32, target: &[u8], news: &News<'_>) {
        let before = self.text.len();
        news.line.write(news.word, target, &mut self.text);
        let len = self.text.len() - before;
        self.bytes += len;
        match self.runs.back_mut() {
            Some(run) if run.watch == watch => run.len += len,
            _ => {
                self.runs.push_back(Run { watch, len });
                self.bytes += size_of::<Run>();
            }
        }
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

    fn drop_waiting(&mut self, place: u64) -> Option<Waiting> {
        let waiting = self.queue.remove(&place)?;
        self.bytes -= waiting.bytes();
        Some(waiting)
    }

    /// The watcher is too slow: nothing is told until it begins anew.
    fn lose(&mut self) {
        self.clear();
        self.is_lost = true;
    }

    /// Nobody reads any more: nothing is kept from here on.
    pub(super) fn close(&mut self) {
        self.clear();
        self.is_lost = true;
        self.is_called = true;
    }

    /// Drops all that waits.
    pub(super) fn clear(&mut self) {
        self.is_lost = false;
        let remembered = self.bytes - self.queued_bytes();
        (self.text, self.runs) = (BytesMut::new(), VecDeque::new());
        self.queue.clear();
        self.places.clear();
        self.bytes = remembered;
        self.account();
    }

    fn queued_bytes(&self) -> usize {
        let waiting: usize = self.queue.values().map(Waiting::bytes).sum();
        self.text.len() + self.runs.len() * size_of::<Run>() + waiting
    }

    /// The start of a watch is to be told, and from here on what comes waits client by client. That is so only once all that
    /// came before was told; whether it is.
    pub(super) fn hold_back(&mut self) -> bool {
        if self.start == Start::Told && self.runs.is_empty() && self.queue.is_empty() {
            self.start = Start::Telling;
        }
        self.start != Start::Told
    }

    /// The starts of all watches were told.
    pub(super) const fn let_go(&mut self) {
        self.start = Start::Told;
    }

    /// The start of a watch waits for other regions, or need not any more.
    pub(super) fn set_awaits(&mut self, awaits: bool) {
        if self.start != Start::Told {
            self.start = if awaits { Start::Awaiting } else { Start::Telling };
        }
    }

    /// Whether it waits for them.
    pub(super) fn awaits(&self) -> bool {
        self.start == Start::Awaiting
    }

    /// A client is met, so what waits of it need not be told; whether the watcher was told before that it is there.
    pub(super) fn has_met(&mut self, watch: u32, client: &[u8]) -> bool {
        let place = self.places.remove(&(watch, client.into()));
        let waiting = place.and_then(|place| self.drop_waiting(place));
        self.account();
        waiting.is_some_and(|waiting| waiting.was)
    }

    /// Whether the watcher has to begin anew.
    pub(super) const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Whether there is something to be told.
    pub(super) fn has_more(&self) -> bool {
        self.is_lost || !self.runs.is_empty() || !self.queue.is_empty()
    }

    /// Appends lines to `out` until that has `most` bytes. `target` is what lines of a watch end with.
    pub(super) fn read<'a>(&mut self, most: usize, target: impl Fn(u32) -> Option<&'a [u8]>, out: &mut Vec<u8>) {
        let mut len = 0;
        while out.len() + len < most
            && let Some(run) = self.runs.front_mut()
        {
            // Whole lines: the first LF from where there is enough is in the run, since it ends with one.
            let enough = most - out.len() - len;
            let end = memchr::memchr(b'\n', self.text[len..len + run.len].get(enough - 1..).unwrap_or_default());
            let taken = end.map_or(run.len, |end| enough + end);
            run.len -= taken;
            len += taken;
            self.bytes -= taken;
            if run.len == 0 {
                self.runs.pop_front();
                self.bytes -= size_of::<Run>();
            }
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
                word.write(&line, target, out);
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
        if self.text.capacity() > SMALL || self.runs.capacity() > SMALL / size_of::<Run>() {
            (self.text, self.runs) = (BytesMut::new(), VecDeque::new());
        }
    }

    /// Nothing more is to be told of that watch.
    pub(super) fn forget(&mut self, watch: u32) {
        let mut kept = BytesMut::with_capacity(self.text.len());
        let mut start = 0;
        for run in &self.runs {
            if run.watch != watch {
                kept.extend_from_slice(&self.text[start..start + run.len]);
            }
            start += run.len;
        }
        self.bytes -= self.text.len() - kept.len();
        self.text = kept;
        let before = self.runs.len();
        self.runs.retain(|run| run.watch != watch);
        self.bytes -= (before - self.runs.len()) * size_of::<Run>();
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

    /// As many may wait from now on, once there are so many bytes of lines.
    pub(super) fn limit(&mut self, most: usize, slow: usize) {
        (self.most, self.slow) = (most, slow.min(Self::SLOW));
    }

    /// Something has changed: it is told to the account, and whoever was called for what is no more is called again.
    fn account(&mut self) {
        self.is_called &= self.has_more();
        if self.bytes.abs_diff(self.share.bytes()) >= Self::STEP || self.bytes == 0 {
            self.share.set(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::news::SharedLine;
    use super::*;
    use crate::herd::Buffers;
    use crate::values::{SessionId, SplitMix64};

    /// What a watcher knows that takes in each line: whom it was told of, and what.
    #[derive(Default)]
    struct Reader(BTreeMap<String, String>);

    impl Reader {
        /// Lines are `WORD line target`, and a line is `client version`. What is told is always news.
        fn take(&mut self, lines: &[u8], tells_each: bool) {
            for line in core::str::from_utf8(lines).expect("ASCII").lines() {
                let [word, client, version, "target"] = *line.split(' ').collect::<Vec<_>>() else { panic!("{line}") };
                let before = match word {
                    "SEEN" | "ENTER" => self.0.insert(client.into(), version.into()),
                    _ => Some(self.0.remove(client).expect("it was told before that the client is there")),
                };
                let number = |version: &String| version.parse::<u32>().expect("a number");
                assert!(tells_each || word != "ENTER" || before.is_none(), "{line}");
                assert!(before.is_none_or(|before| number(&before) < number(&version.into())), "{line}");
            }
        }
    }

    #[test]
    fn a_watcher_that_has_read_all_knows_what_is_so_however_slow_it_was() {
        for seed in 0..300 {
            let mut random = SplitMix64::new(seed);
            let mut number = |most: u64| random.number() % most;
            let tells_each = number(2) == 0;
            let buffers = Arc::new(Buffers::new(usize::MAX));
            let mut inbox = Inbox::new(Share::new(Arc::clone(&buffers), SessionId(1)), 1000);
            let (mut reader, mut so) = (Reader::default(), BTreeMap::<String, String>::new());
            let is_slow = number(2) == 0;
            for version in 1..400_u32 {
                // Long enough for a slow reader to have too many.
                let client = format!("{}{}", "c".repeat(if is_slow { 2000 } else { 1 }), number(6));
                let (was, is) = (so.contains_key(&client), number(3) > 0);
                let line = format!("{client} {version}");
                let line = SharedLine::new(line.as_bytes());
                let word = match (tells_each, is) {
                    (true, true) => WatchWord::Seen,
                    (true, false) => WatchWord::Left,
                    (false, true) => WatchWord::Enter,
                    (false, false) => WatchWord::Leave,
                };
                inbox.tell(1, b"target", &News { client: client.as_bytes(), was, is, tells_each, word, line: &line });
                match is {
                    true if tells_each || !was => _ = so.insert(client, version.to_string()),
                    true => {}
                    false => _ = so.remove(&client),
                }
                if number(if is_slow { 100 } else { 4 }) == 0 {
                    let (most, mut out) = (usize::try_from(number(100_000)).expect("few"), Vec::new());
                    inbox.read(most, |_| Some(b"target"), &mut out);
                    reader.take(&out, tells_each);
                }
            }
            let mut out = Vec::new();
            inbox.read(usize::MAX, |_| Some(b"target"), &mut out);
            reader.take(&out, tells_each);
            assert!(reader.0.keys().eq(so.keys()), "seed {seed}");
            assert!(!tells_each || reader.0 == so, "seed {seed}");
            assert_eq!((inbox.has_more(), inbox.bytes, buffers.total()), (false, 0, 0));
        }
    }

    #[test]
    fn of_a_watch_that_has_ended_nothing_is_told() {
        let buffers = Arc::new(Buffers::new(usize::MAX));
        let mut inbox = Inbox::new(Share::new(Arc::clone(&buffers), SessionId(1)), 1000);
        let place = "p".repeat(3000);
        for version in 0..60 {
            let line = format!("{place} {version}");
            let line = SharedLine::new(line.as_bytes());
            let news = News {
                client: place.as_bytes(),
                was: true,
                is: true,
                tells_each: true,
                word: WatchWord::Seen,
                line: &line,
            };
            assert_eq!(inbox.tell(1 + version % 2, b"target", &news), version == 0);
        }
        inbox.forget(1);
        let mut out = Vec::new();
        inbox.read(usize::MAX, |_| Some(b"target"), &mut out);
        let mut versions = Vec::new();
        for line in core::str::from_utf8(&out).expect("ASCII").lines() {
            versions.push(line.split(' ').nth(2).expect("a version").parse::<u32>().expect("a number"));
        }
        assert!(versions.iter().all(|version| version % 2 == 1) && versions.last() == Some(&59), "{versions:?}");
        assert_eq!((inbox.bytes, buffers.total()), (0, 0));
    }
    #[test]
    fn whoever_was_called_for_what_is_no_more_is_called_again() {
        let buffers = Arc::new(Buffers::new(usize::MAX));
        let mut inbox = Inbox::new(Share::new(Arc::clone(&buffers), SessionId(1)), 1000);
        // All that comes waits client by client.
        inbox.limit(1000, 0);
        let line = SharedLine::new(b"kiwi 1");
        for (was, is, is_called) in [(false, true, true), (true, false, false), (false, true, true)] {
            let word = if is { WatchWord::Enter } else { WatchWord::Leave };
            let news = News { client: b"kiwi", was, is, tells_each: false, word, line: &line };
            assert_eq!((inbox.tell(1, b"target", &news), inbox.has_more()), (is_called, is));
        }
    }
}
