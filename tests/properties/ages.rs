//! What is too old: not told by flood, not accepted, hidden, in every way in which it comes; and the order of records.

use std::cmp::Ordering;
use std::time::Duration;

use herd::wire::Forget;
use herd::{Limits, RecordKind, SessionId, Timestamp};
use proptest::prelude::*;

use super::support::herds;
use super::support::server::Server;

const SECOND: i128 = 1_000_000_000;

/// Nanoseconds as the wire has them.
fn seconds(nanos: i128) -> String {
    Timestamp::from_nanos(nanos).to_string()
}

/// A skew as the wire has it.
fn skew(nanos: i128) -> String {
    if nanos < 0 { seconds(nanos) } else { format!("+{}", seconds(nanos)) }
}

fn limits() -> impl Strategy<Value = Limits> {
    let time = || prop::sample::select(vec![5_u64, 86_400, 2_592_000]);
    (prop::option::of(time()), time()).prop_map(|(keep_for, gone_for)| Limits {
        keep_for: keep_for.map(Duration::from_secs),
        gone_for: Duration::from_secs(gone_for),
        earliest_clock: Timestamp::default(),
        max_ahead: None,
        ..Limits::default()
    })
}

/// How long ago something was heard: far from a bound, and at it.
fn age() -> impl Strategy<Value = i128> {
    let bounds = [0, 5, 86_400, 2_592_000, 40_000_000];
    (prop::sample::select(bounds.to_vec()), -1_i128..=1).prop_map(|(age, more)| age * SECOND + more)
}

/// A server whose clock a neighbour has agreed with.
fn server(limits: &Limits) -> Server {
    let mut server = Server::new(limits);
    server.receive(b"IAMAT c99 +1+1 1\n");
    assert!(server.connects());
    server.connected();
    server.takes();
    server.sent();
    let clock = server.driver.now().wall;
    server.answered(format!("HELLO s1 7 v=2 clock={clock}\n").as_bytes());
    server
}

#[derive(Clone, Copy, Debug)]
struct Said {
    age: i128,
    skew: i128,
    floods: bool,
    kind: RecordKind,
}

fn said() -> impl Strategy<Value = Said> {
    let skews = [0, 1, 9_000, 90_000, 200_000, 400_000_000];
    let skew = (prop::sample::select(skews.to_vec()), any::<bool>());
    (age(), skew, any::<bool>(), kind()).prop_map(|(age, (skew, is_behind), floods, kind)| {
        let skew = skew * SECOND;
        Said { age, skew: if is_behind { -skew } else { skew }, floods, kind }
    })
}

fn kind() -> impl Strategy<Value = RecordKind> {
    prop::sample::select(vec![RecordKind::Report, RecordKind::Tombstone, RecordKind::Away])
}

/// What orders the records of a client: the time, whether it is a tombstone, and the line.
type Order = (i128, bool, Vec<u8>);

/// What a neighbour's line of that kind begins with.
const fn word(kind: RecordKind, floods: bool) -> &'static str {
    match (kind, floods) {
        (RecordKind::Report, true) => "AT",
        (RecordKind::Report, false) => "KEPT",
        (RecordKind::Tombstone, true) => "GONE",
        (RecordKind::Tombstone, false) => "FORGOT",
        (RecordKind::Away, true) => "AWAY",
        (RecordKind::Away, false) => "MOVED",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_too_old_is_dropped(limits in limits(), all in prop::collection::vec(said(), 1..12)) {
        let mut server = server(&limits);
        let mut neighbour = server.driver.accept(SessionId(9), Some(herds::LOOPBACK));
        let older_than = |age: i128, limit: Duration| age > i128::try_from(limit.as_nanos()).expect("short");
        let mut dropped = server.driver.node().counters().too_old;
        for (id, Said { age, skew: by, floods, kind }) in all.into_iter().enumerate() {
            let now = server.driver.now();
            let time = seconds(now.wall.as_nanos() - age - by);
            let position = if kind == RecordKind::Report { "+34.068930-118.445127 " } else { "" };
            let word = word(kind, floods);
            let line = format!("{word} s9 {} c{id} {position}{time} s1\n", skew(by));
            prop_assert!(server.driver.receive(&mut neighbour, line.as_bytes()).is_empty());
            prop_assert!(!neighbour.is_finished(), "{}", line);
            let is_over = kind != RecordKind::Tombstone && limits.keep_for.is_some_and(|keep| older_than(age, keep));
            let is_dropped = is_over || (floods && older_than(age, limits.gone_for));
            dropped += u64::from(is_dropped);
            let client = format!("c{id}");
            let node = server.driver.node();
            prop_assert_eq!(node.counters().too_old, dropped, "{}", line);
            prop_assert_eq!(node.record(client.as_bytes()).is_some(), !is_dropped, "{}", line);
            prop_assert_eq!(node.position(client.as_bytes(), now).is_some(), !is_dropped && kind == RecordKind::Report);
        }
    }

    /// Whatever order they come in, and however, the last of them in the order of records stays.
    #[test]
    fn of_records_the_last_stays(
        said in prop::collection::vec((0_u8..4, kind(), 0_u8..4, 0_u8..3), 1..12),
    ) {
        let limits = Limits { earliest_clock: Timestamp::default(), ..Limits::default() };
        let mut server = server(&limits);
        let mut neighbour = server.driver.accept(SessionId(9), Some(herds::LOOPBACK));
        let now = server.driver.now().wall.as_nanos() / SECOND;
        let mut newest: Option<(Order, RecordKind)> = None;
        for (time, kind, how, origin) in said {
            let at = now - i128::from(time);
            let before = newest.clone();
            // Of another region a server hears through its own door.
            let is_client = how == 0 && kind != RecordKind::Away;
            let own = if is_client && kind == RecordKind::Tombstone {
                let text = at.to_string();
                let forget = Forget::new(b"kiwi", text.as_bytes()).expect("a FORGET");
                server.driver.forget(&forget).expect("there is room");
                None
            } else if is_client {
                server.driver.receive(&mut neighbour, format!("IAMAT kiwi +1+1 {at}\n").as_bytes());
                None
            } else {
                let line = format!("s{origin}x +0.5 kiwi {}{at}", if kind == RecordKind::Report { "+1+1 " } else { "" });
                let word = word(kind, how > 1);
                if how == 3 && kind != RecordKind::Report {
                    server.driver.hear(format!("{word} {line}\n").as_bytes());
                } else {
                    server.driver.receive(&mut neighbour, format!("{word} {line} s1\n").as_bytes());
                }
                Some(line)
            };
            let kept = server.driver.node().record(b"kiwi").expect("it was said");
            let line = own.map_or_else(|| kept.line().to_vec(), String::into_bytes);
            let candidate = (at * SECOND, kind == RecordKind::Tombstone, line);
            if before.as_ref().is_none_or(|(before, _)| before < &candidate) {
                newest = Some((candidate, kind));
            }
            let ((at, _, line), kind) = newest.clone().expect("it was said");
            prop_assert_eq!(kept.record().at().as_nanos(), at);
            prop_assert_eq!((kept.record().kind(), kept.line()), (kind, &line[..]));
            prop_assert_ne!(kept.record().order(&kept.record()), Ordering::Less);
        }
    }
}
