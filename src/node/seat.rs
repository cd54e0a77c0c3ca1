//! The place that a connection takes at a server.

use std::fmt;
use std::sync::Arc;

use crate::bytes::Lock;
use crate::herd::{Admission, Network};

/// The place of a connection that was [let in](super::Node::let_in). Drop it when the connection is closed, and not
/// before: then there is room for another one.
pub struct Seat {
    admission: Arc<Lock<Admission>>,
    network: Network,
}

impl Seat {
    pub(super) fn new(admission: &Arc<Lock<Admission>>, network: Network) -> Self {
        Self { admission: Arc::clone(admission), network }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.admission.hold().leave(self.network);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.network).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use crate::{Event, Herd, Limits, Member, Node, ServerName, Turn, TurnedAway};

    #[test]
    fn a_seat_is_free_when_it_is_dropped_and_the_last_are_for_neighbours() {
        let member = |name: &str, links: &[&str]| Member {
            name: ServerName::new(name).expect("a name"),
            address: format!("{name}:1"),
            links: links.iter().map(|&link| link.into()).collect(),
        };
        let herd = Arc::new(Herd::new(vec![member("a", &["b"]), member("b", &[])]).expect("a herd"));
        let limits = Limits { connections: 8, connections_per_address: 6, ..Limits::default() };
        let (client, neighbour) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let node = Node::new(Arc::clone(&herd), herd.find(b"a").expect("a member"), limits, 1);
        let peer = node.server(b"b").expect("a neighbour");
        node.handle(&mut Turn::default(), Event::Resolved { peer, addresses: &[neighbour] });
        let mut seats: Vec<_> = (0..4).map(|_| node.let_in(client).expect("a place")).collect();
        assert_eq!(node.let_in(client).map(drop), Err(TurnedAway::Full));
        let of_neighbour: Vec<_> = (0..4).map(|_| node.let_in(neighbour).expect("a place")).collect();
        assert_eq!((node.let_in(neighbour).map(drop), node.connections()), (Err(TurnedAway::Full), 8));
        drop(of_neighbour);
        seats.pop();
        assert_eq!(node.connections(), 3);
        drop(node.let_in(client).expect("the place of who has left"));
        let counters = node.counters();
        assert_eq!((counters.turned_away, counters.turned_away_share), (2, 0));
    }
}
