use super::*;
use crate::values::{ServerId, Timestamp};
use crate::wire::Sighting;

/// A store that has room for so many clients.
fn store(clients: usize, seed: u64) -> Store {
    Store::new(&Limits { clients, ..Limits::default() }, &HashKey::default(), &SecretHasher::new(seed), seed)
}

/// Offers a report of `client` by the first server.
fn offer(store: &Store, client: &str, time: &str, skew: &str) -> Offer {
    let at = Timestamp::parse(time.as_bytes()).expect(time);
    let sighting = Sighting { client: client.as_bytes(), position: b"+1+1", time: time.as_bytes(), at };
    let mut line = Vec::new();
    let head = Record::write(|part| line.extend_from_slice(part), (ServerId(0), b"a"), skew.as_bytes(), &sighting);
    let report = Record { line: &line, head };
    let hash = store.hash_key.hash(client.as_bytes());
    store.shard(hash.range()).offer(hash, &report, &mut store.room_for_one().left)
}

fn digest_of(line: &str) -> u64 {
    crate::report::digest_of(line.as_bytes())
}

#[test]
fn only_a_newer_report_replaces_one() {
    let store = store(10, 1);
    assert_eq!(offer(&store, "kiwi", "5", "+1.0"), Offer::Kept { replaced: None });
    assert_eq!(offer(&store, "kiwi", "5", "+1.0"), Offer::Same);
    assert_eq!(offer(&store, "kiwi", "4.9", "+1.0"), Offer::Older);
    let replaced = store.get(b"kiwi").map(|kept| crate::report::digest_of(kept.line()));
    assert_eq!(offer(&store, "kiwi", "5.000000001", "+1.0"), Offer::Kept { replaced });
    assert_eq!(store.get(b"kiwi").map(|kept| kept.record().time().to_vec()), Some(b"5.000000001".to_vec()));
    assert_eq!(store.len(), 1);
}

#[test]
fn of_two_reports_of_one_time_the_greater_line_is_kept_in_either_order() {
    let (one, other) = (store(10, 1), store(10, 2));
    for skew in ["+1.0", "+2.0"] {
        offer(&one, "kiwi", "5", skew);
    }
    for skew in ["+2.0", "+1.0"] {
        offer(&other, "kiwi", "5", skew);
    }
    assert_eq!(one.get(b"kiwi").map(|kept| kept.line().to_vec()), Some(b"a +2.0 kiwi +1+1 5".to_vec()));
    assert_eq!(one.digest(), other.digest());
}

#[test]
fn the_digest_tells_what_is_kept_and_not_how_it_came() {
    let (one, other) = (store(1000, 1), store(1000, 2));
    for client in 0..500 {
        offer(&one, &client.to_string(), "7", "+1.0");
        offer(&other, &(499 - client).to_string(), "3", "+1.0");
        assert_ne!(one.digest(), other.digest());
    }
    for client in 0..500 {
        offer(&other, &client.to_string(), "7", "+1.0");
    }
    assert_eq!(one.digest(), other.digest());
    assert_eq!((one.iter().count(), other.len()), (500, 500));
}

#[test]
fn a_report_of_any_length_takes_the_place_of_any_other() {
    let store = store(10, 1);
    let lens = [1, 300, 3, 250, 255, 256, 20_000, 40_000, 2];
    for (time, len) in lens.into_iter().enumerate() {
        let skew = format!("+{}.0", "1".repeat(len));
        offer(&store, "kiwi", &time.to_string(), &skew);
        let line = format!("a {skew} kiwi +1+1 {time}");
        let kept = store.get(b"kiwi").expect("just kept");
        assert_eq!((kept.line(), kept.record().client()), (line.as_bytes(), &b"kiwi"[..]));
        assert_eq!((kept.record().position(), store.digest()), (&b"+1+1"[..], digest_of(&line)));
    }
}

#[test]
fn a_full_store_takes_no_new_client_and_goes_on_with_those_it_has() {
    let store = store(1, 1);
    offer(&store, "kiwi", "5", "+1.0");
    assert_eq!(offer(&store, "moa", "5", "+1.0"), Offer::Full);
    assert!(matches!(offer(&store, "kiwi", "6", "+1.0"), Offer::Kept { .. }));
    assert!(store.get(b"moa").is_none());
    assert_eq!(store.len(), 1);
}
