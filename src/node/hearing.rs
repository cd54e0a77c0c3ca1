//! What a neighbour answers over the link that this server opened.
//!
//! Most of it is reports that a comparison found missing here. They are read without holding the hub, and taken in
//! together, as those are that come on a session.

use core::mem;
use std::sync::Arc;

use super::hub::Hub;
use super::node::Node;
use crate::bytes::Text;
use crate::fast::{self, Lines};
use crate::herd::{Identity, Told};
use crate::pass::{Batch, BroughtBy, Entry, Turn};
use crate::peers::Link;
use crate::store::Store;
use crate::values::{ServerId, ServerName, SplitMix64};
use crate::wire::{Departed, Framer, Line, Message, Refusal, Sighted};

impl Node {
    /// Takes what a neighbour answers on the connection that this server opened.
    pub(super) fn hear_neighbour(&self, turn: &mut Turn, peer: ServerId, bytes: &[u8]) {
        let Some((heard, mut replies, identity)) = self.hub.hold().begin_to_hear(peer) else { return };
        let (connection, is_believed) = heard;
        turn.horizon = self.horizon(&identity.limits, turn.now);
        let mut batch = turn.batch.take().unwrap_or_default();
        let mut hearing = Hearing { node: self, identity, peer, connection, is_believed, batch: &mut batch, turn };
        if hearing.read(&mut replies, bytes) {
            self.hub.hold().heard_all(peer, connection, replies);
        }
        batch.clear();
        turn.batch = Some(batch);
    }
}

/// One read of a link.
struct Hearing<'a> {
    node: &'a Node,
    identity: Arc<Identity>,
    peer: ServerId,
    connection: u64,
    /// Whether the other end has shown that it is the neighbour: before that it can only greet.
    is_believed: bool,
    batch: &'a mut Batch,
    turn: &'a mut Turn,
}

impl Hearing<'_> {
    /// Takes all that came, line by line; whether the link still listens.
    fn read(&mut self, replies: &mut Framer, mut input: &[u8]) -> bool {
        self.batch.lines.push(input);
        let copied = self.batch.lines.len();
        loop {
            if self.is_believed && replies.is_between_lines() {
                let mut lines = Lines { rest: input, copied, most: replies.most(), left: usize::MAX };
                let Batch { entries, at_shape, .. } = &mut *self.batch;
                let by = (&*self.identity, self.peer, self.turn.horizon);
                fast::ats::<true>(&mut lines, by, at_shape, |found| {
                    entries.push(Entry::new(found.head, found.client, found.start, found.len));
                });
                input = lines.rest;
            }
            match replies.next_line(&mut input) {
                Some(Line::Whole(line)) => {
                    if !self.take(line) {
                        return false;
                    }
                }
                Some(Line::TooLong(_)) | None => break,
            }
        }
        self.learn();
        true
    }

    /// Takes a line; whether the link still listens.
    fn take(&mut self, line: &[u8]) -> bool {
        let said = Message::parse(line);
        match &said {
            Ok(Some(Message::Kept { report, sender })) if self.is_from_peer(sender) => {
                self.missed(report);
                return true;
            }
            Ok(Some(Message::Departed { departed, floods: false, sender })) if self.is_from_peer(sender) => {
                // Behind what came before it.
                self.learn();
                self.missed_departed(departed);
                return true;
            }
            _ => {}
        }
        self.learn();
        let Self { node, peer, connection, .. } = *self;
        let heard = node.hub(self.turn, |hub, turn| hub.hear((peer, connection), &node.store, line, said, turn));
        self.is_believed = heard == Some(true);
        heard.is_some()
    }

    fn is_from_peer(&self, sender: &[u8]) -> bool {
        self.is_believed && self.identity.names.find(sender) == Some(self.peer)
    }

    /// That a client has departed, which is missing here for all that the neighbour knows.
    fn missed_departed(&mut self, departed: &Departed<'_>) {
        let Ok(origin) = self.identity.origin(departed.origin) else { return };
        let told = Told::departed(departed, false);
        if let Some(why) = self.turn.horizon.judge(&told, &self.identity.limits, self.turn.now.wall) {
            return self.node.hub(self.turn, |hub, _| hub.untimely(why));
        }
        let client = self.identity.hash_key.hash(departed.covers.client);
        let mut text = Text::default();
        let mut entry = Entry::write_departed(origin, departed, client, &mut text);
        let by = (&*self.identity, BroughtBy::Repair(self.peer));
        self.node.bury(&mut entry, text.as_slice(), by, self.turn, |_, _| ());
        self.brought(&[entry]);
    }

    /// Notes what came by repair.
    fn brought(&mut self, entries: &[Entry]) {
        let on = (self.peer, self.connection);
        self.node.hub(self.turn, |hub, turn| hub.brought(on, entries, turn));
    }

    /// A report that is missing here, for all that the neighbour knows.
    fn missed(&mut self, report: &Sighted<'_>) {
        let Self { identity, batch, .. } = self;
        // No server could be called that: it is not kept, and not asked for again.
        let Ok(origin) = identity.origin(report.origin) else { return };
        let told = Told::report(report, false);
        if let Some(why) = self.turn.horizon.judge(&told, &identity.limits, self.turn.now.wall) {
            return self.node.hub(self.turn, |hub, _| hub.untimely(why));
        }
        batch.has_strangers |= origin == ServerId::NONE;
        let client = identity.hash_key.hash(report.sighting.client);
        let origin = (origin, report.origin);
        let entry = Entry::write_down(origin, report.skew, &report.sighting, client, &mut batch.lines);
        batch.entries.push(entry);
    }

    /// Takes in the reports that came since it last did.
    fn learn(&mut self) {
        let Batch { entries, lines, has_strangers, .. } = &mut *self.batch;
        if entries.is_empty() {
            return;
        }
        for entry in entries.iter() {
            entry.begin_as_at(lines.as_mut_slice());
        }
        let (node, text) = (self.node, lines.as_slice());
        if mem::take(has_strangers) {
            node.learn_origins(entries, text, self.turn);
        }
        let from = BroughtBy::Repair(self.peer);
        let learned = node.learn(entries, text, from, (&self.identity, true), self.turn);
        debug_assert!(learned.is_ok(), "only clients' reports are refused");
        let (peer, connection) = (self.peer, self.connection);
        node.hub(self.turn, |hub, turn| hub.brought((peer, connection), entries, turn));
        entries.clear();
    }
}

impl Hub {
    /// What is under way of the lines of a link that listens, and who this server is.
    fn begin_to_hear(&mut self, peer: ServerId) -> Option<((u64, bool), Framer, Arc<Identity>)> {
        let identity = Arc::clone(&self.identity);
        let link = self.links.iter_mut().find(|link| link.peer == peer && link.listens())?;
        let most = link.replies.most();
        Some(((link.connections, link.is_up()), mem::replace(&mut link.replies, Framer::new(most)), identity))
    }

    /// All that came was taken; the last line may be under way.
    fn heard_all(&mut self, peer: ServerId, connection: u64, replies: Framer) {
        if let Some(index) = self.listens_on((peer, connection)) {
            self.links[index].replies = replies;
        }
    }

    /// The link that listens on that connection.
    fn listens_on(&self, (peer, connection): (ServerId, u64)) -> Option<usize> {
        let is_it = |link: &Link| link.peer == peer && link.connections == connection && link.listens();
        self.links.iter().position(is_it)
    }

    /// Reports came that a comparison found missing here, kept or not: one that is of no use is not made again at once.
    fn brought(&mut self, on: (ServerId, u64), entries: &[Entry], turn: &Turn) {
        let Some(index) = self.listens_on(on) else { return };
        self.links[index].heard_back();
        if let Some(round) = self.links[index].repair.round() {
            round.hear(turn.now.instant);
            for entry in entries {
                round.receive(number_of(entry));
            }
        }
    }

    /// Takes a line; whether what comes next is believed, if the link still listens.
    fn hear(
        &mut self,
        on: (ServerId, u64),
        store: &Store,
        line: &[u8],
        said: Result<Option<Message<'_>>, Refusal>,
        turn: &mut Turn,
    ) -> Option<bool> {
        let (Some(index), (peer, _)) = (self.listens_on(on), on) else { return None };
        let is_peer = |sender: &[u8]| self.identity.names.find(sender) == Some(peer);
        self.links[index].heard_back();
        match said {
            Ok(None) => {}
            Ok(Some(Message::Hello { sender, incarnation, fields })) if is_peer(sender) => {
                let mut ahead = None;
                self.on_link(peer, turn, |link, cx| ahead = link.greeted_back(incarnation, fields, cx));
                self.clock.compare(ahead, self.links.iter().filter_map(|link| link.health.clock), turn.now);
            }
            Ok(Some(Message::Refused { sender, why })) if is_peer(sender) => {
                self.on_link(peer, turn, |link, cx| link.refused(why, cx));
            }
            Ok(Some(Message::Hello { sender, .. } | Message::Refused { sender, .. })) => match ServerName::of(sender) {
                Some(who) => self.on_link(peer, turn, |link, cx| link.answered_elsewhere(who, cx)),
                None => self.on_link(peer, turn, |link, cx| link.not_understood(line, cx)),
            },
            Ok(Some(Message::Repair { sender, step })) if is_peer(sender) && self.links[index].is_up() => {
                self.on_link(peer, turn, Link::is_taken_for_proved);
                self.answered(store, index, step, turn);
            }
            Ok(Some(_)) | Err(_) => self.on_link(peer, turn, |link, cx| link.not_understood(line, cx)),
        }
        self.listens_on(on).map(|index| self.links[index].is_up())
    }
}

/// A number that tells a report from others of its client, and of others.
fn number_of(entry: &Entry) -> u64 {
    SplitMix64::new(entry.client.bits() ^ entry.head.at.cast_unsigned()).number()
}
