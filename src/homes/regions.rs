//! The other regions, as far as they are known.

use core::time::Duration;
use std::collections::BTreeMap;

use super::heading::Heading;
use super::presence::Presence;
use crate::spatial::Circle;
use crate::values::{Instant, ServerName};

/// What is known of a region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Region {
    /// When it told everybody of itself last.
    told: Option<Instant>,
    /// Where it has clients.
    presence: Presence,
    /// The greatest fencing number that its messages had.
    fence: u64,
    /// Questions that it did not answer, since that was told last, and when that was.
    silent: u64,
    silence_told: Option<Instant>,
}

impl Region {
    fn is_there(&self, now: Instant) -> bool {
        self.told.is_some_and(|told| now < told + Regions::GONE)
    }
}

/// All of them, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Regions {
    all: BTreeMap<ServerName, Region>,
    /// Since when what they say can arrive.
    listens_since: Option<Instant>,
}

/// How another region is, for whoever asks.
pub(crate) struct Seen<'a> {
    pub(crate) name: &'a ServerName,
    /// How long ago it said that it is there, if it ever did.
    pub(crate) heard: Option<Duration>,
    pub(crate) is_there: bool,
    /// For how long it has been silent, where that needs a person.
    pub(crate) missed_for: Option<Duration>,
}

impl Regions {
    /// As many are known. Who is heard of beyond that is not.
    const MOST: usize = 1024;

    /// How often a region tells everybody that it is there.
    pub(crate) const EVERY: Duration = Duration::from_secs(5);

    /// How long one that has said nothing counts as there.
    const GONE: Duration = Duration::from_secs(15);

    /// How long one that has said nothing is missed. Behind that it has gone for good: the stream has no arrivals for it any
    /// more, and nobody is to be told of it for ever.
    const MISSED: Duration = Duration::from_hours(24);

    /// The bus is there from now on, or is not.
    pub(crate) fn listen(&mut self, since: Option<Instant>) {
        self.listens_since = since;
    }

    /// How each of them is.
    pub(crate) fn seen(&self, now: Instant) -> impl Iterator<Item = Seen<'_>> {
        self.all.iter().map(move |(name, region)| {
            let silence = |since: Instant| now.saturating_since(since);
            // While nothing can arrive, and just after, its silence says nothing of it.
            let is_missed = |since: &Instant| {
                let heard = region.told.map_or(*since, |told| told.max(*since));
                (Self::GONE..Self::MISSED).contains(&silence(heard))
            };
            let missed = self.listens_since.filter(is_missed);
            Seen {
                name,
                heard: region.told.map(silence),
                is_there: region.is_there(now),
                missed_for: missed.map(|since| silence(region.told.unwrap_or(since))),
            }
        })
    }

    /// A bridge of that region has said something: whether it counts, since no later one has said anything before.
    pub(crate) fn is_current(&mut self, from: &Heading) -> bool {
        if self.all.len() >= Self::MOST && !self.all.contains_key(&from.region) {
            return false;
        }
        let region = self.all.entry(from.region.clone()).or_default();
        region.fence = region.fence.max(from.fence);
        region.fence == from.fence
    }

    /// A region has told everybody where it has clients.
    pub(crate) fn told(&mut self, region: &ServerName, presence: Presence, now: Instant) {
        if let Some(region) = self.all.get_mut(region) {
            (region.told, region.presence) = (Some(now), presence);
        }
    }

    /// Those besides `own` that are there, and may have clients in a circle.
    pub(crate) fn others<'a>(
        &'a self,
        own: &ServerName,
        circle: Option<&Circle>,
        now: Instant,
    ) -> impl Iterator<Item = &'a ServerName> + use<'a> {
        let own = own.clone();
        let cells = circle.map(Presence::of);
        let may = move |region: &Region| cells.as_ref().is_none_or(|cells| region.presence.meets(cells));
        let others = self.all.iter().filter(move |(name, _)| **name != own);
        others.filter(move |(_, region)| region.is_there(now) && may(region)).map(|(name, _)| name)
    }

    /// A region has not answered; how many questions, if that is to be told now.
    pub(crate) fn is_silent(&mut self, region: &ServerName, now: Instant) -> Option<u64> {
        let region = self.all.get_mut(region)?;
        region.silent += 1;
        let is_time = region.silence_told.is_none_or(|told| told + Duration::from_mins(1) <= now);
        if !is_time {
            return None;
        }
        region.silence_told = Some(now);
        Some(core::mem::take(&mut region.silent))
    }
}
