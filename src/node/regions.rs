//! What a server does for other regions: it answers their questions, tells them of arrivals and hears of theirs.

use super::changes::{Changed, Changes};
use super::guests::StreamNews;
use super::heard::Heard;
use super::hub::Hub;
use super::node::Node;
use crate::homes::{
    Delivery, Errand, Heading, Homes, Incoming, Neighbourhood, Parts, Post, QuestionId, ReplyTo, Serving, Then, Wanted,
    give, lines,
};
use crate::pass::{Answered, Turn, Work};
use crate::places::Query;
use crate::report::OwnedRecord;
use crate::spatial::Circle;
use crate::store::{Filter, Search, Store};
use crate::values::{Counters, Instant, ServerName};
use crate::wire::RecordKind;

impl Node {
    /// Makes it a server of that region, before it starts; it cannot join another one after that. The name is any that a
    /// server may have.
    pub fn join_region(&self, region: ServerName) {
        let region = self.region.get_or_init(|| region).clone();
        let mut hub = self.hub.hold();
        let server = hub.identity.names.name(hub.identity.me).clone();
        hub.homes = Some(Box::new(Homes::new(region, server)));
    }

    /// The region that it is a server of.
    #[must_use]
    pub fn region(&self) -> Option<&ServerName> {
        self.region.get()
    }

    /// Does about a turn's share of what there is to do for other regions, and appends what is to be sent to them, in
    /// order; whether there is more. If not, [`Action::Post`](crate::Action::Post) says when there is. Whoever has the bus
    /// calls it, one at a time.
    pub fn poll_regions(&self, turn: &mut Turn, posts: &mut Vec<Post>) -> bool {
        let (start, now, identity) = (turn.work(), turn.now.instant, self.identity());
        let limits = &identity.limits;
        if self.homes(turn, |homes, turn| homes.has_come(turn.now, limits.keep_for)).is_none() {
            return false;
        }
        self.tell_arrivals(turn);
        while turn.work().wrapping_sub(start) < Work::PASS {
            let does = self.serve_region(turn) || self.search_for_region(turn) || self.search_here(turn);
            let walks = self.walk_for_regions(turn);
            if !self.tell_region(turn) && !does && !walks {
                break;
            }
        }
        self.hub(turn, |hub, turn| {
            hub.ask_for_guests(turn);
            let Some(homes) = &mut hub.homes else { return false };
            homes.send(now, now + limits.region_timeout, posts);
            homes.has_more()
        })
    }

    fn homes<T>(&self, turn: &mut Turn, work: impl FnOnce(&mut Homes, &mut Turn) -> T) -> Option<T> {
        self.hub(turn, |hub, turn| hub.homes.as_mut().map(|homes| work(homes, turn)))
    }

    /// Tells other regions of arrivals, if this server is the one that does.
    fn tell_arrivals(&self, turn: &mut Turn) {
        let now = turn.now.instant;
        self.hub(turn, |hub, _| hub.tell_arrivals(now));
        while let Some(client) = self.homes(turn, |homes, _| homes.next_held_back(now)).flatten() {
            let horizon = self.horizon(&self.identity().limits, turn.now);
            if let Some(report) = self.store.report(&client, horizon) {
                self.homes(turn, |homes, _| homes.is_bridging() && homes.arrived(&report.record(), now));
            }
        }
    }

    /// Answers the next question of another region, or begins to; whether there was one.
    fn serve_region(&self, turn: &mut Turn) -> bool {
        let Some((to, question)) = self.homes(turn, |homes, _| homes.next_asked()).flatten() else { return false };
        match question {
            Incoming::Where(clients) => {
                let mut answer = self.homes(turn, |homes, _| homes.heading()).unwrap_or_default();
                turn.horizon = self.horizon(&self.identity().limits, turn.now);
                for client in lines(&clients).map(|line| line.get(b"WHERE ".len()..).unwrap_or_default()) {
                    turn.spend(Work::whatsat(0));
                    let record = self.store.get(client).filter(|kept| !turn.horizon.hides(&kept.record()));
                    match record.as_ref().map(OwnedRecord::record).filter(|record| !record.is_tombstone()) {
                        Some(record) => record.write_line(&mut answer),
                        None => answer.extend_from_slice(b"NONE\n"),
                    }
                }
                self.homes(turn, |homes, _| homes.reply(to, answer));
            }
            Incoming::Watch(target) => self.watch_for_region(turn, to, &target),
            Incoming::Compare(compared) => {
                let (tally, digests) = *compared;
                self.hub(turn, |hub, _| hub.walk_later(to, |parts| Errand::Compare(parts, tally, digests)));
            }
            Incoming::Tell(selection) => {
                self.hub(turn, |hub, _| hub.walk_later(to, |parts| Errand::Tell(parts, selection, Vec::new())));
            }
            Incoming::Near(asked) => {
                let Neighbourhood { near, center, rights, except } = *asked;
                let filter = Filter::of(&near, &rights, turn.now.wall, except.as_deref());
                let search = Search::new(Circle::new(center, near.radius), near.bound.into(), filter);
                self.homes(turn, |homes, _| homes.serve_later(Serving { to, search }));
            }
        }
        true
    }

    /// Goes on with a NEAR of another region; whether there was one.
    fn search_for_region(&self, turn: &mut Turn) -> bool {
        let Some(mut serving) = self.homes(turn, |homes, _| homes.next_serving()).flatten() else { return false };
        if !self.search(turn, &mut serving.search) {
            self.homes(turn, |homes, _| homes.serve_later(serving));
            return true;
        }
        let Serving { to, search } = serving;
        self.homes(turn, |homes, _| {
            let (mut parts, mut posts) = (Parts::new(to, homes.heading()), Vec::new());
            let mut line = Vec::new();
            for found in search.into_nearest() {
                found.record().write_line(&mut line);
                parts.add(&line, &mut posts);
                line.clear();
            }
            posts.push(parts.end());
            homes.post_all(posts);
        });
        true
    }

    /// Goes on with a NEAR of this server's that other regions answer too; whether there was one.
    fn search_here(&self, turn: &mut Turn) -> bool {
        let Some((number, mut search)) = self.homes(turn, |homes, _| homes.next_search()).flatten() else {
            return false;
        };
        let is_done = self.search(turn, &mut search);
        self.homes(turn, |homes, turn| {
            if let Some(gathering) = homes.gathering(number) {
                if is_done {
                    gathering.add(search.into_nearest());
                } else {
                    gathering.search = Some(search);
                }
            }
            homes.end_if_done(number, turn);
        });
        true
    }

    /// Takes a message from other regions.
    pub(super) fn hear_region(&self, turn: &mut Turn, by: &Delivery, payload: &[u8]) {
        turn.spend(Work::answers(payload.len()));
        match by {
            Delivery::Arrivals => {
                let Some(Some((_, lines))) = self.homes(turn, |homes, _| homes.hears(payload)) else { return };
                self.hear_of_arrivals(turn, lines);
            }
            Delivery::Everybody => {
                let now = turn.now.instant;
                self.homes(turn, |homes, _| {
                    if let Some((from, there)) = homes.hears(payload) {
                        homes.is_there(&from.region, there, now);
                    }
                });
            }
            Delivery::Asked(to) => {
                self.hub(turn, |hub, turn| hub.region_asked(to.clone(), payload, turn));
            }
            Delivery::Answered(id, reply) => {
                if let Some(lines) = self.hub(turn, |hub, turn| hub.homes_answered(*id, payload, turn)) {
                    let count = |counters: &mut Counters, heard: &Heard| counters.homes_mended += heard.kept as u64;
                    return self.hear_of_homes(turn, lines, count);
                }
                let by = (*id, reply.clone());
                let told = self.hub(turn, |hub, turn| hub.region_answered(by, payload, &self.store, turn));
                let Some(told) = told else { return };
                for line in lines(&told.lines) {
                    let news = self.hub(turn, |hub, turn| hub.hear_of_stream(&told, line, &self.store, turn));
                    // Before the next line, which may say that a client is a guest no more.
                    if !news.is_empty() {
                        self.hear_of_arrivals(turn, &news);
                    }
                }
            }
        }
    }

    /// Takes in what another region's bridge has told.
    fn hear_of_arrivals(&self, turn: &mut Turn, lines: &[u8]) {
        self.hear_of_homes(turn, lines, |counters, heard| {
            counters.arrivals_heard += heard.kept as u64;
            counters.arrivals_known += heard.known as u64;
        });
    }

    /// Takes in what another region knows of homes, and counts it. All regions are told of what is newer here, if that is
    /// this server's to tell: who is at home here all the same, or was forgotten.
    pub(super) fn hear_of_homes(&self, turn: &mut Turn, lines: &[u8], count: impl FnOnce(&mut Counters, &Heard)) {
        let heard = self.hear(turn, lines);
        let now = turn.now.instant;
        self.hub(turn, |hub, _| {
            count(&mut hub.counters, &heard);
            let homes = hub.homes.as_mut().filter(|homes| homes.is_bridging())?;
            for newer in heard.newer.iter().map(OwnedRecord::record) {
                homes.arrived(&newer, now);
            }
            Some(())
        });
    }
}

impl Hub {
    /// As many bytes of arrivals wait to be told.
    const MOST_ARRIVALS: usize = 64 << 20;

    /// The bus is there from now on, or is not.
    pub(super) fn change_bus(&mut self, is_up: bool, turn: &mut Turn) {
        if let Some(homes) = &mut self.homes {
            homes.set_up(is_up, turn);
            self.arrivals = homes.is_bridging().then(|| Changes::new(Self::MOST_ARRIVALS));
        }
        self.await_no_region(turn);
    }

    /// This server is its region's bridge from now on, or is not.
    pub(super) fn change_bridge(&mut self, fence: Option<u64>, turn: &mut Turn) {
        if let Some(homes) = &mut self.homes {
            homes.set_bridge(fence, turn);
            self.arrivals = homes.is_bridging().then(|| Changes::new(Self::MOST_ARRIVALS));
        }
    }

    /// Nobody was there to hear that question.
    pub(super) fn unheard(&mut self, question: QuestionId, turn: &mut Turn) {
        if let Some(homes) = &mut self.homes {
            self.counters.region_timeouts += u64::from(homes.unheard(question, turn));
        }
    }

    /// Tells other regions of arrivals.
    fn tell_arrivals(&mut self, now: Instant) {
        let Self { homes: Some(homes), arrivals: Some(arrivals), counters, .. } = self else { return };
        let mut arrived = Changed::default();
        arrivals.give(&mut arrived);
        if arrived.missed > 0 {
            homes.census.compare_all();
        }
        for change in arrived.iter() {
            counters.arrivals_told += u64::from(homes.arrived(&change.record, now));
        }
    }

    /// Another region asks something.
    fn region_asked(&mut self, to: ReplyTo, question: &[u8], turn: &mut Turn) {
        let Some(homes) = &mut self.homes else { return };
        let asked = Heading::split(question).and_then(|(from, question)| Incoming::parse(&from.region, question));
        let has_room = asked.is_some_and(|question| homes.asked(to, question, turn));
        let counter = if has_room { &mut self.counters.region_asked } else { &mut self.counters.region_dropped };
        *counter += 1;
    }

    /// Another region answers.
    fn region_answered(
        &mut self,
        by: (QuestionId, Option<ReplyTo>),
        answer: &[u8],
        store: &Store,
        turn: &mut Turn,
    ) -> Option<StreamNews> {
        let homes = self.homes.as_mut()?;
        let Some((from, answers)) = Heading::split(answer) else {
            self.counters.region_dropped += 1;
            return None;
        };
        if answers.starts_with(b"STREAM ") {
            return self.told_of(by, answers, turn);
        }
        if answers == b"KEEP\n" {
            homes.streams.heard(by.0, turn.now.instant);
        } else if answers == b"STOP\n" {
            homes.streams.stop(by.0);
        } else if let Some(all) = homes.take_wanted(by.0, &from.region) {
            let mut answers = lines(answers);
            for wanted in all {
                self.found(wanted, &from.region, answers.next(), store, turn);
            }
        } else if !homes.take_found(by.0, &from.region, answers, turn) {
            self.counters.region_dropped += 1;
        }
        None
    }

    /// A client's region has answered where it is.
    fn found(
        &mut self,
        mut wanted: Wanted,
        region: &ServerName,
        answer: Option<&[u8]>,
        store: &Store,
        turn: &mut Turn,
    ) {
        let Some(homes) = &mut self.homes else { return };
        // More may be known here than when that was asked.
        let kept = store.get(wanted.away.record().client());
        if let Some(kept) = kept.filter(|kept| kept.record().order(&wanted.away.record()).is_gt()) {
            match kept.record().kind() {
                RecordKind::Report => {
                    let here = homes.region.clone();
                    return self.has_found(wanted, here, kept, turn);
                }
                RecordKind::Tombstone => {
                    let Wanted { ticket, line, .. } = wanted;
                    return give(ticket, Answered::Unknown { line }, turn);
                }
                RecordKind::Away => wanted.away = kept,
            }
        }
        let known = wanted.away.record();
        let Some(found) = answer.and_then(OwnedRecord::of_elsewhere) else {
            let Wanted { ticket, line, .. } = wanted;
            return give(ticket, Answered::Unknown { line }, turn);
        };
        // A server that has not heard of the newest yet answers with less than is known here.
        let is_less = found.record().at() < known.at();
        if is_less || !found.record().is_report() {
            wanted.tries += 1;
            if found.record().order(&known).is_gt() {
                wanted.away = found;
            }
            return homes.ask(wanted, turn);
        }
        let (region, found) = homes.answers.newest(region, found);
        self.has_found(wanted, region, found, turn);
    }

    /// It is known where a client is: what was asked of it goes on.
    fn has_found(&mut self, wanted: Wanted, region: ServerName, report: OwnedRecord, turn: &mut Turn) {
        let Some(homes) = &mut self.homes else { return };
        let Wanted { ticket, then, .. } = wanted;
        let Some(at) = report.record().place() else { return };
        match then {
            Then::Home => {
                give(ticket, Answered::Home { region, report }, turn);
            }
            Then::Places(nearby) => {
                homes.has_report(ticket, report);
                self.want(Query { at, radius: nearby.radius, bound: nearby.bound }, ticket, turn);
            }
            Then::Near(near, rights) => {
                let client = report.record().client();
                let filter = Filter::of(&near, &rights, turn.now.wall, Some(client));
                let search = Search::new(Circle::new(at, near.radius), near.bound.into(), filter);
                self.gather(ticket, (&near, Some(client), &rights), search, turn);
            }
        }
    }
}

#[cfg(test)]
mod tests;
