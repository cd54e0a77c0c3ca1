//! Herds, nodes, times and places for whoever needs some.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herd::{
    Event, Herd, Instant, Limits, Member, Node, Now, Places, Query, ServerId, ServerName, SplitMix64, Timestamp, Turn,
};

/// Where everybody connects from.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Nanoseconds of a millisecond.
pub(crate) const MILLI: u64 = 1_000_000;

/// A herd of servers named `s0`, `s1`, ... with those links.
pub(crate) fn herd(servers: usize, links: &[(usize, usize)]) -> Arc<Herd> {
    let server = |index: usize| Member {
        name: ServerName::new(&format!("s{index}")).expect("one field"),
        address: format!("127.0.0.1:{index}"),
        links: links.iter().filter(|link| link.0 == index).map(|link| format!("s{}", link.1)).collect(),
    };
    Arc::new(Herd::new((0..servers).map(server).collect()).expect("the links connect all"))
}

/// A cycle of three servers or more.
pub(crate) fn cycle(servers: usize) -> Arc<Herd> {
    let links: Vec<_> = (0..servers).map(|index| (index, (index + 1) % servers)).collect();
    herd(servers, &links)
}

/// The server with that index.
pub(crate) fn id(herd: &Herd, index: usize) -> ServerId {
    herd.ids().nth(index).expect("a server of this herd")
}

/// A node that believes all its neighbours.
pub(crate) fn node(herd: &Arc<Herd>, me: usize, limits: &Limits, seed: u64) -> Node {
    let me = id(herd, me);
    let node = Node::new(Arc::clone(herd), me, limits.clone(), seed);
    for &peer in herd.neighbours(me) {
        node.handle(&mut Turn::at(at(0)), Event::Resolved { peer, addresses: &[LOOPBACK] });
    }
    node
}

/// What the clocks say that many nanoseconds after the start.
pub(crate) fn at(nanos: u64) -> Now {
    Now {
        wall: Timestamp::from_nanos(1_479_413_884_500_000_000 + i128::from(nanos)),
        instant: Instant::from_nanos(nanos),
    }
}

/// What a places source always says to that query: as many results as are asked for. One at least, since none
/// would be another status, and a reply that is shared is cut and keeps the status that it came with.
pub(crate) fn places(query: &Query) -> Places {
    let mut builder = Places::builder(&["a source"]);
    for index in 0..query.bound.max(1) {
        let name = format!("{{\n         \"name\" : \"{} {} {index}\"\n      }}", query.at, query.radius.metres());
        builder.result(|out| out.extend_from_slice(name.as_bytes()));
    }
    builder.finish()
}

/// A number below `end`, which is not zero.
pub(crate) fn below(seed: &mut SplitMix64, end: usize) -> usize {
    usize::try_from(seed.below(end as u64)).expect("less than end")
}
