//! One step of one server that runs the core: the part of an adapter.

use core::mem;
use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr};

use herd::{Action, Event, Instant, LinkStep, Node, Now, ServerId, SessionId, Timestamp, Turn};

use super::node::{Known, Written};
use super::site::{Output, Text, Wrong};
use super::table::Table;
use super::update::Update;

/// Where all connect from.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What the clocks say: the skews are the same in every run.
pub(crate) fn at(instant: Instant) -> Now {
    Now { wall: Timestamp::from_nanos(1_479_413_884_500_000_000), instant }
}

/// One step of one server. Whatever the adapter does at once is done at once: connections are made or refused,
/// and what is to be sent is taken and sent.
pub(crate) struct Run<'a> {
    pub(crate) known: &'a mut Known,
    texts: &'a mut Table<Vec<u8>, Written>,
    updates: &'a [Update],
    up: u8,
    turn: Turn,
    pub(crate) outputs: Vec<Output>,
    pub(crate) wrong: Option<Wrong>,
}

impl<'a> Run<'a> {
    /// Of a server that knows that, while the servers `up` (a bit each) are up.
    pub(crate) fn new(
        known: &'a mut Known,
        texts: &'a mut Table<Vec<u8>, Written>,
        updates: &'a [Update],
        up: u8,
    ) -> Self {
        let turn = Turn::at(at(known.now));
        Self { known, texts, updates, up, turn, outputs: Vec::new(), wrong: None }
    }

    /// The number of a text.
    pub(crate) fn number(&mut self, bytes: Vec<u8>) -> Text {
        let written = Written { bytes: bytes.as_slice().into(), brings: Update::brought(self.updates, &bytes) };
        self.texts.number(bytes, || written)
    }

    /// The node is told what happened, and does what it says.
    pub(crate) fn handle(&mut self, event: Event<'_>) {
        self.known.node.handle(&mut self.turn, event);
        self.perform();
    }

    /// So much time passes; the node is woken whenever it wants to be.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.known.now + time;
        while let Some(next) = self.known.wakes_at.take_if(|next| *next <= end) {
            self.known.now = self.known.now.max(next);
            self.turn.now = at(self.known.now);
            self.handle(Event::Woken);
        }
        self.known.now = end;
    }

    /// Whole lines come on a connection that was accepted, and what is replied. A session that was given whole
    /// lines of a neighbour's is as good as new, unless one was refused. Read many bytes at a time or not, they come
    /// to the same.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (plain, mut plain_turn) = (self.known.node.clone(), Turn::at(self.turn.now));
        let read = |node: &Node, turn: &mut Turn, fast: bool| {
            let mut session = node.session(SessionId(0), Some(LOOPBACK), turn.now.instant);
            session.set_fast(fast);
            let mut out = Vec::new();
            session.receive(node, turn, bytes).serve().reply(&mut out);
            let said = format!("{:?} {:?} {:?} {}", turn.actions, turn.notices, node, node.digest());
            (out, session.is_finished(), node.counters(), said)
        };
        let (out, is_finished, ..) = {
            let fast = read(&self.known.node, &mut self.turn, true);
            if fast != read(&plain, &mut plain_turn, false) {
                self.wrong = Some(Wrong::ReadTwoWays);
            }
            fast
        };
        if is_finished {
            self.wrong = Some(Wrong::Refused);
        }
        self.perform();
        out
    }

    /// Does what the node says, until it says nothing more.
    fn perform(&mut self) {
        while !self.turn.actions.is_empty() {
            for action in mem::take(&mut self.turn.actions) {
                match action {
                    Action::Forward { peer } => self.pull(peer),
                    Action::WakeAt(at) => {
                        self.known.wakes_at = Some(self.known.wakes_at.map_or(at, |earlier| earlier.min(at)));
                    }
                    Action::Answer { .. } | Action::Fetch { .. } => panic!("nobody asks for places"),
                    Action::Close { .. } => panic!("buffers have room"),
                    Action::Look { .. } => panic!("nobody watches"),
                    Action::Post => panic!("there are no regions"),
                }
            }
        }
        self.turn.notices.clear();
        self.look_at_links();
    }

    /// Does what is to be done about a link.
    fn pull(&mut self, peer: ServerId) {
        loop {
            let event = match self.known.node.poll_link(&mut self.turn, peer) {
                LinkStep::Connect if self.up & 1 << peer.index() == 0 => Event::Lost { peer, why: "lost" },
                LinkStep::Connect => {
                    self.outputs.push(Output::Open(peer.index()));
                    Event::Connected { peer, proven: false }
                }
                LinkStep::Send(bytes) => {
                    let text = self.number(bytes.to_vec());
                    self.outputs.push(Output::Send(peer.index(), text));
                    Event::Sent { peer }
                }
                LinkStep::Close(_) => {
                    self.outputs.push(Output::Close(peer.index()));
                    continue;
                }
                LinkStep::Wait(_) | LinkStep::End => return,
            };
            self.known.node.handle(&mut self.turn, event);
        }
    }

    /// Each link waits, and the node is woken before one has waited long enough.
    fn look_at_links(&mut self) {
        for link in self.known.node.links() {
            let step = self.known.node.poll_link(&mut self.turn, link.peer);
            let is_well = match step {
                LinkStep::Wait(until) => until.is_none_or(|until| self.known.wakes_at.is_some_and(|at| at <= until)),
                _ => false,
            };
            if !is_well || !self.turn.actions.is_empty() {
                self.wrong = Some(Wrong::Overslept);
            }
        }
    }
}
