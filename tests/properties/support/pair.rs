//! Two neighbours and the link from the one that asks, with no delay: what a repair costs.

use herd::{Action, Attempt, Batch, Event, Limits, Node, Session, SessionId};

use super::herds;

/// The server `s0`, which asks, and `s1`, which answers.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) asker: Node,
    pub(crate) answerer: Node,
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
        Self { asker: herds::node(&herd, 0, limits, 1), answerer: herds::node(&herd, 1, limits, 2) }
    }

    /// The asker's link comes up: they compare, and the link is lost again.
    pub(crate) fn meet(&mut self) -> Cost {
        self.meet_with(|_| {})
    }

    /// The same, but each piece of what they say may be changed on its way.
    pub(crate) fn meet_with(&mut self, mut tamper: impl FnMut(&mut Vec<u8>)) -> Cost {
        let now = herds::at(0);
        let peer = self.asker.links().next().expect("its neighbour").0;
        let mut session = self.answerer.session(SessionId(0), Some(herds::LOOPBACK), now.instant);
        let mut actions = Vec::new();
        self.asker.handle(now, Event::Started, &mut actions);
        let attempt = match actions.pop() {
            Some(Action::Connect { attempt, .. }) => attempt,
            // It was lost before: it pauses first.
            _ => self.reconnect(),
        };
        self.asker.handle(now, Event::Connected { peer, attempt }, &mut Vec::new());
        let mut cost = Cost::default();
        loop {
            let mut sent = self.asker.take(now.instant, peer, attempt).to_vec();
            if sent.is_empty() {
                break;
            }
            cost.bytes += sent.len();
            self.asker.handle(now, Event::Sent { peer, attempt }, &mut Vec::new());
            tamper(&mut sent);
            let mut answer = self.answer(&mut session, &sent);
            tamper(&mut answer);
            cost.bytes += answer.len();
            cost.round_trips += 1;
            self.asker.handle(now, Event::Received { peer, attempt, bytes: &answer }, &mut Vec::new());
        }
        self.asker.handle(now, Event::Lost { peer, attempt }, &mut Vec::new());
        cost
    }

    fn reconnect(&mut self) -> Attempt {
        let wake = self.asker.next_wake().expect("it pauses");
        let mut actions = Vec::new();
        let now = herd::Now { instant: wake, ..herds::at(0) };
        self.asker.handle(now, Event::Woken, &mut actions);
        match actions.pop() {
            Some(Action::Connect { attempt, .. }) => attempt,
            other => panic!("it connects, and does not say {other:?}"),
        }
    }

    fn answer(&mut self, session: &mut Session, bytes: &[u8]) -> Vec<u8> {
        let now = herds::at(0);
        let mut out = Vec::new();
        let mut next = bytes;
        loop {
            let requests = session.receive(now, next, Batch::default());
            let replies = self.answerer.serve(now, session, requests, &mut Vec::new());
            let mut more = Vec::new();
            session.reply(replies, &mut more);
            out.append(&mut more);
            next = &[];
            if !session.can_resume(0) {
                return out;
            }
        }
    }
}
