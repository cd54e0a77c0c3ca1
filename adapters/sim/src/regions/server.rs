//! A server of a region.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herd::{Herd, Instant, Limits, Member, Node, Now, ServerName, Session, SessionId, Timestamp, Turn};

use crate::scenario::Nanos;

/// Where every server is.
pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What all clocks say when a run begins: some time in 2026, in nanoseconds.
const BEGINS: i128 = 1_790_000_000_000_000_000;

/// What the clocks say.
pub(super) fn now(nanos: Nanos) -> Now {
    Now { wall: Timestamp::from_nanos(BEGINS + i128::from(nanos)), instant: Instant::from_nanos(nanos) }
}

/// One server, in its lives.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) region: usize,
    pub(super) name: ServerName,
    herd: Arc<Herd>,
    pub(super) node: Option<Arc<Node>>,
    pub(super) turn: Turn,
    pub(super) wake_at: Option<Nanos>,
    /// Whether it wants to be asked what it has for other regions.
    pub(super) posts: bool,
    /// The other ends of its links: sessions of the servers of these numbers.
    pub(super) links: BTreeMap<usize, Session>,
}

impl Server {
    /// A server of a region of so many.
    pub(super) fn new(region: usize, index: usize, count: usize) -> Self {
        let name = |index: usize| ServerName::new(&format!("m{region}-{index}")).expect("a name");
        let member = |own: usize| Member {
            name: name(own),
            address: format!("127.0.0.1:{}", own + 1),
            links: (0..own).map(|other| name(other).as_str().into()).collect(),
        };
        let herd = Arc::new(Herd::new((0..count).map(member).collect()).expect("a herd"));
        let (links, turn) = (BTreeMap::new(), Turn::default());
        Self { region, name: name(index), herd, node: None, turn, wake_at: None, posts: false, links }
    }

    /// It starts, and knows nothing.
    pub(super) fn start(&mut self, life: u64, nanos: Nanos) {
        let me = self.herd.find(self.name.as_bytes()).expect("it is there");
        let node = Node::new(Arc::clone(&self.herd), me, Limits::default(), life);
        node.join_region(region_name(self.region));
        (self.node, self.turn, self.wake_at, self.posts) = (Some(Arc::new(node)), Turn::at(now(nanos)), None, true);
    }

    /// A session of it.
    pub(super) fn session(&self, id: SessionId, nanos: Nanos) -> Option<Session> {
        Some(self.node.as_ref()?.session(id, Some(LOOPBACK), now(nanos).instant))
    }

    /// Serves a session of it; what is replied.
    pub(super) fn serve(&mut self, session: &mut Session, bytes: &[u8], nanos: Nanos) -> Vec<u8> {
        let (mut out, mut bytes) = (Vec::new(), bytes);
        let Some(node) = self.node.clone() else { return out };
        self.turn.now = now(nanos);
        loop {
            session.receive(&node, &mut self.turn, std::mem::take(&mut bytes)).serve().reply(&mut out);
            if !session.can_resume() {
                return out;
            }
        }
    }
}

/// What a region is called: by turns a name before and behind those of servers, as the bytes of lines decide between records
/// of one time.
pub(super) fn region_name(region: usize) -> ServerName {
    let letter = if region.is_multiple_of(2) { 'a' } else { 'r' };
    ServerName::new(&format!("{letter}{region}")).expect("a name")
}
