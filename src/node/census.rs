//! Going through all that is kept for other regions, a step at a time, and comparing with them who is at home where.

use super::hub::Hub;
use super::node::Node;
use crate::homes::{Asks, Errand, Heading, Next, Parts, QuestionId, ReplyTo, Walk};
use crate::pass::Turn;
use crate::store::Store;
use crate::values::{Instant, ServerName};

impl Node {
    /// Takes the next step, if there is one to take; whether there was.
    pub(super) fn walk_for_regions(&self, turn: &mut Turn) -> bool {
        let now = turn.now.instant;
        let next = self.hub(turn, |hub, _| {
            let homes = hub.homes.as_mut()?;
            Some((homes.region.clone(), homes.census.next_walk(now)?))
        });
        let Some((region, mut walk)) = next else { return false };
        let horizon = self.horizon(&self.identity().limits, turn.now);
        turn.spend(Store::COPY as u64);
        let Walk { cursor, errands, .. } = &mut walk;
        let goes_on = self.store.show_next(cursor, |record| {
            if horizon.hides(record) {
                return;
            }
            for errand in errands.iter_mut() {
                errand.look(region.as_bytes(), record);
            }
        });
        let goes_on = goes_on && walk.goes_on();
        self.hub(turn, |hub, turn| hub.walked(walk, goes_on, turn.now.instant));
        true
    }
}

impl Hub {
    /// Has the next walk answer a question of another region.
    pub(super) fn walk_later(&mut self, to: ReplyTo, errand: impl FnOnce(Parts) -> Errand) {
        let Some(homes) = &mut self.homes else { return };
        let parts = Parts::new(to, homes.heading());
        if homes.census.has_room() {
            homes.census.wait(errand(parts));
        } else {
            self.counters.region_dropped += 1;
        }
    }

    /// A walk has taken a step; if it does not go on, that was the last.
    fn walked(&mut self, mut walk: Walk, goes_on: bool, now: Instant) {
        let Self { homes: Some(homes), counters, .. } = self else { return };
        if !homes.census.wants(&walk) {
            return;
        }
        let mut posts = Vec::new();
        for errand in &mut walk.errands {
            errand.send(&mut posts);
            if let Errand::Call(.., records) | Errand::RollCall(records) = errand {
                counters.homes_told += records.len() as u64;
                records.drain(..).for_each(|record| homes.tell(&record.record(), now));
            }
        }
        if goes_on {
            homes.post_all(posts);
            return homes.census.goes_on(walk);
        }
        let (began, run, mut called) = (walk.began(), homes.census.run(), Vec::new());
        let Walk { cursor, errands, .. } = walk;
        for errand in errands {
            match errand {
                Errand::Presence(found) => {
                    if homes.census.found(found, began, now) {
                        homes.tell_presence();
                    }
                }
                Errand::Count(tally) => {
                    let mut question = homes.heading();
                    if let Some(region) = homes.census.counted(tally, &mut question) {
                        homes.ask_homes(region, question, now);
                    }
                }
                Errand::Call(region, ..) => called.push(region),
                Errand::RollCall(_) => homes.census.called(cursor.clone()),
                Errand::Compare(..) | Errand::Tell(..) => errand.end(&mut posts),
            }
        }
        homes.post_all(posts);
        for region in called {
            self.go_on_comparing(region, run, now);
        }
    }

    /// Does what comes next in the comparison with a region, or begins another one.
    fn go_on_comparing(&mut self, region: ServerName, run: u64, now: Instant) {
        let Self { homes: Some(homes), counters, .. } = self else { return };
        match homes.census.next_of_comparison(&region, run, now) {
            Some(Next::Count(tally)) => homes.census.wait(Errand::Count(tally)),
            Some(Next::Ask(selection)) => {
                let mut question = homes.heading();
                selection.write(&mut question);
                homes.ask_homes(region, question, now);
            }
            Some(Next::Call(selection)) => homes.census.wait(Errand::Call(region, selection, Vec::new())),
            Some(Next::Nothing) => {
                counters.homes_compared += 1;
                homes.begin_to_compare(now);
            }
            None => {}
        }
    }

    /// Another region answers a question of a comparison: the lines that tell of clients. None, if it answers another one.
    pub(super) fn homes_answered<'a>(&mut self, id: QuestionId, answer: &'a [u8], turn: &mut Turn) -> Option<&'a [u8]> {
        let homes = self.homes.as_mut()?;
        let (from, answer) = Heading::split(answer)?;
        let Some(&mut Asks::Homes(run)) = homes.questions.asks(id, &from.region) else { return None };
        let now = turn.now.instant;
        let heard = homes.census.hear(&from.region, run, answer);
        let Ok(part) = heard else {
            self.counters.region_dropped += 1;
            homes.questions.close(id);
            homes.census.fail(from.region, run, now);
            return Some(b"");
        };
        let Some(part) = part else { return Some(b"") };
        if part.is_last {
            homes.questions.close(id);
            homes.call(turn);
            self.go_on_comparing(from.region, run, now);
        }
        Some(part.lines)
    }
}
