//! How what devices told becomes reports of the herd.

use std::collections::BTreeMap;

use herd::wire::Need;
use herd::{Caller, Node, Refusal, Sighting, Turn};
use tracing::debug;

use super::Format;
use super::filter::{Filter, Report};
use super::fix::{Fix, Missing, Told};
use super::outcome::{Counts, Outcome};

/// Who takes what a request told.
pub(crate) struct Intake<'a> {
    pub(crate) node: &'a Node,
    pub(crate) caller: &'a Caller,
    pub(crate) filter: &'a Filter,
    pub(crate) format: Format,
    pub(crate) counts: &'a Counts,
}

/// What became of a request's places.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What each came to, in their order; a request that tells nothing has none.
    pub(crate) outcomes: Vec<Outcome>,
    /// Those that cannot be read: the how manieth, and what is wrong with it.
    pub(crate) nonsense: Vec<(usize, &'static str)>,
    /// Why the device is to come again, or its owner to do something.
    pub(crate) refusal: Option<Refusal>,
}

impl Intake<'_> {
    /// Counts a request that nothing can be taken from.
    pub(crate) fn count_unreadable(&self) {
        self.counts.count(self.format, Outcome::Unreadable);
        self.log(Outcome::Unreadable, None);
    }

    /// Takes what a request told. Of each client the herd keeps where it was last, so of a device that was out of reach for
    /// a while the newest place is reported and the others are late: a queue of a thousand is one report, and not too many.
    pub(crate) fn take(&self, turn: &mut Turn, told: Told) -> Verdict {
        let mut verdict = Verdict { outcomes: vec![Outcome::Late; told.len()], ..Verdict::default() };
        let mut newest: BTreeMap<Vec<u8>, (usize, Report)> = BTreeMap::new();
        for (index, fix) in told.into_iter().enumerate() {
            let report = match self.judge(turn, fix, (index, &mut verdict)) {
                Ok(report) => report,
                Err(outcome) => {
                    verdict.outcomes[index] = outcome;
                    continue;
                }
            };
            match newest.get(&report.client) {
                Some((_, known)) if known.time.at == report.time.at => verdict.outcomes[index] = Outcome::Duplicate,
                Some((_, known)) if known.time.at > report.time.at => {}
                _ => drop(newest.insert(report.client.clone(), (index, report))),
            }
        }
        for (index, report) in newest.into_values() {
            let outcome = self.report(turn, &report).unwrap_or_else(|why| verdict.refuse(why));
            if outcome != Outcome::Taken {
                self.log(outcome, Some(&report.client));
            }
            verdict.outcomes[index] = outcome;
        }
        verdict.outcomes.iter().for_each(|&outcome| self.counts.count(self.format, outcome));
        verdict
    }

    fn judge(
        &self,
        turn: &Turn,
        fix: Result<Fix, Missing>,
        (index, verdict): (usize, &mut Verdict),
    ) -> Result<Report, Outcome> {
        let fix = fix.map_err(|missing| {
            if let Missing::Sense(what) = missing {
                verdict.nonsense.push((index, what));
            }
            let outcome = Outcome::from(missing);
            self.log(outcome, None);
            outcome
        })?;
        let client = fix.client.clone();
        // First of all: whoever may not report a client learns nothing of it from what becomes of the report.
        let may = self.caller.may(Need::Report, &client).map_err(|why| verdict.refuse(why));
        let judged = may.and_then(|()| self.filter.judge(fix, turn.now.wall));
        judged.inspect_err(|&outcome| self.log(outcome, Some(&client)))
    }

    /// Tells of a place that is not taken. Those of a batch that are older than another in it are not worth a line each.
    fn log(&self, outcome: Outcome, client: Option<&[u8]>) {
        let client = client.map(String::from_utf8_lossy);
        let (format, outcome) = (self.format.as_str(), outcome.as_str());
        debug!(target: "herd::http", format, outcome, client = client.as_deref(), "device fix not taken");
    }

    /// Reports it, unless nothing would come of that.
    fn report(&self, turn: &mut Turn, report: &Report) -> Result<Outcome, Refusal> {
        let Report { client, position, time } = report;
        let kept = |turn: &Turn| self.node.position(client, turn.now).map(|kept| kept.record().at());
        match kept(turn) {
            Some(at) if at == time.at => return Ok(Outcome::Duplicate),
            Some(at) if at > time.at => return Ok(Outcome::Late),
            _ => {}
        }
        self.caller.take_report(turn.now.instant)?;
        self.node.report_position(turn, &Sighting::new(client, position.as_bytes(), time.text.as_bytes())?)?;
        // The client may have been forgotten up to a later time.
        Ok(if kept(turn) == Some(time.at) { Outcome::Taken } else { Outcome::Late })
    }
}

impl Verdict {
    /// Of several refusals that is answered which says most of all clients alike.
    fn refuse(&mut self, why: Refusal) -> Outcome {
        let outcome = match why {
            Refusal::NoRight(_) => Outcome::NoRight,
            Refusal::TooOften => Outcome::TooOften,
            Refusal::TooFarAhead(_) => return Outcome::Future,
            _ => Outcome::Refused,
        };
        if self.refusal.is_none_or(|known| matches!(known, Refusal::NoRight(_))) {
            self.refusal = Some(why);
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
