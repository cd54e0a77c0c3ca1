//! What somebody here watches, as other regions are asked to tell of it.

use core::time::Duration;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::bus::{QuestionId, ReplyTo};
use crate::report::Record;
use crate::spatial::Circle;
use crate::values::{Instant, ServerName};
use crate::wire::Target;

/// Which clients a watch or a fence is about: as the target of a WATCH.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope(pub(crate) Box<[u8]>);

impl Scope {
    /// That of one client, wherever it is.
    pub(crate) fn of_client(client: &[u8]) -> Option<Self> {
        (!client.ends_with(b"*")).then(|| Self(client.into()))
    }

    /// That of a target; none where its pattern cannot be written.
    pub(crate) fn of(target: &Target) -> Option<Self> {
        if target.pattern.only().is_some_and(|client| client.ends_with(b"*")) {
            return None;
        }
        let mut text = Vec::new();
        if let Some((center, radius)) = target.circle {
            text.extend_from_slice(format!("{center} {radius} ").as_bytes());
        }
        target.pattern.write(&mut text);
        Some(Self(text.into()))
    }
}

/// A scope, and what comes of it from which region.
#[derive(Debug)]
pub(crate) struct Interest {
    pub(crate) target: Target,
    /// Until when a watch that begins waits for regions to tell what there is.
    pub(crate) waits_until: Instant,
    streams: BTreeMap<ServerName, Stream>,
    /// The regions that were ever asked.
    asked: BTreeSet<ServerName>,
    /// The regions whose streams have failed, and when they are asked for anew.
    failed: BTreeMap<ServerName, Instant>,
}

impl Interest {
    fn covers(&self, report: &Record<'_>) -> bool {
        let Target { pattern, circle, .. } = &self.target;
        let has = |(center, radius)| report.place().is_some_and(|at| Circle::new(center, radius).contains(at));
        pattern.covers(report.client()) && circle.is_none_or(has)
    }
}

/// What one region tells.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) question: QuestionId,
    /// The server there that tells it.
    to: Option<ReplyTo>,
    /// The number of the next message.
    next: u64,
    /// Messages that came before it, and since when one is missing.
    early: BTreeMap<u64, Box<[u8]>>,
    gap_at: Option<Instant>,
    pub(crate) heard_at: Instant,
    pub(crate) said_at: Instant,
    /// While the start is being told, since when, and whom it has told of.
    met: Option<(Instant, BTreeSet<Box<[u8]>>)>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Interests {
    all: BTreeMap<Scope, Interest>,
    by_question: BTreeMap<QuestionId, (Scope, ServerName)>,
    /// Servers elsewhere that are to tell no more.
    over: Vec<ReplyTo>,
}

impl Interests {
    /// How often both ends of a stream say that they are there.
    pub(crate) const EVERY: Duration = Duration::from_secs(5);

    /// As many messages may be early. Beyond that, or where none comes in between for [`RETRY`](Self::RETRY), the stream has
    /// failed.
    const MOST_EARLY: usize = 64;

    /// How long a stream that has failed is not asked for.
    pub(crate) const RETRY: Duration = Duration::from_secs(1);

    /// How long one end that says nothing counts as there.
    pub(crate) const GONE: Duration = Duration::from_secs(15);

    /// These are wanted from now on, and no others.
    pub(crate) fn want(&mut self, wanted: impl Iterator<Item = (Scope, Target)>, waits_until: Instant) {
        let mut before = core::mem::take(&mut self.all);
        for (scope, target) in wanted {
            // Several may watch the same.
            let Entry::Vacant(entry) = self.all.entry(scope) else { continue };
            let (streams, asked, failed) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
            let new = || Interest { target, waits_until, streams, asked, failed };
            let interest = before.remove(entry.key()).unwrap_or_else(new);
            entry.insert(interest);
        }
        for interest in before.into_values() {
            for stream in interest.streams.into_values() {
                self.by_question.remove(&stream.question);
                self.over.extend(stream.to);
            }
        }
    }

    /// The streams that are wanted and not there, of the regions that may have clients there.
    pub(crate) fn missing<'a, I: Iterator<Item = &'a ServerName>>(
        &self,
        regions: impl Fn(Option<&Circle>) -> I,
    ) -> impl Iterator<Item = (Scope, ServerName)> {
        self.all.iter().flat_map(move |(scope, interest)| {
            let circle = interest.target.circle.map(|(center, radius)| Circle::new(center, radius));
            // A region that has told of clients there is asked again when it has none any more: they have gone somewhere.
            let asked = regions(None).filter(|region| interest.asked.contains(*region));
            let wanted: BTreeSet<&ServerName> = regions(circle.as_ref()).chain(asked).collect();
            let is_missing = |region: &&ServerName| {
                !interest.streams.contains_key(*region) && !interest.failed.contains_key(*region)
            };
            wanted.into_iter().filter(is_missing).map(|region| (scope.clone(), region.clone())).collect::<Vec<_>>()
        })
    }

    /// A stream was asked for.
    pub(crate) fn open(&mut self, scope: &Scope, region: &ServerName, question: QuestionId, now: Instant) {
        if let Some(interest) = self.all.get_mut(scope) {
            let met = Some((now, BTreeSet::new()));
            let early = BTreeMap::new();
            let (to, next, gap_at) = (None, 0, None);
            let stream = Stream { question, to, next, early, gap_at, heard_at: now, said_at: now, met };
            interest.failed.remove(region);
            interest.asked.insert(region.clone());
            interest.streams.insert(region.clone(), stream);
            self.by_question.insert(question, (scope.clone(), region.clone()));
        }
    }

    /// A message of that number came on a stream, from that server: which scope and region it is about, and what it tells,
    /// with all that came early and follows on it. Nothing, if it has come before, or one before it is missing.
    pub(crate) fn hear(
        &mut self,
        question: QuestionId,
        (number, to): (u64, Option<ReplyTo>),
        news: &[u8],
        now: Instant,
    ) -> Option<(Scope, ServerName, Vec<u8>)> {
        let (scope, region) = self.by_question.get(&question)?.clone();
        let stream = self.all.get_mut(&scope)?.streams.get_mut(&region)?;
        // The question may have reached two servers, or one twice.
        if stream.to.is_some() && stream.to != to {
            self.over.extend(to);
            return None;
        }
        if number < stream.next {
            return None;
        }
        stream.to = to;
        stream.early.insert(number, news.into());
        let mut news = Vec::new();
        while let Some(next) = stream.early.remove(&stream.next) {
            news.extend_from_slice(&next);
            stream.next += 1;
            (stream.heard_at, stream.gap_at) = (now, None);
        }
        if stream.early.is_empty() {
            return Some((scope, region, news));
        }
        stream.gap_at.get_or_insert(now);
        if stream.early.len() > Self::MOST_EARLY {
            self.close(question, now);
        }
        (!news.is_empty()).then_some((scope, region, news))
    }

    /// A stream has told of a client.
    pub(crate) fn meet(&mut self, question: QuestionId, client: &[u8]) {
        if let Some((_, met)) = self.stream(question).and_then(|stream| stream.met.as_mut()) {
            met.insert(client.into());
        }
    }

    /// All that there was at the start of a stream was told: since when it was, and who that is.
    pub(crate) fn has_met(&mut self, question: QuestionId) -> Option<(Instant, BTreeSet<Box<[u8]>>)> {
        self.stream(question)?.met.take()
    }

    /// All is told anew on a stream from here on.
    pub(crate) fn begin_anew(&mut self, question: QuestionId, now: Instant) {
        if let Some(stream) = self.stream(question) {
            stream.met = Some((now, BTreeSet::new()));
        }
    }

    fn stream(&mut self, question: QuestionId) -> Option<&mut Stream> {
        let (scope, region) = self.by_question.get(&question)?;
        self.all.get_mut(scope)?.streams.get_mut(region)
    }

    /// A stream has failed.
    pub(crate) fn close(&mut self, question: QuestionId, now: Instant) {
        if let Some((scope, region)) = self.by_question.remove(&question)
            && let Some(interest) = self.all.get_mut(&scope)
            && let Some(stream) = interest.streams.remove(&region)
        {
            self.over.extend(stream.to);
            interest.failed.insert(region, now + Self::RETRY);
        }
    }

    /// What has failed long enough ago may be asked for.
    pub(crate) fn let_retry(&mut self, now: Instant) {
        self.all.values_mut().for_each(|interest| interest.failed.retain(|_, at| *at > now));
    }

    /// The servers that are to tell no more.
    pub(crate) fn take_over(&mut self) -> Vec<ReplyTo> {
        core::mem::take(&mut self.over)
    }

    /// All are over.
    pub(crate) fn close_all(&mut self) {
        self.by_question.clear();
        self.over.clear();
        self.all.values_mut().for_each(|interest| interest.streams.clear());
    }

    /// Streams whose other end has gone, or of which something is missing.
    pub(crate) fn gone(&self, now: Instant) -> Vec<QuestionId> {
        let streams = self.all.values().flat_map(|interest| interest.streams.values());
        let has_failed = |stream: &Stream| {
            stream.heard_at + Self::GONE <= now || stream.gap_at.is_some_and(|gap_at| gap_at + Self::RETRY <= now)
        };
        streams.filter(|stream| has_failed(stream)).map(|stream| stream.question).collect()
    }

    /// The servers that are to be told that somebody still listens.
    pub(crate) fn keep(&mut self, now: Instant) -> Vec<ReplyTo> {
        let streams = self.all.values_mut().flat_map(|interest| interest.streams.values_mut());
        let due = streams.filter(|stream| stream.said_at + Self::EVERY <= now);
        due.filter_map(|stream| {
            stream.said_at = now;
            stream.to.clone()
        })
        .collect()
    }

    /// Whether a watch of that scope has to wait no longer for what these regions have.
    pub(crate) fn is_ready<'a>(
        &self,
        scope: &Scope,
        mut regions: impl Iterator<Item = &'a ServerName>,
        now: Instant,
    ) -> bool {
        let Some(interest) = self.all.get(scope) else { return false };
        let is_ready = |region| interest.streams.get(region).is_some_and(|stream| stream.met.is_none());
        interest.waits_until <= now || regions.all(is_ready)
    }

    /// Whether any is about that report.
    pub(crate) fn cover(&self, report: &Record<'_>) -> bool {
        self.all.values().any(|interest| interest.covers(report))
    }

    /// Whether that one is.
    pub(crate) fn covers(&self, scope: &Scope, report: &Record<'_>) -> bool {
        self.all.get(scope).is_some_and(|interest| interest.covers(report))
    }

    /// When to look again.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let streams = self.all.values().flat_map(|interest| interest.streams.values());
        let failed = self.all.values().flat_map(|interest| interest.failed.values().copied());
        let due = |stream: &Stream| {
            let gap = stream.gap_at.map(|gap_at| gap_at + Self::RETRY);
            (stream.said_at + Self::EVERY)
                .min(stream.heard_at + Self::GONE)
                .min(gap.unwrap_or(stream.said_at + Self::EVERY))
        };
        // Those that wait for what is told at the start go on then.
        let waits = self.all.values().map(|interest| interest.waits_until).filter(|until| *until > now);
        streams.map(due).chain(failed).chain(waits).min()
    }
}
