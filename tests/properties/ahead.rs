//! Times from the future: refused where a client says them, dropped where a neighbour does, in every way in which a
//! report comes.

use std::time::Duration;

use herd::wire::Message;
use herd::{Limits, Refusal, SessionId, Sighting, Timestamp};
use proptest::prelude::*;

use super::support::driver::Driver;
use super::support::herds;
use super::support::server::Server;

const SECOND: i128 = 1_000_000_000;

/// What the clock says in these tests.
fn wall() -> i128 {
    herds::at(0).wall.as_nanos()
}

/// Nanoseconds as the wire has them.
fn seconds(nanos: i128) -> String {
    Timestamp::from_nanos(nanos).to_string()
}

/// A skew as the wire has it.
fn skew(nanos: i128) -> String {
    if nanos < 0 { seconds(nanos) } else { format!("+{}", seconds(nanos)) }
}

/// Whether a time is too far past a clock, worked out a second time.
fn is_too_far(limits: &Limits, time: i128, clock: i128) -> bool {
    let is_set = clock >= limits.earliest_clock.as_nanos();
    limits.max_ahead.is_some_and(|most| is_set && time - clock > i128::try_from(most.as_nanos()).expect("short"))
}

/// The same of a neighbour's report: the clock is that of the server that wrote it down, if that was ever set.
fn is_reported_too_far(limits: &Limits, time: i128, skew: i128) -> bool {
    let origin = time + skew;
    is_too_far(limits, time, if origin < limits.earliest_clock.as_nanos() { wall() } else { origin })
}

/// How far ahead something is: far from a bound, and at it.
fn ahead() -> impl Strategy<Value = i128> {
    let bounds = [0, 1, 30, 9_999, 10_000, 86_400, 100_000, 99_999_999, 7_743_892_152, 9_223_372_030_000_000_000];
    (prop::sample::select(bounds.to_vec()), -1_i128..=1, any::<bool>()).prop_map(|(seconds, more, is_ahead)| {
        let nanos = seconds * SECOND + more;
        if is_ahead { nanos } else { -nanos.min(100_000 * SECOND) }
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    let most = prop::sample::select(vec![None, Some(30), Some(86_400), Some(100_000)]);
    (most, prop::sample::select(vec![i128::MIN, wall() - 1_000_000 * SECOND, wall() + 1])).prop_map(
        |(most, earliest)| {
            let max_ahead = most.map(Duration::from_secs);
            Limits { max_ahead, earliest_clock: Timestamp::from_nanos(earliest), ..Limits::default() }
        },
    )
}

proptest! {
    /// A client's is refused where it is too far ahead, with how far that is, and changes nothing; by the typed door too.
    #[test]
    fn a_clients_time_is_refused_where_it_is_too_far_ahead(limits in limits(), ahead in prop::collection::vec(ahead(), 1..12)) {
        let mut driver = Driver::new(&herds::herd(2, &[(0, 1)]), 0, &limits, 7);
        for (id, ahead) in (0..).zip(ahead) {
            let (time, far) = (seconds(wall() + ahead), is_too_far(&limits, wall() + ahead, wall()));
            let line = format!("IAMAT c{id} +34.068930-118.445127 {time}");
            let mut session = driver.accept(SessionId(id), Some(herds::LOOPBACK));
            let replied = driver.receive(&mut session, format!("{line}\n").as_bytes());
            prop_assert_eq!(replied == format!("? {line}\n").as_bytes(), far, "{}", line);
            prop_assert_eq!(session.is_finished(), far);
            prop_assert_eq!(driver.node().record(format!("c{id}").as_bytes()).is_some(), !far);
            let other = format!("d{id}");
            let sighting = Sighting::new(other.as_bytes(), b"+1+1", time.as_bytes()).expect("a sighting");
            let reported = driver.report_position(&sighting);
            let by = Timestamp::from_nanos(ahead).since(Timestamp::default());
            prop_assert_eq!(reported.err(), far.then_some(Refusal::TooFarAhead(by)));
            prop_assert_eq!(driver.node().record(other.as_bytes()).is_some(), !far);
        }
    }

    /// A neighbour's is dropped, neither kept nor passed on, and the neighbour is not blamed for it.
    #[test]
    fn a_neighbours_report_is_dropped_where_it_is_too_far_ahead(
        limits in limits(),
        said in prop::collection::vec((ahead(), ahead(), any::<bool>()), 1..12),
    ) {
        let mut driver = Driver::new(&herds::herd(3, &[(0, 1), (0, 2)]), 0, &limits, 7);
        let mut neighbour = driver.accept(SessionId(0), Some(herds::LOOPBACK));
        let mut dropped = 0;
        for (id, (ahead, origin_ahead, floods)) in (0..).zip(said) {
            let (time, behind) = (wall() + ahead, origin_ahead - ahead);
            let word = if floods { "AT" } else { "KEPT" };
            let line = format!("{word} s9 {} c{id} +34.068930-118.445127 {} s1\n", skew(behind), seconds(time));
            prop_assume!(matches!(Message::parse(line.trim_end().as_bytes()), Ok(Some(_))));
            let (forwarded, far) = (driver.node().counters().forwarded, is_reported_too_far(&limits, time, behind));
            prop_assert!(driver.receive(&mut neighbour, line.as_bytes()).is_empty());
            prop_assert!(!neighbour.is_finished());
            dropped += u64::from(far);
            let counters = driver.node().counters();
            prop_assert_eq!(counters.too_far_ahead, dropped, "{}", line);
            prop_assert_eq!(driver.node().record(format!("c{id}").as_bytes()).is_some(), !far);
            prop_assert_eq!(counters.forwarded - forwarded, u64::from(!far));
        }
    }
}

#[test]
fn what_a_comparison_brings_is_dropped_where_it_is_too_far_ahead() {
    let limits = Limits { earliest_clock: Timestamp::default(), ..Limits::default() };
    let mut server = Server::new(&limits);
    server.receive(b"IAMAT a +1+1 1\n");
    assert!(server.connects());
    server.connected();
    assert!(server.takes().starts_with("HELLO "));
    server.sent();
    server.answered(b"HELLO s1 7\n");
    let (now, far) = (wall() / SECOND, wall() / SECOND + 200_000);
    server.answered(format!("KEPT s1 -200000.0 b +1+1 {far} s1\nKEPT s1 -0.5 c +1+1 {now} s1\n").as_bytes());
    let node = server.driver.node();
    assert_eq!((node.record(b"b"), node.record(b"c").is_some(), node.counters().too_far_ahead), (None, true, 1));
}
