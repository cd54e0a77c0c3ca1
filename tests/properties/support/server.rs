//! One server, its clients and one neighbour, all in the hands of a test.

use std::time::Duration;

use herd::{Action, Event, Limits, LinkStep, Parting, ServerId, SessionId};

use super::driver::{Accepted, Driver};
use super::herds;

/// Server `s0` of a herd of two. Its neighbour `s1` is the test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) driver: Driver,
    next_session: u64,
    /// Whether it said that there is something to do about its link, and has not said to wait since.
    is_due: bool,
    /// What it said that is to be done next, and has not been asked for yet.
    next: Option<LinkStep>,
}

impl Server {
    pub(crate) fn new(limits: &Limits) -> Self {
        let driver = Driver::new(&herds::herd(2, &[(0, 1)]), 0, limits, 11);
        Self { driver, next_session: 0, is_due: false, next: None }
    }

    /// Someone connects, sends those bytes, and goes on waiting: the session, and what it got.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> (Accepted, Vec<u8>) {
        let mut session = self.driver.accept(SessionId(self.next_session), Some(herds::LOOPBACK));
        self.next_session += 1;
        let out = self.driver.receive(&mut session, bytes);
        (session, out)
    }

    /// Time goes by; the node is woken whenever it wants to be.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.driver.nanos + u64::try_from(time.as_nanos()).expect("a short time");
        while let Some(next) = self.driver.wakes_at().filter(|next| next.as_nanos() <= end) {
            self.driver.nanos = self.driver.nanos.max(next.as_nanos());
            self.driver.wake();
        }
        self.driver.nanos = end;
    }

    /// Whether it asked for a connection since it was last asked.
    pub(crate) fn connects(&mut self) -> bool {
        self.step(|step| *step == LinkStep::Connect).is_some()
    }

    /// Why it gave its connection up since it was last asked, if it did.
    pub(crate) fn closes(&mut self) -> Option<Parting> {
        match self.step(|step| matches!(step, LinkStep::Close(_))) {
            Some(LinkStep::Close(why)) => Some(why),
            _ => None,
        }
    }

    /// Whether it said that there is nothing to be done about the link any more.
    pub(crate) fn ends(&mut self) -> bool {
        self.step(|step| *step == LinkStep::End).is_some()
    }

    pub(crate) fn connected(&mut self) {
        let peer = self.peer();
        self.driver.handle(|| Event::Connected { peer, proven: false });
    }

    pub(crate) fn lost(&mut self) {
        let peer = self.peer();
        self.driver.handle(|| Event::Lost { peer, why: "lost" });
    }

    pub(crate) fn sent(&mut self) {
        let peer = self.peer();
        self.driver.handle(|| Event::Sent { peer });
    }

    pub(crate) fn answered(&mut self, bytes: &[u8]) {
        let peer = self.peer();
        self.driver.handle(|| Event::Received { peer, bytes });
    }

    /// What it sends now; nothing unless it said that there is something. Where it asks whether anything differs, that
    /// is not told, and it is answered that nothing does.
    pub(crate) fn takes(&mut self) -> String {
        let text = self.takes_all();
        let (compares, lines): (Vec<_>, Vec<_>) =
            text.split_inclusive('\n').partition(|line| line.starts_with("REPAIR s0 groups "));
        if !compares.is_empty() {
            self.answered(b"REPAIR s1 end\n");
        }
        lines.concat()
    }

    /// All that it sends now, with what it asks in a comparison.
    pub(crate) fn takes_all(&mut self) -> String {
        match self.step(|step| matches!(step, LinkStep::Send(_))) {
            Some(LinkStep::Send(bytes)) => String::from_utf8(bytes.to_vec()).expect("these tests speak ASCII"),
            _ => String::new(),
        }
    }

    /// What is to be done next about the link, if that is what is `wanted`. It is not asked unless it said that there is
    /// something.
    fn step(&mut self, wanted: impl Fn(&LinkStep) -> bool) -> Option<LinkStep> {
        let is_forward = |action: &mut Action| matches!(action, Action::Forward { .. });
        self.is_due |= self.driver.actions.extract_if(.., is_forward).count() > 0;
        if self.is_due && self.next.is_none() {
            let step = self.driver.poll_link(self.peer());
            self.is_due = !matches!(step, LinkStep::Wait(_) | LinkStep::End);
            self.next = Some(step).filter(|step| !matches!(step, LinkStep::Wait(_)));
        }
        self.next.take_if(|step| wanted(step))
    }

    fn peer(&self) -> ServerId {
        self.driver.peers()[0]
    }
}
