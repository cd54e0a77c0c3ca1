//! One step of one server that runs the core: the part of an adapter.

use std::net::{IpAddr, Ipv4Addr};

use herd::{Action, Batch, Event, Instant, Now, SessionId, Timestamp};

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
    pub(crate) texts: &'a mut Table<Vec<u8>, Written>,
    pub(crate) updates: &'a [Update],
    pub(crate) outputs: Vec<Output>,
    pub(crate) wrong: Option<Wrong>,
    pub(crate) up: u8,
}

impl Run<'_> {
    /// The number of a text.
    pub(crate) fn number(&mut self, bytes: Vec<u8>) -> Text {
        let written = Written { bytes: bytes.as_slice().into(), brings: Update::brought(self.updates, &bytes) };
        self.texts.number(bytes, || written)
    }

    /// The node is told what happened, and does what it says.
    pub(crate) fn handle(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.known.node.handle(at(self.known.now), event, &mut actions);
        self.perform(actions);
    }

    /// Whole lines come on a connection that was accepted, and what is replied. A session that was given whole
    /// lines of a neighbour's is as good as new, unless one was refused.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (now, mut actions, mut out) = (at(self.known.now), Vec::new(), Vec::new());
        let mut session = self.known.node.session(SessionId(0), Some(LOOPBACK), now.instant);
        let requests = session.receive(now, bytes, Batch::default());
        let replies = self.known.node.serve(now, &session, requests, &mut actions);
        session.reply(replies, &mut out);
        if session.is_finished() {
            self.wrong = Some(Wrong::Refused);
        }
        self.perform(actions);
        out
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Connect { peer, attempt } => {
                    self.known.attempts[peer.index()] = attempt;
                    if self.up & 1 << peer.index() == 0 {
                        self.handle(Event::Lost { peer, attempt });
                    } else {
                        self.outputs.push(Output::Open(peer.index()));
                        self.handle(Event::Connected { peer, attempt });
                    }
                }
                Action::Forward { peer, attempt } => {
                    let bytes = self.known.node.take(self.known.now, peer, attempt);
                    if !bytes.is_empty() {
                        let text = self.number(bytes.to_vec());
                        self.outputs.push(Output::Send(peer.index(), text));
                        self.handle(Event::Sent { peer, attempt });
                    }
                }
                Action::Disconnect { peer, .. } => self.outputs.push(Output::Close(peer.index())),
                Action::Compared { .. } => {}
                Action::Reply { .. } | Action::Fetch { .. } => panic!("nobody asks for places"),
            }
        }
    }
}
