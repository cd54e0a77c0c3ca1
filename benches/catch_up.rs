//! How long two servers take to agree again when all clients have moved at one of them, in memory:
//! `cargo run --release -p herd-benches --example catch_up -- 1000000`.
//!
//! One thread plays both servers and the wire between them, so servers with a processor each take half as long. `here` as
//! a second argument has the clients move at the server that asks, `few` moves every hundredth of them alone.

use std::env;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use herd::{Action, Event, Herd, Limits, LinkStep, Member, Node, Now, ServerName, SessionId, Turn};
use rustix::time::{ClockId, clock_gettime};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What was said, and how long it took.
#[derive(Debug, Default)]
struct Cost {
    asked: usize,
    answered: usize,
    first: Option<Duration>,
    /// The longest call of each kind, in the processor's time: asking, answering, taking what was answered.
    longest: [Duration; 3],
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let clients: usize = arguments.first().map_or(100_000, |count| count.parse().expect("how many clients"));
    let (here, few) = (arguments.iter().any(|word| word == "here"), arguments.iter().any(|word| word == "few"));
    let (asker, answerer) = (node(b"a"), node(b"b"));
    for client in 0..clients {
        let moves = !few || client % 100 == 0;
        keep(&asker, client, u64::from(moves && here));
        keep(&answerer, client, u64::from(moves && !here));
    }
    let mut cost = Cost::default();
    let start = Instant::now();
    meet(&asker, &answerer, start, &mut cost);
    let took = start.elapsed();
    assert_eq!(asker.digest(), answerer.digest(), "they agree");
    let Cost { asked, answered, first, longest } = cost;
    println!(
        "{clients} clients: {:.2} s, the first after {:.3} s; {asked} bytes asked, {answered} answered, {} a client; \
         longest calls {} ms",
        took.as_secs_f64(),
        first.unwrap_or(took).as_secs_f64(),
        (asked + answered) / clients.max(1),
        longest.map(|call| format!("{:.2}", call.as_secs_f64() * 1000.0)).join(", ")
    );
}

/// What this thread has had of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// One of two servers.
fn node(me: &[u8]) -> Node {
    let member = |name: &str, port: u16, links: &[&str]| Member {
        name: ServerName::new(name).expect("one field"),
        address: format!("127.0.0.1:{port}"),
        links: links.iter().map(|&link| link.into()).collect(),
    };
    let herd = Herd::new(vec![member("a", 1, &["b"]), member("b", 2, &[])]).expect("two that are linked");
    let me = herd.find(me).expect("one of them");
    let node = Node::new(Arc::new(herd), me, Limits::default(), me.index() as u64);
    for peer in node.links().iter().map(|link| link.peer) {
        node.handle(&mut Turn::default(), Event::Resolved { peer, addresses: &[LOOPBACK] });
    }
    node
}

fn keep(node: &Node, client: usize, time: u64) {
    let line = format!("AT a +0.263873386 c{client:019} +34.068930-118.445127 {}.392014450", 1_479_413_884 + time);
    node.restore(line.as_bytes()).expect("a report");
}

/// The link of the one that asks comes up, and they talk until they agree.
fn meet(asker: &Node, answerer: &Node, start: Instant, cost: &mut Cost) {
    let peer = asker.links()[0].peer;
    let known = asker.counters().kept;
    let (mut turn, mut other) = (Turn::at(Now::default()), Turn::at(Now::default()));
    let mut session = answerer.session(SessionId(0), Some(LOOPBACK), Now::default().instant);
    asker.handle(&mut turn, Event::Started);
    assert!(matches!(asker.poll_link(&mut turn, peer), LinkStep::Connect));
    asker.handle(&mut turn, Event::Connected { peer, proven: false });
    let timed = |cost: &mut Cost, kind: usize, call: &mut dyn FnMut()| {
        let began = processor_time();
        call();
        cost.longest[kind] = cost.longest[kind].max(processor_time().saturating_sub(began));
    };
    loop {
        let mut answers = Vec::new();
        let mut says = false;
        loop {
            let mut step = LinkStep::End;
            timed(cost, 0, &mut || step = asker.poll_link(&mut turn, peer));
            let is_told = turn.actions.drain(..).any(|action| matches!(action, Action::Forward { .. }));
            let bytes = match step {
                LinkStep::Send(bytes) => bytes,
                // A step of which there was nothing to say.
                LinkStep::Wait(_) if is_told => continue,
                _ => break,
            };
            says = true;
            cost.asked += bytes.len();
            timed(cost, 0, &mut || asker.handle(&mut turn, Event::Sent { peer }));
            timed(cost, 1, &mut || session.receive(answerer, &mut other, &bytes).serve().reply(&mut answers));
            while session.can_resume() {
                timed(cost, 1, &mut || session.receive(answerer, &mut other, &[]).serve().reply(&mut answers));
            }
        }
        if !says {
            return;
        }
        cost.answered += answers.len();
        for piece in answers.chunks(64 << 10) {
            timed(cost, 2, &mut || asker.handle(&mut turn, Event::Received { peer, bytes: piece }));
        }
        if cost.first.is_none() && asker.counters().kept + answerer.counters().kept > known {
            cost.first = Some(start.elapsed());
        }
    }
}
