//! From a scenario that breaks an invariant to a shorter one that still does.

use crate::run::{Options, Outcome, Run};
use crate::scenario::{Scenario, Trusting};
use crate::violation::Invariant;

/// The most runs that are spent on one scenario.
const MOST_RUNS: usize = 2_000;

/// Looks for a shorter scenario that breaks the same invariant: without events, without clients' lines,
/// without servers, with everything sooner. Gives the shortest that it found, and how many runs that took.
///
/// `broken` plays a scenario and says what it breaks; most will pass [`breaks`].
pub fn shrink(scenario: &Scenario, broken: impl FnMut(&Scenario) -> Option<Invariant>) -> (Scenario, usize) {
    let mut search = Search { best: scenario.clone(), invariant: None, runs: 0, broken };
    search.invariant = (search.broken)(scenario);
    if search.invariant.is_none() {
        return (search.best, 1);
    }
    loop {
        let before = search.best.clone();
        search.drop_events();
        search.drop_lines();
        search.drop_servers();
        search.drop_links();
        search.renew();
        search.take_keys();
        search.take_secrets();
        search.hurry();
        if search.best == before || search.runs >= MOST_RUNS {
            return (search.best, search.runs);
        }
    }
}

/// What a scenario breaks, when it is played with those options.
pub fn breaks(options: Options) -> impl FnMut(&Scenario) -> Option<Invariant> {
    move |scenario| {
        let outcome = Run::with(scenario.clone(), options).ok()?.play();
        let Outcome { violation, .. } = outcome;
        violation.map(|violation| violation.invariant)
    }
}

struct Search<F> {
    best: Scenario,
    invariant: Option<Invariant>,
    runs: usize,
    broken: F,
}

impl<F: FnMut(&Scenario) -> Option<Invariant>> Search<F> {
    /// Takes a scenario if it breaks the same.
    fn offer(&mut self, candidate: Scenario) -> bool {
        if self.runs >= MOST_RUNS || candidate == self.best || candidate.check().is_err() {
            return false;
        }
        self.runs += 1;
        let taken = (self.broken)(&candidate) == self.invariant;
        if taken {
            self.best = candidate;
        }
        taken
    }

    /// Drops runs of events, long ones first (delta debugging).
    fn drop_events(&mut self) {
        let mut chunk = self.best.events.len().div_ceil(2);
        while chunk > 0 {
            let mut at = 0;
            while at < self.best.events.len() {
                let mut candidate = self.best.clone();
                let end = (at + chunk).min(candidate.events.len());
                candidate.events.drain(at..end);
                if !self.offer(candidate) {
                    at += chunk;
                }
            }
            chunk /= 2;
        }
    }

    /// Leaves out lines of what clients say.
    fn drop_lines(&mut self) {
        for event in 0..self.best.events.len() {
            let mut line = 0;
            loop {
                let mut candidate = self.best.clone();
                let crate::What::Say { text, .. } = &mut candidate.events[event].what else { break };
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                if lines.len() < 2 || line >= lines.len() {
                    break;
                }
                let kept = lines.iter().enumerate().filter(|(index, _)| *index != line);
                *text = kept.map(|(_, line)| *line).collect();
                if !self.offer(candidate) {
                    line += 1;
                }
            }
        }
    }

    fn drop_servers(&mut self) {
        for server in (0..self.best.servers.len()).rev() {
            if self.best.servers.len() > 1
                && let Some(candidate) = self.best.without_server(server)
            {
                self.offer(candidate);
            }
        }
    }

    /// Lets servers be of the same make as the others.
    fn renew(&mut self) {
        for index in (0..self.best.older.len()).rev() {
            let mut candidate = self.best.clone();
            candidate.older.remove(index);
            self.offer(candidate);
        }
    }

    /// Takes the hash keys away.
    fn take_keys(&mut self) {
        if !self.best.keys.is_empty() {
            let mut candidate = self.best.clone();
            candidate.keys.clear();
            self.offer(candidate);
        }
    }

    /// Has servers believe addresses from the start, and then one secret.
    fn take_secrets(&mut self) {
        for secrets in [&[][..], &[1]] {
            let mut candidate = self.best.clone();
            candidate.trust.iter_mut().for_each(|trusting| *trusting = Trusting::secrets(secrets));
            candidate.trust.retain(|trusting| !trusting.secrets.is_empty());
            if self.best.trust.is_empty() || self.offer(candidate) {
                return;
            }
        }
    }

    fn drop_links(&mut self) {
        for link in (0..self.best.links.len()).rev() {
            let mut candidate = self.best.clone();
            let (a, b) = candidate.links.remove(link);
            candidate.events.retain(|planned| planned.what.link().is_none_or(|link| link != (a, b) && link != (b, a)));
            self.offer(candidate);
        }
    }

    /// Everything in half the time.
    fn hurry(&mut self) {
        for _ in 0..10 {
            let mut candidate = self.best.clone();
            for planned in &mut candidate.events {
                planned.at /= 2;
                planned.what.hurry();
            }
            if !self.offer(candidate) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recipe, What};

    #[test]
    fn only_what_it_takes_is_left() {
        let scenario = Recipe { servers: (7, 7), ..Recipe::default() }.scenario(3);
        // As if two servers that crash were too much, wherever and whenever.
        let crashes = |scenario: &Scenario| {
            let is_crash = |planned: &&crate::Planned| matches!(planned.what, What::Crash { .. });
            scenario.events.iter().filter(is_crash).count()
        };
        assert!(crashes(&scenario) >= 2, "the seed has enough of them");
        let broken = |scenario: &Scenario| (crashes(scenario) >= 2).then_some(Invariant::Converges);
        let (shortest, runs) = shrink(&scenario, broken);
        assert_eq!((shortest.events.len(), crashes(&shortest)), (2, 2));
        assert!(shortest.servers.len() <= 2 && runs < 500, "{runs} runs, {shortest:?}");
        assert!(shortest.calm_at() < scenario.calm_at());
    }

    #[test]
    fn what_breaks_nothing_stays_as_it_is() {
        let scenario = Recipe::default().scenario(1);
        assert_eq!(shrink(&scenario, |_| None), (scenario, 1));
    }
}
