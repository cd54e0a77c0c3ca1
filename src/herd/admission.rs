//! Who is let in: how many connections there may be, and for whom the last of them are kept.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::limits::Limits;

/// Counts the connections that others have opened to a server, and lets in no more than may be.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    most: usize,
    /// So many of them are for neighbours alone.
    kept_back: usize,
    most_of_one: usize,
    open: usize,
    /// Only those that have any, so there are never more than connections.
    by_network: BTreeMap<Network, usize>,
    turned_away: [u64; 2],
}

/// Why a connection was turned away. It is closed at once, without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// There are as many as [`Limits::connections`] allows, but for those that are kept for neighbours.
    #[error("as many connections are open as `connections` allows")]
    Full,
    /// There are as many from that address as [`Limits::connections_per_address`] allows.
    #[error("as many connections from one address are open as `connections-per-address` allows")]
    Share,
}

/// What counts as one address: an IPv4 address, also where it comes as an IPv6 one, or 64 bits of an IPv6 address. Whoever
/// has one of these mostly has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    V4(Ipv4Addr),
    V6([u8; 8]),
}

impl Network {
    pub(crate) fn of(remote: IpAddr) -> Self {
        match remote.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(*ip.octets().first_chunk().expect("an address is longer")),
        }
    }
}

impl Admission {
    /// Of `connections`, one of so many is kept for neighbours.
    const PART_FOR_NEIGHBOURS: usize = 16;

    /// And not fewer than these, unless that is more than half.
    const LEAST_FOR_NEIGHBOURS: usize = 4;

    pub(crate) fn new(limits: &Limits) -> Self {
        let mut admission =
            Self { most: 0, kept_back: 0, most_of_one: 0, open: 0, by_network: BTreeMap::new(), turned_away: [0; 2] };
        admission.limit(limits);
        admission
    }

    /// There may be so many from now on. Those that are there stay.
    pub(crate) fn limit(&mut self, limits: &Limits) {
        self.most = limits.connections;
        self.kept_back = (self.most / Self::PART_FOR_NEIGHBOURS).max(Self::LEAST_FOR_NEIGHBOURS).min(self.most / 2);
        self.most_of_one = limits.connections_per_address;
    }

    /// Lets a connection from there in, or not; one that is counts until it [leaves](Self::leave).
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn let_in(&mut self, network: Network, is_neighbour: bool) -> Result<(), TurnedAway> {
        let result = self.may_enter(network, is_neighbour);
        match result {
            Ok(()) => {
                self.open += 1;
                *self.by_network.entry(network).or_default() += 1;
            }
            Err(why) => self.turned_away[why as usize] += 1,
        }
        result
    }

    /// Whether nobody but neighbours is let in any more.
    pub(crate) const fn is_full(&self) -> bool {
        self.open >= self.most - self.kept_back
    }

    fn may_enter(&self, network: Network, is_neighbour: bool) -> Result<(), TurnedAway> {
        let most = if is_neighbour { self.most } else { self.most - self.kept_back };
        if self.open >= most {
            return Err(TurnedAway::Full);
        }
        let of_one = self.by_network.get(&network).copied().unwrap_or_default();
        if of_one < self.most_of_one { Ok(()) } else { Err(TurnedAway::Share) }
    }

    /// A connection that was let in from there is closed.
    pub(crate) fn leave(&mut self, network: Network) {
        self.open -= 1;
        if let Some(count) = self.by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.by_network.remove(&network);
            }
        }
    }

    /// How many are open.
    pub(crate) const fn open(&self) -> usize {
        self.open
    }

    /// How many were turned away for that reason.
    pub(crate) const fn turned_away(&self, why: TurnedAway) -> u64 {
        self.turned_away[why as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections: usize, connections_per_address: usize) -> Admission {
        Admission::new(&Limits { connections, connections_per_address, ..Limits::default() })
    }

    fn network(ip: &str) -> Network {
        Network::of(ip.parse().expect("an address"))
    }

    /// How many get in, one after the other.
    fn fill(admission: &mut Admission, ip: &str, is_neighbour: bool) -> (usize, TurnedAway) {
        let mut count = 0;
        loop {
            match admission.let_in(network(ip), is_neighbour) {
                Ok(()) => count += 1,
                Err(why) => return (count, why),
            }
        }
    }

    #[test]
    fn the_last_ones_are_for_neighbours() {
        for (connections, for_all) in [(1, 1), (2, 1), (6, 3), (8, 4), (60, 56), (64, 60), (16_000, 15_000)] {
            let mut admission = admission(connections, usize::MAX);
            assert_eq!(fill(&mut admission, "10.0.0.1", false), (for_all, TurnedAway::Full));
            assert_eq!(fill(&mut admission, "10.0.0.2", true), (connections - for_all, TurnedAway::Full));
            assert_eq!(admission.open(), connections);
            assert_eq!(admission.turned_away(TurnedAway::Full), 2);
        }
    }

    #[test]
    fn each_address_has_a_share() {
        let mut admission = admission(1_000, 3);
        for is_neighbour in [false, true] {
            let ip = if is_neighbour { "10.0.0.1" } else { "10.0.0.2" };
            assert_eq!(fill(&mut admission, ip, is_neighbour), (3, TurnedAway::Share));
        }
        admission.leave(network("10.0.0.1"));
        assert_eq!(fill(&mut admission, "10.0.0.1", false), (1, TurnedAway::Share));
        assert_eq!((admission.open(), admission.turned_away(TurnedAway::Share)), (6, 3));
    }

    #[test]
    fn who_is_there_stays_where_fewer_may_be() {
        let mut admission = admission(20, 20);
        assert_eq!(fill(&mut admission, "10.0.0.1", false), (16, TurnedAway::Full));
        admission.limit(&Limits { connections: 12, connections_per_address: 2, ..Limits::default() });
        assert_eq!(fill(&mut admission, "10.0.0.2", true), (0, TurnedAway::Full));
        for _ in 0..5 {
            admission.leave(network("10.0.0.1"));
        }
        assert_eq!((admission.open(), admission.is_full()), (11, true));
        assert_eq!(fill(&mut admission, "10.0.0.2", true), (1, TurnedAway::Full));
        admission.limit(&Limits { connections: 40, connections_per_address: 2, ..Limits::default() });
        assert_eq!(fill(&mut admission, "10.0.0.2", false), (1, TurnedAway::Share));
    }

    #[test]
    fn what_counts_as_one_address() {
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
    }

    #[test]
    fn nothing_is_kept_of_who_has_left() {
        let mut admission = admission(100, 100);
        for ip in 0..50_000_u32 {
            let network = Network::of(IpAddr::V4(ip.into()));
            admission.let_in(network, false).expect("nobody else is there");
            admission.leave(network);
        }
        assert_eq!((admission.open(), admission.by_network.len()), (0, 0));
    }
}
