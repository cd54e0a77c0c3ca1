//! What one thread of a load measured so far.

use herd_command::readable;

use super::channel::Answer;
use super::dialect::Asked;
use super::ending::Ending;
use super::outcome::Outcome;
use super::schedule::Schedule;

/// Counts replies, and records latencies many at a time: those of a pipeline are alike.
#[derive(Debug)]
pub(crate) struct Tally {
    /// What is measured.
    pub(crate) outcome: Outcome,
    /// Latencies that were alike, not recorded yet: one of the requests, and how many.
    alike: Option<(Asked, u64)>,
    /// All replies, also those that are not measured.
    pub(crate) replies: u64,
    last_reply: u64,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { outcome: Outcome::new(), alike: None, replies: 0, last_reply: 0 }
    }

    /// A reply came.
    pub(crate) fn take(&mut self, schedule: &Schedule, now: u64, answer: &Answer<'_>) {
        self.replies += 1;
        if !answer.is_right {
            let text = &answer.text[..answer.text.len().min(160)];
            self.outcome.error(1, || format!("the server answered: {}", readable(text.trim_ascii_end())));
            return;
        }
        match &mut self.alike {
            Some((asked, count)) if (asked.due, asked.kind) == (answer.asked.due, answer.asked.kind) => *count += 1,
            _ => {
                self.settle(schedule, now);
                self.alike = Some((answer.asked, 1));
            }
        }
    }

    /// Records what is not recorded yet: all of it was read at the same time.
    pub(crate) fn settle(&mut self, schedule: &Schedule, now: u64) {
        let Some((asked, count)) = self.alike.take() else { return };
        self.last_reply = now;
        // A closed loop with an end counts the replies until then, any other what was due.
        let is_measured = match schedule.end() {
            Some(end) if !schedule.is_open() => schedule.is_measured(now) && now < end,
            _ => schedule.is_measured(asked.due),
        };
        if is_measured {
            self.outcome.replies += count;
            self.outcome.record(asked.kind, now.saturating_sub(asked.due), count);
        }
    }

    /// It is over, now.
    pub(crate) fn finish(self, schedule: &Schedule, (ending, now): (Ending, u64)) -> Outcome {
        let mut outcome = self.outcome;
        outcome.ending = ending;
        let end = match schedule.end() {
            // The server is measured for as long as it was there.
            _ if ending == Ending::Broken => self.last_reply,
            Some(end) if ending == Ending::Interrupted => now.min(end),
            // An open loop counts what was due, until its last reply.
            Some(end) if !schedule.is_open() => end,
            Some(end) => end.max(self.last_reply),
            None => self.last_reply,
        };
        outcome.nanos = end.saturating_sub(schedule.warm_up());
        outcome
    }
}
