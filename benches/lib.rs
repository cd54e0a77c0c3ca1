//! Benchmarks of the herd's core, and what they share: `cargo bench -p herd-benches`; figures in
//! `README.md`.
//!
//! One server in the middle of a herd, with a client and neighbours who take what they are sent.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herd::{Action, Attempt, Batch, Event, Herd, Instant, Limits, Node, Now, Server, ServerId, ServerName};
use herd::{Session, SessionId, Timestamp};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How many requests come in one piece.
pub const BATCH: u64 = 100;

/// A server with a client, and with neighbours that have greeted.
#[derive(Debug)]
pub struct Bench {
    node: Node,
    session: Session,
    batch: Option<Batch>,
    actions: Vec<Action>,
    out: Vec<u8>,
    links: Vec<(ServerId, Attempt)>,
    nanos: u64,
}

impl Bench {
    /// A server with so many neighbours.
    #[must_use]
    pub fn new(neighbours: usize) -> Self {
        let herd = star(neighbours);
        let me = herd.find(b"Alford").expect("the first of them");
        let node = Node::new(Arc::clone(&herd), me, Limits::default(), 5);
        for &peer in herd.neighbours(me) {
            node.handle(Now::default(), Event::Resolved { peer, addresses: &[LOOPBACK] }, &mut Vec::new());
        }
        let session = node.session(SessionId(0), Some(LOOPBACK), Instant::default());
        let batch = Some(Batch::default());
        let mut bench =
            Self { node, session, batch, actions: Vec::new(), out: Vec::new(), links: Vec::new(), nanos: 0 };
        bench.handle(Event::Started);
        for action in std::mem::take(&mut bench.actions) {
            let Action::Connect { peer, attempt } = action else { continue };
            bench.links.push((peer, attempt));
            bench.handle(Event::Connected { peer, attempt });
            let _ = bench.node.take(Instant::default(), peer, attempt);
            bench.handle(Event::Sent { peer, attempt });
            let greeting = format!("HELLO {} 1\n", herd.name(peer));
            bench.handle(Event::Received { peer, attempt, bytes: greeting.as_bytes() });
        }
        bench.actions.clear();
        bench
    }

    /// The clocks go on by a second, as those of the clients do from one batch of [`iamats`] to the next.
    pub fn second_passes(&mut self) {
        self.nanos += 1_000_000_000;
    }

    /// The client sends those bytes; how many bytes of replies it gets.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let now = self.now();
        self.out.clear();
        let batch = self.batch.take().expect("given back by each pass");
        let requests = self.session.receive(now, bytes, batch);
        let replies = self.node.serve(now, &self.session, requests, &mut self.actions);
        self.batch = Some(self.session.reply(replies, &mut self.out));
        self.out.len()
    }

    /// One number for all that the server keeps.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.node.digest()
    }

    /// The neighbours take all that waits for them; how many bytes that is.
    pub fn drain(&mut self) -> usize {
        let now = self.now();
        self.actions.clear();
        let mut taken = 0;
        for &(peer, attempt) in &self.links {
            taken += self.node.take(now.instant, peer, attempt).len();
            self.node.handle(now, Event::Sent { peer, attempt }, &mut self.actions);
        }
        taken
    }

    /// The fetches that were asked for end with nothing found, so that the next are asked for anew.
    pub fn end_fetches(&mut self) {
        let now = self.now();
        while let Some(action) = self.actions.pop() {
            match action {
                Action::Fetch { fetch, .. } => {
                    let outcome = Ok(herd::Places::builder(&[]).finish());
                    self.node.handle(now, Event::Fetched { fetch, outcome }, &mut self.actions);
                }
                Action::Reply { answer, .. } => self.session.answer(answer, &mut self.out),
                _ => {}
            }
        }
    }

    fn handle(&mut self, event: Event<'_>) {
        let now = self.now();
        self.node.handle(now, event, &mut self.actions);
    }

    fn now(&mut self) -> Now {
        self.nanos += 1000;
        let wall = Timestamp::from_nanos(1_479_413_884_500_000_000 + i128::from(self.nanos));
        Now { wall, instant: Instant::from_nanos(self.nanos) }
    }
}

/// A batch of IAMATs of a hundred clients: the first 100, the second, and so on, each newer than
/// those before.
#[must_use]
pub fn iamats(round: u64) -> Vec<u8> {
    let line = |client| {
        format!("IAMAT client-{client:03}.cs.ucla.edu +34.068930-118.445127 {}.392014450\n", 1_479_413_884 + round)
    };
    (0..BATCH).map(line).collect::<String>().into_bytes()
}

/// The same as Hamilton passes them on.
#[must_use]
pub fn passed_on(round: u64) -> Vec<u8> {
    let line = |client| {
        format!(
            "AT Hamilton +0.107985550 client-{client:03}.cs.ucla.edu +34.068930-118.445127 {}.392014450 Hamilton\n",
            1_479_413_884 + round
        )
    };
    (0..BATCH).map(line).collect::<String>().into_bytes()
}

/// A batch of WHATSATs of fifty of those clients, fewer than a session may have waiting.
#[must_use]
pub fn whatsats() -> Vec<u8> {
    let line = |client| format!("WHATSAT client-{client:03}.cs.ucla.edu 10 5\n");
    (0..BATCH / 2).map(line).collect::<String>().into_bytes()
}

/// Alford, and those who talk with nobody else.
fn star(neighbours: usize) -> Arc<Herd> {
    let names = ["Alford", "Hamilton", "Welsh", "Ball", "Holiday"];
    let server = |index: usize| Server {
        name: ServerName::new(names[index]).expect("one field"),
        address: format!("127.0.0.1:{}", 12880 + index),
        links: (index > 0).then(|| names[0].into()).into_iter().collect(),
    };
    Arc::new(Herd::new((0..=neighbours).map(server).collect()).expect("all are linked to the first"))
}
