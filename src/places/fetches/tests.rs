use core::time::Duration;

use super::*;
use crate::values::{Position, Radius, SplitMix64};

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

/// What it is to wait, where those sessions are refused for it.
fn queued(refused: &[u64]) -> Wanted {
    let ticket = |&session: &u64| Ticket { session: SessionId(session), number: 1 };
    Wanted::Queued { refused: refused.iter().map(ticket).collect() }
}

fn sessions<'a>(tickets: impl IntoIterator<Item = &'a Ticket>) -> Vec<u64> {
    tickets.into_iter().map(|ticket| ticket.session.0).collect()
}

#[test]
fn one_place_is_fetched_once_for_all_who_need_no_more_results() {
    let mut fetches = Fetches::default();
    let Wanted::Start(id, _) = want(&mut fetches, query("1", 5), 1, 0) else { panic!("the first starts") };
    assert_eq!(want(&mut fetches, query("1", 5), 2, 9), Wanted::Shared);
    assert_eq!(want(&mut fetches, query("1", 3), 3, 9), Wanted::Shared);
    assert_eq!(want(&mut fetches, query("1", 6), 4, 9), queued(&[]), "it needs more results");
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
    assert_eq!(want(&mut fetches, query("2", 5), 2, 0), queued(&[]));
    assert_eq!(want(&mut fetches, query("3", 5), 3, 0), queued(&[3]));
    assert_eq!(want(&mut fetches, query("2", 5), 4, 0), Wanted::Shared, "it costs no fetch");
}

#[test]
fn a_late_fetch_keeps_its_place_and_no_one_waits_for_it() {
    let mut fetches = Fetches::default();
    let Wanted::Start(late, _) = want(&mut fetches, query("1", 5), 1, 0) else { panic!("the first starts") };
    want(&mut fetches, query("2", 5), 2, 3);
    assert_eq!(fetches.deadline(), Some(Instant::from_nanos(10)));
    assert_eq!(sessions(&fetches.expired(Instant::from_nanos(10))), [1]);
    assert_eq!(want(&mut fetches, query("1", 5), 3, 10), queued(&[3]), "it is not shared any more");
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

/// A WHATSAT of that session and number for a place of its own.
fn want_own(fetches: &mut Fetches, session: u64, number: u64, limits: &Limits) -> Wanted {
    let at = Position::parse(format!("+{}+{session}", number % 90).as_bytes()).expect("a position");
    let query = Query { at, radius: Radius::parse_km(b"1").expect("a radius"), bound: 5 };
    fetches.want(query, Ticket { session: SessionId(session), number }, Instant::from_nanos(0), limits)
}

#[test]
fn the_session_with_the_most_gives_way_to_one_that_has_less() {
    let limits = Limits { fetch_queue: 4, ..limits() };
    let mut fetches = Fetches::default();
    for number in 0..5 {
        want_own(&mut fetches, 1, number, &limits);
    }
    let newest = |number| Wanted::Queued { refused: vec![Ticket { session: SessionId(1), number }] };
    assert_eq!(want_own(&mut fetches, 2, 0, &limits), newest(4));
    assert_eq!(want_own(&mut fetches, 3, 0, &limits), newest(3));
    let own = Wanted::Queued { refused: vec![Ticket { session: SessionId(3), number: 1 }] };
    assert_eq!(want_own(&mut fetches, 3, 1, &limits), own, "it would have as many");
}

#[test]
fn a_fetch_that_another_session_waits_for_too_becomes_that_sessions() {
    let limits = Limits { fetch_queue: 3, ..limits() };
    let mut fetches = Fetches::default();
    for number in 0..4 {
        want_own(&mut fetches, 1, number, &limits);
    }
    let at = Position::parse(b"+3+1").expect("a position");
    let shared = Query { at, radius: Radius::parse_km(b"1").expect("a radius"), bound: 5 };
    let of_2 = Ticket { session: SessionId(2), number: 7 };
    assert_eq!(fetches.want(shared, of_2, Instant::from_nanos(0), &limits), Wanted::Shared);
    // The newest of session 1 is what session 2 waits for: another one goes.
    let of_1 = |number| Ticket { session: SessionId(1), number };
    assert_eq!(want_own(&mut fetches, 3, 0, &limits), Wanted::Queued { refused: vec![of_1(2)] });
    let both = [of_1(3), of_2].into_iter().collect();
    assert!(fetches.by_id.values().any(|fetch| fetch.waits_for == Some(SessionId(2)) && fetch.tickets == both));
}

/// Whatever happens, each index says what the fetches say; nobody is refused who has less than another; and who has gone
/// is waited for by nothing.
#[test]
fn the_indexes_agree_with_the_fetches() {
    for seed in 0..200 {
        let mut random = SplitMix64::new(seed);
        let limits =
            Limits { fetches: 2, fetch_queue: 6, places_timeout: Duration::from_nanos(40), ..Limits::default() };
        let (mut fetches, mut under_way) = (Fetches::default(), Vec::new());
        for now in 0..200 {
            let (session, now) = (random.number() % 5, Instant::from_nanos(now));
            match random.number() % 8 {
                0 => {
                    fetches.forget(SessionId(session));
                    assert!(
                        fetches.by_id.values().all(|fetch| fetch.tickets.iter().all(|one| one.session.0 != session))
                    );
                }
                1 => drop(fetches.expired(now)),
                2 if !under_way.is_empty() => {
                    let failed = Err(Unavailable::timed_out());
                    fetches.fetched(under_way.swap_remove(0), &failed, now, &limits);
                    under_way.extend(fetches.start_next(&limits).map(|(id, _)| id));
                }
                _ => {
                    let ticket = Ticket { session: SessionId(session), number: now.as_nanos() };
                    let km = (random.number() % 9).to_string();
                    match fetches.want(query(&km, 5), ticket, now, &limits) {
                        Wanted::Start(id, _) => under_way.push(id),
                        Wanted::Queued { refused } if refused == [ticket] => {
                            let (own, largest) = (fetches.waiting.share(ticket.session), fetches.waiting.largest());
                            assert!(largest.is_none_or(|(_, most)| most <= own + 1), "seed {seed}");
                        }
                        _ => {}
                    }
                }
            }
            check(&fetches, &limits);
        }
    }
}

fn check(fetches: &Fetches, limits: &Limits) {
    let pairs =
        |(&id, fetch): (&FetchId, &Fetch)| fetch.tickets.iter().map(|one| (one.session, id)).collect::<Vec<_>>();
    let by_session: BTreeSet<_> = fetches.by_id.iter().flat_map(pairs).collect();
    assert_eq!(fetches.by_session, by_session);
    let queued = fetches.by_id.iter().filter_map(|(&id, fetch)| Some((fetch.waits_for?, id)));
    let mut len = 0;
    for (session, id) in queued {
        assert!(fetches.waiting.clone().remove(session, id));
        assert!(!fetches.by_id[&id].tickets.is_empty(), "nobody waits for what waits");
        len += 1;
    }
    assert_eq!(fetches.waiting.len(), len);
    assert!(len <= limits.fetch_queue && fetches.under_way <= limits.fetches);
}
