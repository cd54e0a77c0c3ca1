//! Bytes that have arrived, on their way to whoever reads them.

use herd::Event;

use super::Run;
use super::passes::Input;
use crate::calendar::Due;
use crate::connection::{Connection, ConnectionId, End, Opener, Side, Way};
use crate::scenario::SECOND;

impl Run {
    /// The receiver reads what has arrived, if it reads as fast as things come.
    pub(super) fn read(&mut self, id: ConnectionId, way: Way) {
        while let Some(connection) = self.connections.get(id) {
            let Some(next) = connection.pipes[way as usize].inbox.front() else { break };
            if let Some(pace) = self.pace(connection, way) {
                let set = connection.pipes[way as usize].read_set;
                if pace > 0 && !set {
                    let at = self.now + next.len() as u64 * SECOND / pace;
                    self.calendar.put(at, Due::Read(id, way));
                    self.connections.get_mut(id).expect("it was there").pipes[way as usize].read_set = true;
                }
                return;
            }
            if !self.read_one(id, way) {
                return;
            }
        }
        self.end_if_closed(id, way);
    }

    pub(super) fn read_slowly(&mut self, id: ConnectionId, way: Way) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.pipes[way as usize].read_set = false;
        self.read_one(id, way);
        self.read(id, way);
    }

    /// The receiver reads one piece; false where it does not want to, or there is none.
    fn read_one(&mut self, id: ConnectionId, way: Way) -> bool {
        let Some(connection) = self.connections.get_mut(id) else { return false };
        if connection.end(way.receiver()) != End::Here {
            connection.pipes[way as usize].inbox.clear();
            return false;
        }
        if way == Way::There && self.hosts[connection.server as usize].stopping.is_some() {
            return false;
        }
        if let (Way::There, Some(session)) = (way, &connection.session)
            && !session.wants_input()
            && !session.is_finished()
        {
            return false;
        }
        let Some(piece) = connection.pipes[way as usize].inbox.pop_front() else { return false };
        let opener = connection.opener;
        self.acknowledge(id, way, piece.len());
        match (way, opener) {
            (Way::There, _) if self.connections.get(id).is_some_and(Connection::is_with_impostor) => {
                self.impostor_hears(id, &piece);
            }
            (Way::There, _) => {
                let heard = self.heard_by(id, piece);
                self.serve(id, &Input::Bytes(&heard));
            }
            (Way::Back, Opener::Client(_)) => self.client_receives(id, &piece),
            (Way::Back, Opener::Stranger(_)) => self.stranger_hears(id, &piece),
            (Way::Back, Opener::Link(_)) => {
                if let Some((server, peer)) = self.owner_of(id) {
                    self.tell(server, Event::Received { peer, bytes: &piece });
                }
            }
        }
        true
    }

    fn end_if_closed(&mut self, id: ConnectionId, way: Way) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let pipe = &mut connection.pipes[way as usize];
        if !pipe.close_arrived || !pipe.inbox.is_empty() {
            return;
        }
        match connection.end(way.receiver()) {
            End::Here => {}
            End::Closing | End::Gone => {
                self.forget(id, way.receiver());
                return;
            }
        }
        match (way, connection.opener) {
            (Way::There, Opener::Link(_)) if connection.stranger.is_some() => self.close(id, Side::Acceptor),
            // A session that holds requests back has not come to the end yet.
            (Way::There, _) => {
                if connection.session.as_deref().is_some_and(herd::Session::wants_input) {
                    self.connections.get_mut(id).expect("it was there").pipes[way as usize].close_arrived = false;
                    let heard = self.heard_last(id);
                    if !heard.is_empty() {
                        self.serve(id, &Input::Bytes(&heard));
                    }
                    self.serve(id, &Input::End);
                    if let Some(connection) = self.connections.get_mut(id) {
                        connection.pipes[way as usize].close_arrived = true;
                        self.after_pass(id);
                    }
                }
            }
            (Way::Back, Opener::Client(_)) => self.client_ends(id),
            (Way::Back, Opener::Stranger(_)) => self.stranger_ends(id),
            (Way::Back, Opener::Link(_)) => self.lost(id),
        }
    }

    /// A session may go on: its answers came, or its output was taken.
    pub(super) fn resume(&mut self, id: ConnectionId) {
        self.after_pass(id);
        self.read(id, Way::There);
    }
}
