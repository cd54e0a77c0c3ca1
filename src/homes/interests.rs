//! What somebody here watches, as other regions are asked to tell of it.

use core::time::Duration;
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
    pub(crate) heard_at: Instant,
    pub(crate) said_at: Instant,
    /// While the start is being told, whom it has told of.
    met: Option<BTreeSet<Box<[u8]>>>,
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

    /// How long one end that says nothing counts as there.
    pub(crate) const GONE: Duration = Duration::from_secs(15);

    /// These are wanted from now on, and no others.
    pub(crate) fn want(&mut self, wanted: impl Iterator<Item = (Scope, Target)>, waits_until: Instant) {
        let mut before = core::mem::take(&mut self.all);
        for (scope, target) in wanted {
            let new = || Interest { target, waits_until, streams: BTreeMap::new() };
            let interest = before.remove(&scope).unwrap_or_else(new);
            self.all.insert(scope, interest);
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
            let missing = regions(circle.as_ref()).filter(|region| !interest.streams.contains_key(*region));
            missing.map(|region| (scope.clone(), region.clone())).collect::<Vec<_>>()
        })
    }

    /// A stream was asked for.
    pub(crate) fn open(&mut self, scope: &Scope, region: &ServerName, question: QuestionId, now: Instant) {
        if let Some(interest) = self.all.get_mut(scope) {
            let met = Some(BTreeSet::new());
            let stream = Stream { question, to: None, next: 0, heard_at: now, said_at: now, met };
            interest.streams.insert(region.clone(), stream);
            self.by_question.insert(question, (scope.clone(), region.clone()));
        }
    }

    /// A message of that number came on a stream, from that server: which scope and region it is about. Nothing, if it has
    /// come before, or one before it is missing, so that the stream is to be asked for anew.
    pub(crate) fn hear(
        &mut self,
        question: QuestionId,
        (number, to): (u64, Option<ReplyTo>),
        now: Instant,
    ) -> Option<(Scope, ServerName)> {
        let (scope, region) = self.by_question.get(&question)?.clone();
        let stream = self.all.get_mut(&scope)?.streams.get_mut(&region)?;
        if number < stream.next {
            return None;
        }
        stream.to = to.or_else(|| stream.to.take());
        if number > stream.next {
            self.close(question);
            return None;
        }
        stream.next += 1;
        stream.heard_at = now;
        Some((scope, region))
    }

    /// A stream has told of a client.
    pub(crate) fn meet(&mut self, question: QuestionId, client: &[u8]) {
        if let Some(met) = self.stream(question).and_then(|stream| stream.met.as_mut()) {
            met.insert(client.into());
        }
    }

    /// All that there was at the start of a stream was told: who that was.
    pub(crate) fn has_met(&mut self, question: QuestionId) -> Option<BTreeSet<Box<[u8]>>> {
        self.stream(question)?.met.take()
    }

    /// All is told anew on a stream from here on.
    pub(crate) fn begin_anew(&mut self, question: QuestionId) {
        if let Some(stream) = self.stream(question) {
            stream.met = Some(BTreeSet::new());
        }
    }

    fn stream(&mut self, question: QuestionId) -> Option<&mut Stream> {
        let (scope, region) = self.by_question.get(&question)?;
        self.all.get_mut(scope)?.streams.get_mut(region)
    }

    /// A stream is over.
    pub(crate) fn close(&mut self, question: QuestionId) {
        if let Some((scope, region)) = self.by_question.remove(&question)
            && let Some(interest) = self.all.get_mut(&scope)
            && let Some(stream) = interest.streams.remove(&region)
        {
            self.over.extend(stream.to);
        }
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

    /// Streams whose other end has gone.
    pub(crate) fn gone(&self, now: Instant) -> Vec<QuestionId> {
        let streams = self.all.values().flat_map(|interest| interest.streams.values());
        streams.filter(|stream| stream.heard_at + Self::GONE <= now).map(|stream| stream.question).collect()
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
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let streams = self.all.values().flat_map(|interest| interest.streams.values());
        streams.map(|stream| (stream.said_at + Self::EVERY).min(stream.heard_at + Self::GONE)).min()
    }
}
