//! Two neighbours and the link from the one that asks, with no delay: what a repair costs.

use core::mem;

use herd::{Action, Event, Limits, LinkStep, SessionId};

use super::driver::{Accepted, Driver};
use super::herds;

/// Whatever differs, they are level before that: one to greet and one to name what differs, then sketches, which become
/// four times as long each time, and lists, of ever smaller parts.
const MOST_ROUND_TRIPS: usize = 100;

/// The server `s0`, which asks, and `s1`, which answers.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) asker: Driver,
    pub(crate) answerer: Driver,
}

/// What crossed the link, from the greeting until both were silent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) bytes: usize,
    pub(crate) round_trips: usize,
}

impl Pair {
    pub(crate) fn new(limits: &Limits) -> Self {
        let herd = herds::herd(2, &[(0, 1)]);
        Self { asker: Driver::new(&herd, 0, limits, 1), answerer: Driver::new(&herd, 1, limits, 2) }
    }

    /// The asker's link comes up: they compare, and the link is lost again.
    pub(crate) fn meet(&mut self) -> Cost {
        self.meet_with(|_| {})
    }

    /// They meet, and each piece of what they say may be changed on its way. They part when the asker has nothing more
    /// to say, or gives the connection up.
    pub(crate) fn meet_with(&mut self, mut tamper: impl FnMut(&mut Vec<u8>)) -> Cost {
        let peer = self.asker.peers()[0];
        let mut session = self.answerer.accept(SessionId(0), Some(herds::LOOPBACK));
        // If the link was lost before, it pauses no more.
        self.asker.handle(|| Event::Started);
        assert_eq!(self.asker.poll_link(peer), LinkStep::Connect);
        self.asker.handle(|| Event::Connected { peer, proven: false });
        let mut cost = Cost::default();
        let end = loop {
            // All that can be said before an answer comes is on its way together.
            let (mut answers, mut says) = (Vec::new(), false);
            let end = loop {
                let mut sent = match self.asker.poll_link(peer) {
                    LinkStep::Send(bytes) => bytes.to_vec(),
                    // It looked at something of which there was nothing to say.
                    LinkStep::Wait(_) if self.is_told() => continue,
                    end => break end,
                };
                says = true;
                cost.bytes += sent.len();
                self.asker.handle(|| Event::Sent { peer });
                tamper(&mut sent);
                answers.extend(self.answer(&mut session, &sent));
            };
            if !says {
                break end;
            }
            tamper(&mut answers);
            cost.bytes += answers.len();
            cost.round_trips += 1;
            assert!(cost.round_trips < MOST_ROUND_TRIPS, "they go on and on: {cost:?}");
            self.asker.handle(|| Event::Received { peer, bytes: &answers });
        };
        if !matches!(end, LinkStep::Close(_)) {
            self.asker.handle(|| Event::Lost { peer, why: "lost" });
        }
        cost
    }

    /// Whether the asker said that there is something to do about its link.
    fn is_told(&mut self) -> bool {
        mem::take(&mut self.asker.actions).iter().any(|action| matches!(action, Action::Forward { .. }))
    }

    fn answer(&mut self, session: &mut Accepted, bytes: &[u8]) -> Vec<u8> {
        let mut out = self.answerer.receive(session, bytes);
        while session.can_resume() {
            out.extend(self.answerer.receive(session, &[]));
        }
        out
    }
}
