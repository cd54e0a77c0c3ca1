use core::time::Duration;

use super::*;
use crate::values::{Position, Radius};

/// One fetch at once, one that waits, ten nanoseconds each.
fn limits() -> Limits {
    Limits { fetches: 1, fetch_queue: 1, places_timeout: Duration::from_nanos(10), ..Limits::default() }
}

fn query(km: &str, bound: u8) -> Query {
    let at = Position::parse(b"+1+1").expect("a position");
    Query { at, radius: Radius::parse_km(km.as_bytes()).expect(km), bound }
}

/// A WHATSAT of that session at that nanosecond.
fn want(fetches: &mut Fetches, query: Query, session: u64, nanos: u64) -> Wanted {
    let ticket = Ticket { session: SessionId(session), number: 1 };
    fetches.want(query, ticket, Instant::from_nanos(nanos), &limits())
}

fn sessions(tickets: &[Ticket]) -> Vec<u64> {
    tickets.iter().map(|ticket| ticket.session.0).collect()
}

#[test]
fn one_place_is_fetched_once_for_all_who_need_no_more_results() {
    let mut fetches = Fetches::default();
    let Wanted::Start(id, _) = want(&mut fetches, query("1", 5), 1, 0) else { panic!("the first starts") };
    assert_eq!(want(&mut fetches, query("1", 5), 2, 9), Wanted::Shared);
    assert_eq!(want(&mut fetches, query("1", 3), 3, 9), Wanted::Shared);
    assert_eq!(want(&mut fetches, query("1", 6), 4, 9), Wanted::Queued, "it needs more results");
    assert_eq!(want(&mut fetches, query("1", 1), 5, 9), Wanted::Shared, "with the newest");
    assert_eq!(sessions(&fetches.ended(id)), [1, 2, 3]);
    let (next, asked) = fetches.start_next(&limits()).expect("one waits");
    assert_eq!(asked.bound, 6);
    assert_eq!(sessions(&fetches.ended(next)), [4, 5]);
    assert_eq!(fetches.len(), 0);
}

#[test]
fn past_the_queue_nobody_waits() {
    let mut fetches = Fetches::default();
    assert!(matches!(want(&mut fetches, query("1", 5), 1, 0), Wanted::Start(..)));
    assert_eq!(want(&mut fetches, query("2", 5), 2, 0), Wanted::Queued);
    assert_eq!(want(&mut fetches, query("3", 5), 3, 0), Wanted::Refused);
    assert_eq!(want(&mut fetches, query("2", 5), 4, 0), Wanted::Shared, "it costs no fetch");
}

#[test]
fn a_late_fetch_keeps_its_place_and_no_one_waits_for_it() {
    let mut fetches = Fetches::default();
    let Wanted::Start(late, _) = want(&mut fetches, query("1", 5), 1, 0) else { panic!("the first starts") };
    want(&mut fetches, query("2", 5), 2, 3);
    assert_eq!(fetches.deadline(), Some(Instant::from_nanos(10)));
    assert_eq!(sessions(&fetches.expired(Instant::from_nanos(10))), [1]);
    assert_eq!(want(&mut fetches, query("1", 5), 3, 10), Wanted::Refused, "it is not shared any more");
    assert_eq!(fetches.deadline(), Some(Instant::from_nanos(13)));
    assert_eq!(sessions(&fetches.expired(Instant::from_nanos(13))), [2]);
    assert_eq!((fetches.deadline(), fetches.start_next(&limits())), (None, None));
    assert!(fetches.ended(late).is_empty());
    assert_eq!(fetches.len(), 0);
}

#[test]
fn what_nobody_waits_for_any_more_is_not_started() {
    let mut fetches = Fetches::default();
    let Wanted::Start(first, _) = want(&mut fetches, query("1", 5), 1, 0) else { panic!("the first starts") };
    want(&mut fetches, query("2", 5), 2, 0);
    fetches.forget(SessionId(2));
    fetches.forget(SessionId(1));
    assert!(fetches.ended(first).is_empty());
    assert_eq!(fetches.start_next(&limits()), None);
    assert_eq!(fetches.len(), 0);
}

#[test]
fn what_is_kept_is_not_fetched_again_while_it_is_fresh() {
    let limits = Limits { places_cache: 2, places_cache_time: Duration::from_nanos(100), ..limits() };
    let mut fetches = Fetches::default();
    let mut ask = |km: &str, bound, nanos| {
        let (ticket, now) = (Ticket { session: SessionId(1), number: 1 }, Instant::from_nanos(nanos));
        let wanted = fetches.want(query(km, bound), ticket, now, &limits);
        if let Wanted::Start(id, _) = wanted {
            let places = Places::parse(b"{\"results\":[1]}").map_err(Unavailable::from);
            fetches.fetched(id, &places, now, &limits);
        }
        matches!(wanted, Wanted::Known(_))
    };
    assert!(!ask("1", 5, 0) && ask("1", 5, 99) && ask("1", 3, 99), "it is kept");
    assert!(!ask("1", 6, 50) && ask("1", 6, 149), "more results are fetched, and kept in its place");
    assert!(!ask("1", 6, 150), "it has gone stale");
    assert!(!ask("2", 5, 150) && !ask("3", 5, 150), "others");
    assert!(!ask("1", 6, 151) && ask("3", 5, 151), "the oldest made room");
}

#[test]
fn nothing_is_kept_by_default() {
    let mut fetches = Fetches::default();
    let places = Places::parse(b"{\"results\":[1]}").map_err(Unavailable::from);
    for nanos in [0, 1] {
        let Wanted::Start(id, _) = want(&mut fetches, query("1", 5), 1, nanos) else { panic!("a fetch each") };
        fetches.fetched(id, &places, Instant::from_nanos(nanos), &limits());
    }
}
