//! Benchmarks of the herd's core, and what they share: `cargo bench -p herd-benches`; figures in
//! `docs/notebook.md`.
//!
//! One server in the middle of a herd, with a client and neighbours who take what they are sent.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herd::{Access, Action, Event, Grant, Herd, Instant, Limits, LinkStep, Member, Node, Now, Right, Secret};
use herd::{ServerId, ServerName, Session, SessionId, SplitMix64, Timestamp, Token, Trust, Turn};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How many requests come in one piece.
pub const BATCH: u64 = 100;

/// A server with a client, and with neighbours that have greeted.
#[derive(Debug)]
pub struct Bench {
    node: Node,
    session: Session,
    /// Who watch what nothing is told of, and who watch everybody.
    watchers: Vec<Session>,
    audience: Vec<Session>,
    turn: Turn,
    out: Vec<u8>,
    peers: Vec<ServerId>,
    nanos: u64,
}

impl Bench {
    /// A server with so many neighbours.
    #[must_use]
    pub fn new(neighbours: usize) -> Self {
        Self::of(&star(neighbours))
    }

    /// The same where somebody has asked who is near, so that clients are filed by where they are.
    #[must_use]
    pub fn filing(neighbours: usize) -> Self {
        let mut bench = Self::new(neighbours);
        bench.ask_who_is_near();
        bench
    }

    /// The same where ten thousand others watch: a client each that none of the [`iamats`] is of, or a kilometre each of the
    /// far side of the globe.
    #[must_use]
    pub fn watched(neighbours: usize, circles: bool) -> Self {
        let mut bench = if circles { Self::filing(neighbours) } else { Self::new(neighbours) };
        for number in 1..=10_000_u64 {
            let (south, east) = (10 + number / 200, 60 + number % 100);
            let target = if circles { format!("-{south}.5+{east}.25 1") } else { format!("other-{number}") };
            let watcher = bench.watcher(number, &target);
            bench.watchers.push(watcher);
        }
        bench
    }

    /// The same where so many watch everybody, and read whatever they are told.
    #[must_use]
    pub fn followed(neighbours: usize, watchers: u64) -> Self {
        let mut bench = Self::new(neighbours);
        bench.audience = (1..=watchers).map(|number| bench.watcher(number, "*")).collect();
        bench
    }

    /// Somebody who watches that target.
    fn watcher(&mut self, number: u64, target: &str) -> Session {
        let mut watcher = self.node.session(SessionId(number), Some(LOOPBACK), Instant::default());
        let mut out = Vec::new();
        watcher.receive(&self.node, &mut self.turn, format!("WATCH {target}\n").as_bytes()).serve().reply(&mut out);
        while watcher.can_resume() {
            watcher.receive(&self.node, &mut self.turn, &[]).serve().reply(&mut out);
        }
        assert_eq!(out, format!("WATCHING {target}\n").as_bytes());
        watcher
    }

    /// All who [follow](Self::followed) read what they are told; how many bytes that is.
    pub fn tell(&mut self) -> usize {
        self.out.clear();
        for watcher in &mut self.audience {
            while watcher.can_resume() {
                watcher.receive(&self.node, &mut self.turn, &[]).serve().reply(&mut self.out);
            }
        }
        self.out.len()
    }

    /// The same where arrivals are collected, as in a herd that is joined with others.
    #[must_use]
    pub fn collecting_arrivals(neighbours: usize) -> Self {
        let bench = Self::new(neighbours);
        bench.node.collect_arrivals(1 << 20);
        bench
    }

    /// Somebody asks who is near: from then on clients are filed by where they are.
    pub fn ask_who_is_near(&mut self) {
        self.receive(b"NEAR +0+0 1 1\n");
    }

    /// The same where servers have a secret, and the client has said a token for its clients alone.
    ///
    /// # Panics
    /// Where the token is refused.
    #[must_use]
    pub fn guarded(neighbours: usize) -> Self {
        let (token, may) = (Token::new(&[7; 32]), "report:client-*".parse::<Right>().expect("a right"));
        let grant = Grant { rights: [may].into_iter().collect(), ..Grant::default() };
        let access = Access::new(Grant::default(), [(token.hash(), grant)], false).expect("one token");
        // Its neighbours prove nothing here.
        let trust = Trust { secrets: vec![Secret::new(&[1; 32])], addresses: true, ..Trust::default() };
        let herd = Herd::clone(&star(neighbours)).with_trust(trust).with_access(access);
        let mut bench = Self::of(&Arc::new(herd));
        assert_eq!(bench.receive(format!("AUTH {}\n", token.as_str()).as_bytes()), b"OK\n".len());
        bench
    }

    fn of(herd: &Arc<Herd>) -> Self {
        let me = herd.find(b"Alford").expect("the first of them");
        let node = Node::new(Arc::clone(herd), me, Limits::default(), 5);
        let session = node.session(SessionId(0), Some(LOOPBACK), Instant::default());
        let peers = herd.neighbours(me).to_vec();
        let (watchers, audience, turn, out) = (Vec::new(), Vec::new(), Turn::default(), Vec::new());
        let mut bench = Self { node, session, watchers, audience, turn, out, peers, nanos: 0 };
        for &peer in herd.neighbours(me) {
            bench.handle(Event::Resolved { peer, addresses: &[LOOPBACK] });
        }
        bench.handle(Event::Started);
        for &peer in herd.neighbours(me) {
            assert!(matches!(bench.poll(peer), LinkStep::Connect), "it greets");
            bench.handle(Event::Connected { peer, proven: false });
            assert!(matches!(bench.poll(peer), LinkStep::Send(_)), "with a line");
            bench.handle(Event::Sent { peer });
            let greeting = format!("HELLO {} 1\n", herd.name(peer));
            bench.handle(Event::Received { peer, bytes: greeting.as_bytes() });
        }
        bench.turn.actions.clear();
        bench
    }

    /// The clocks go on by a second, as those of the clients do from one batch of [`iamats`] to the next.
    pub fn second_passes(&mut self) {
        self.nanos += 1_000_000_000;
    }

    /// The client sends those bytes; how many bytes of replies it gets. Where they are more than a pass's share of work,
    /// there is another one for the rest.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        self.turn.now = self.now();
        self.out.clear();
        self.session.receive(&self.node, &mut self.turn, bytes).serve().reply(&mut self.out);
        while self.session.can_resume() {
            self.session.receive(&self.node, &mut self.turn, &[]).serve().reply(&mut self.out);
        }
        self.out.len()
    }

    /// One number for all that the server keeps.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.node.digest()
    }

    /// The neighbours take all that waits for them; how many bytes that is.
    pub fn drain(&mut self) -> usize {
        self.turn.now = self.now();
        self.turn.actions.clear();
        let mut taken = 0;
        for index in 0..self.peers.len() {
            let peer = self.peers[index];
            while let LinkStep::Send(bytes) = self.poll(peer) {
                taken += bytes.len();
                self.node.handle(&mut self.turn, Event::Sent { peer });
            }
        }
        taken
    }

    /// The fetches that were asked for end with nothing found, so that the next are asked for anew.
    pub fn end_fetches(&mut self) {
        self.turn.now = self.now();
        while let Some(action) = self.turn.actions.pop() {
            match action {
                Action::Fetch { fetch, .. } => {
                    let outcome = Ok(herd::Places::builder(&[]).finish());
                    self.node.handle(&mut self.turn, Event::Fetched { fetch, outcome });
                }
                Action::Answer { answer, .. } => self.session.answer(answer, &mut self.out),
                Action::Close { .. }
                | Action::Look { .. }
                | Action::Forward { .. }
                | Action::Post
                | Action::WakeAt(_) => {}
            }
        }
    }

    fn poll(&mut self, peer: ServerId) -> LinkStep {
        self.node.poll_link(&mut self.turn, peer)
    }

    fn handle(&mut self, event: Event<'_>) {
        self.turn.now = self.now();
        self.node.handle(&mut self.turn, event);
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

/// IAMATs as [`iamats`] has them, but that the clients move: around a square of 900 metres, in steps of 220.
#[must_use]
pub fn moving_iamats(round: u64) -> Vec<u8> {
    let (side, along) = (round % 16 / 4, 2_000 * (round % 4));
    let (north, west) = match side {
        0 => (along, 0),
        1 => (8_000, along),
        2 => (8_000 - along, 8_000),
        _ => (0, 8_000 - along),
    };
    let (north, west) = (34_068_930 + north, 118_445_127 + west);
    let degrees = |value: u64| format!("{}.{:06}", value / 1_000_000, value % 1_000_000);
    let (north, west, seconds) = (degrees(north), degrees(west), 1_479_413_884 + round);
    let line = |client| format!("IAMAT client-{client:03}.cs.ucla.edu +{north}-{west} {seconds}.392014450\n");
    (0..BATCH).map(line).collect::<String>().into_bytes()
}

/// An IAMAT each of so many clients with IDs of 20 bytes: all where [`iamats`] has them, or anywhere on the globe.
#[must_use]
pub fn newcomers(clients: std::ops::Range<u64>, anywhere: bool) -> Vec<u8> {
    let mut random = SplitMix64::new(clients.start);
    let line = |client| {
        let (north, east) = (random.number() % 18_000_000_000, random.number() % 36_000_000_000);
        let (north, east) = if anywhere { (north, east) } else { (12_406_893_000, 6_155_487_300) };
        let degrees = |value: u64, half: u64| {
            let (sign, value) = if value < half { ('-', half - value) } else { ('+', value - half) };
            format!("{sign}{}.{:06}", value / 100_000_000, value / 100 % 1_000_000)
        };
        let (north, east) = (degrees(north, 9_000_000_000), degrees(east, 18_000_000_000));
        format!("IAMAT c{client:08}.ucla.edu-x {north}{east} 1479413884.392014450\n")
    };
    clients.map(line).collect::<String>().into_bytes()
}

/// IAMATs as [`iamats`] has them, but that every number is whole: the degrees, and the seconds as `date +%s` says
/// them.
#[must_use]
pub fn whole_iamats(round: u64) -> Vec<u8> {
    let line = |client| format!("IAMAT client-{client:03}.cs.ucla.edu +34-118 {}\n", 1_479_413_884 + round);
    (0..BATCH).map(line).collect::<String>().into_bytes()
}

/// The reports of [`iamats`] as Hamilton passes them on.
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
    let server = |index: usize| Member {
        name: ServerName::new(names[index]).expect("one field"),
        address: format!("127.0.0.1:{}", 12880 + index),
        links: (index > 0).then(|| names[0].into()).into_iter().collect(),
    };
    Arc::new(Herd::new((0..=neighbours).map(server).collect()).expect("all are linked to the first"))
}
