use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use herd::{Access, Event, Grant, Herd, Limits, Now, Rights, Timestamp, Token};
use proptest::prelude::*;

use super::super::time::{Milliseconds, Time};
use super::Outcome::{Duplicate, Future, Impossible, Late, Taken, Unreadable};
use super::*;
use crate::decimal::Decimal;

const NOW: i128 = 1_790_000_000;

fn turn() -> Turn {
    Turn::at(Now { wall: Timestamp::from_nanos(NOW * 1_000_000_000), ..Now::default() })
}

fn node(access: Access, limits: Limits) -> Node {
    let herd = Arc::new(Herd::classic().with_access(access));
    let me = herd.find(b"Alford").expect("it is in the built-in herd");
    Node::new(herd, me, limits, 1)
}

#[expect(clippy::unnecessary_wraps, reason = "as a request tells it")]
fn fix(client: &str, longitude: &str, time: i128) -> Result<Fix, Missing> {
    let number = |text: &str| Decimal::parse(text).expect(text);
    Ok(Fix {
        client: client.into(),
        latitude: number("1"),
        longitude: number(longitude),
        time: Time::parse(&time.to_string(), Milliseconds::Never),
        accuracy: None,
    })
}

fn take(node: &Node, caller: &Caller, told: Told) -> (Verdict, Counts) {
    let counts = Counts::default();
    let filter = Filter::default();
    let intake = Intake { node, caller, filter: &filter, format: Format::Overland, counts: &counts };
    (intake.take(&mut turn(), told), counts)
}

fn kept(node: &Node, client: &str) -> Option<String> {
    let kept = node.position(client.as_bytes(), turn().now)?;
    kept.record().position().map(|position| String::from_utf8_lossy(position).into_owned())
}

#[test]
fn of_a_batch_the_newest_is_reported_and_each_place_is_accounted_for() {
    let (node, caller) = (node(Access::default(), Limits::default()), Caller::from(Rights::all()));
    let batch = vec![
        fix("a", "1", NOW - 9),
        Err(Missing::Sense("not a GeoJSON feature")),
        fix("a", "3", NOW - 5),
        fix("a", "181", NOW),
        fix("b", "4", NOW - 7),
        fix("a", "2", NOW - 7),
        fix("a", "9", NOW - 5),
        fix("b", "5", NOW + 100_000),
    ];
    let (verdict, counts) = take(&node, &caller, batch.clone());
    assert_eq!(verdict.outcomes, [Late, Unreadable, Taken, Impossible, Taken, Late, Duplicate, Future]);
    assert_eq!(verdict.nonsense, [(1, "not a GeoJSON feature")]);
    assert_eq!(verdict.refusal, None);
    assert_eq!((kept(&node, "a").as_deref(), kept(&node, "b").as_deref()), (Some("+1+3"), Some("+1+4")));
    assert_eq!((counts.of(Format::Overland, Taken), counts.of(Format::Overland, Late)), (2, 2));
    // The phone heard no answer and sends the same again.
    let (again, _) = take(&node, &caller, batch);
    assert_eq!(again.outcomes, [Late, Unreadable, Duplicate, Impossible, Duplicate, Late, Duplicate, Future]);
}

#[test]
fn rights_rates_and_the_node_are_heard() {
    let token = Token::new(&[1; 32]);
    let grant = Grant {
        rights: ["report:bus-*".parse().expect("a right")].into_iter().collect(),
        reports_per_second: core::num::NonZeroU32::new(1),
        ..Grant::default()
    };
    let access = Access::new(Grant::default(), [(token.hash(), grant)], false).expect("one token");
    let node = node(access, Limits { clients: 12, ..Limits::default() });
    let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let caller = node.caller(Some(token.as_str().as_bytes()), home, false, turn().now.instant).expect("it is known");
    node.report_position(&mut turn(), &Sighting::new(b"kiwi", b"+1+1", b"1789999999").expect("one")).expect("room");
    // What others report is told to nobody who may not report it: neither that it is late nor that it is the same.
    for time in [NOW - 1, NOW - 2, NOW] {
        let (verdict, _) = take(&node, &caller, vec![fix("kiwi", "1", time)]);
        assert_eq!(
            (&verdict.outcomes[..], verdict.refusal),
            (&[Outcome::NoRight][..], Some(Refusal::NoRight(Need::Report)))
        );
    }
    // A long queue of one bus is one report.
    let (queue, _) = take(&node, &caller, (0..1000).map(|second| fix("bus-0", "1", NOW - second)).collect());
    assert_eq!(queue.refusal, None);
    let told = (1..11).map(|bus| fix(&format!("bus-{bus}"), "1", NOW)).chain([fix("kiwi", "1", NOW)]).collect();
    let (verdict, _) = take(&node, &caller, told);
    assert_eq!(verdict.refusal, Some(Refusal::TooOften));
    assert_eq!(verdict.outcomes.iter().filter(|&&outcome| outcome == Outcome::Taken).count(), 9);
    let all = Caller::from(Rights::all());
    let full = take(&node, &all, (0..9).map(|bus| fix(&format!("tram-{bus}"), "1", NOW)).collect()).0;
    assert_eq!(full.refusal, Some(Refusal::Full));
    node.handle(&mut turn(), Event::TakesReports(false));
    let failing = take(&node, &all, vec![fix("bus-1", "2", NOW + 1)]).0;
    assert_eq!((&failing.outcomes[..], failing.refusal), (&[Outcome::Refused][..], Some(Refusal::NotKept)));
}

#[test]
fn what_was_forgotten_stays_so() {
    let (node, caller) = (node(Access::default(), Limits::default()), Caller::from(Rights::all()));
    let forget = herd::wire::Forget::new(b"a", b"1790000000").expect("a time");
    node.forget(&mut turn(), &forget).expect("there is room");
    assert_eq!(take(&node, &caller, vec![fix("a", "1", NOW - 1)]).0.outcomes, [Outcome::Late]);
    assert_eq!(take(&node, &caller, vec![fix("a", "1", NOW + 1)]).0.outcomes, [Outcome::Taken]);
}

proptest! {
    /// However requests come, twice or late or out of order, what is kept is the newest place that is one.
    #[test]
    fn the_newest_place_is_kept(
        requests in proptest::collection::vec(
            proptest::collection::vec((0..3_usize, 0..40_i128, prop_oneof![4 => Just(false), 1 => Just(true)]), 0..6), 0..12),
    ) {
        let (node, caller) = (node(Access::default(), Limits::default()), Caller::from(Rights::all()));
        let clients = ["a", "b", "c"];
        let mut newest = [None; 3];
        for request in requests {
            let told: Told = request.iter().map(|&(client, time, is_bad)| {
                // The place says the time, so that two of one time are one place.
                fix(clients[client], &(if is_bad { 181 } else { time + 1 }).to_string(), NOW - time)
            }).collect();
            let asked = told.len();
            let (verdict, counts) = take(&node, &caller, told);
            prop_assert_eq!(verdict.outcomes.len(), asked);
            prop_assert_eq!(counts.iter().map(|(.., count)| count).sum::<u64>(), asked as u64);
            for (client, time, is_bad) in request {
                if !is_bad {
                    newest[client] = Some(newest[client].map_or(time, |known: i128| known.min(time)));
                }
            }
            for (client, newest) in clients.iter().zip(newest) {
                prop_assert_eq!(kept(&node, client), newest.map(|time| format!("+1+{}", time + 1)));
            }
        }
    }
}
