use super::*;
use crate::herd::ServerId;
use crate::message::Sighting;
use crate::report::Layout;
use crate::time::Timestamp;

/// Offers a report of `client` by the first server.
fn offer(store: &mut Store, client: &str, time: &str, skew: &str) -> Offer {
    let at = Timestamp::parse(time.as_bytes()).expect(time);
    let sighting = Sighting { client: client.as_bytes(), position: b"+1+1", time: time.as_bytes(), at };
    let mut line = Vec::new();
    let write_skew = |out: &mut Vec<u8>| out.extend_from_slice(skew.as_bytes());
    let layout = Layout::write(&mut line, (ServerId(0), b"a"), write_skew, &sighting);
    let report = Report { line: &line, layout };
    store.offer(store.locator.of_report(&report), &report)
}

/// What is kept of a client.
fn get<'a>(store: &'a Store, client: &[u8]) -> Option<Report<'a>> {
    store.get(store.locator.of_client(client), client)
}

fn digest_of(line: &str) -> u64 {
    xxh3_64(line.as_bytes())
}

#[test]
fn only_a_newer_report_replaces_one() {
    let mut store = Store::new(10, Locator::new(1));
    assert_eq!(offer(&mut store, "kiwi", "5", "+1.0"), Offer::Kept { replaced: None });
    assert_eq!(offer(&mut store, "kiwi", "5", "+1.0"), Offer::Same);
    let older = digest_of("a +1.0 kiwi +1+1 4.9");
    assert_eq!(offer(&mut store, "kiwi", "4.9", "+1.0"), Offer::Older { digest: older });
    let replaced = Some(digest_of("a +1.0 kiwi +1+1 5"));
    assert_eq!(offer(&mut store, "kiwi", "5.000000001", "+1.0"), Offer::Kept { replaced });
    assert_eq!(get(&store, b"kiwi").map(|report| report.time()), Some(&b"5.000000001"[..]));
    assert_eq!(store.len(), 1);
}

#[test]
fn of_two_reports_of_one_time_the_greater_line_is_kept_in_either_order() {
    let (mut store, mut other) = (Store::new(10, Locator::new(1)), Store::new(10, Locator::new(2)));
    for skew in ["+1.0", "+2.0"] {
        offer(&mut store, "kiwi", "5", skew);
    }
    for skew in ["+2.0", "+1.0"] {
        offer(&mut other, "kiwi", "5", skew);
    }
    assert_eq!(get(&store, b"kiwi").map(|report| report.line()), Some(&b"a +2.0 kiwi +1+1 5"[..]));
    assert_eq!(store.digest(), other.digest());
}

#[test]
fn the_digest_tells_what_is_kept_and_not_how_it_came() {
    let (mut store, mut other) = (Store::new(1000, Locator::new(1)), Store::new(1000, Locator::new(2)));
    for client in 0..500 {
        offer(&mut store, &client.to_string(), "7", "+1.0");
        offer(&mut other, &(499 - client).to_string(), "3", "+1.0");
        assert_ne!(store.digest(), other.digest());
    }
    for client in 0..500 {
        offer(&mut other, &client.to_string(), "7", "+1.0");
    }
    assert_eq!(store.digest(), other.digest());
    assert_eq!((store.iter().count(), other.len()), (500, 500));
}

#[test]
fn a_full_store_takes_no_new_client_and_goes_on_with_those_it_has() {
    let mut store = Store::new(1, Locator::new(1));
    offer(&mut store, "kiwi", "5", "+1.0");
    let digest = digest_of("a +1.0 moa +1+1 5");
    assert_eq!(offer(&mut store, "moa", "5", "+1.0"), Offer::Full { digest });
    assert!(matches!(offer(&mut store, "kiwi", "6", "+1.0"), Offer::Kept { .. }));
    assert!(get(&store, b"moa").is_none());
}
