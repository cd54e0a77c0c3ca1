use super::*;
use crate::pass::BroughtBy;
use crate::store::cursor::Cursor;
use crate::store::intake::{Kept, Verdict};
use crate::values::{Instant, ServerId, Skew, SplitMix64, Timestamp};
use crate::wire::{Departed, Forget, Sighting};

/// A store that has room for so many clients.
pub(in crate::store) fn store(clients: usize, seed: u64) -> Store {
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
    store.shard(hash.range()).offer(hash, &report, &mut store.account.room_for_one(), Horizon::NONE)
}

/// Takes in a report of `client` by the first server, as a client says it.
pub(in crate::store) fn learn(store: &Store, client: &str, position: &str, time: &str, skew: &str) {
    let at = Timestamp::parse(time.as_bytes()).expect(time);
    let (client, position, time) = (client.as_bytes(), position.as_bytes(), time.as_bytes());
    let (sighting, mut text) = (Sighting { client, position, time, at }, Text::default());
    let hash = store.hash(client);
    let entry = Entry::write_down((ServerId(0), b"a"), skew.as_bytes(), &sighting, hash, &mut text);
    assert!(store.learn(&mut [entry], intake(text.as_slice())).1.is_ok(), "there is room");
}

/// Has `client` forgotten up to a time.
pub(in crate::store) fn bury(store: &Store, client: &str, time: &str) {
    let at = Timestamp::parse(time.as_bytes()).expect(time);
    let (forget, mut text) = (Forget { client: client.as_bytes(), time: time.as_bytes(), at }, Text::default());
    let hash = store.hash(forget.client);
    let ahead = Skew::parse(b"+1.0").expect("a skew");
    let departed = Departed::by_forget(&forget, b"a", (ahead, b"+1.0"));
    let entry = Entry::write_departed(ServerId(0), &departed, hash, &mut text);
    let is_known = |_, kept: Option<Record<'_>>| kept.is_some();
    assert!(store.bury(&entry, intake(text.as_slice()), &mut Shards::default(), is_known), "there is room");
}

fn intake(text: &[u8]) -> Intake<'_> {
    let (horizon, now) = (Horizon::NONE, Instant::default());
    Intake { text, from: BroughtBy::Client, listeners: None, fast: true, horizon, now }
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
        assert_eq!((kept.record().position(), store.digest()), (Some(&b"+1+1"[..]), digest_of(&line)));
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

/// Takes out all clients for which that holds; their lines.
fn sweep(store: &Store, is_out: impl Fn(&Kept<'_>) -> bool) -> Vec<Vec<u8>> {
    let (mut cursor, mut removed) = (Cursor::default(), Vec::new());
    let verdict = |kept: &Kept<'_>| if is_out(kept) { Verdict::Remove } else { Verdict::Keep };
    while store.sweep(&mut cursor, verdict, |kept| removed.push(kept.record.line.to_vec()), None) {}
    removed
}

fn lines(store: &Store) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = store.iter().map(|kept| kept.line().to_vec()).collect();
    lines.sort();
    lines
}

#[test]
fn whoever_was_taken_out_is_as_if_it_had_never_been_there() {
    let (one, other, mut random) = (store(6000, 1), store(6000, 2), SplitMix64::new(1));
    for turn in 0..4 {
        for client in 0..6000 {
            // Of any length, and some of them move to a longer one.
            let skew = format!("+{}.0", "1".repeat(usize::try_from(random.number() % 300).expect("few") + 1));
            assert!(matches!(offer(&one, &client.to_string(), &turn.to_string(), &skew), Offer::Kept { .. }));
            if client % 3 == turn % 3 {
                assert!(matches!(offer(&other, &client.to_string(), &turn.to_string(), &skew), Offer::Kept { .. }));
            }
        }
        assert_eq!(offer(&one, "moa", "5", "+1.0"), Offer::Full);
        let stays = |kept: &Kept<'_>| {
            let client: i32 = core::str::from_utf8(kept.record.client()).expect("a number").parse().expect("a number");
            client % 3 == turn % 3
        };
        assert_eq!(sweep(&one, |kept| !stays(kept)).len(), 4000);
        assert_eq!((lines(&one), one.digest(), one.len()), (lines(&other), other.digest(), 2000));
        assert!(one.bytes() < 2 * other.bytes(), "{} and {}", one.bytes(), other.bytes());
        assert_eq!(sweep(&other, |_| true).len(), 2000);
        assert_eq!((other.digest(), other.len(), other.bytes(), lines(&other).len()), (0, 0, 0, 0));
    }
    assert_eq!(sweep(&one, |_| false).len(), 0);
    assert_eq!(one.len(), 2000);
}

#[test]
fn a_copy_has_each_client_once() {
    let store = store(10_000, 1);
    let mut copy = Vec::new();
    assert!(!store.copy_next(&mut Cursor::default(), &mut copy) && copy.is_empty(), "there is nobody");
    for client in 0..5000 {
        offer(&store, &client.to_string(), "7", "+1.0");
    }
    let (mut cursor, mut steps) = (Cursor::default(), 0);
    while store.copy_next(&mut cursor, &mut copy) {
        steps += 1;
    }
    assert!(!store.copy_next(&mut cursor, &mut copy), "it is over");
    let mut copied: Vec<_> = copy.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    copied.sort();
    let kept: Vec<_> = lines(&store).into_iter().map(|line| [b"AT ", &line[..], b"\n"].concat()).collect();
    assert!(copied == kept && steps == 5000_usize.div_ceil(Store::COPY), "{steps}");
}

/// A record just over 4 KiB takes hardly more than that, and who has many of them takes no more than there is.
#[test]
fn clients_with_the_longest_ids_are_refused_when_their_bytes_are_used_up() {
    let clients = 4000;
    let client_bytes = clients * 4500;
    let limits = Limits { client_bytes, ..Limits::default() };
    let store = Store::new(&limits, &HashKey::default(), &SecretHasher::new(1), 1);
    let id = |number: usize| format!("{number:04076}");
    let refused = (0..2 * clients).find(|&number| offer(&store, &id(number), "5", "+0.263873386") == Offer::Full);
    let kept = refused.expect("they do not fit");
    assert_eq!(kept, store.len());
    assert!(kept >= clients, "{} bytes each", store.bytes() / kept);
    assert!(store.bytes() < client_bytes + (64 << 10), "{}", store.bytes());
    let longer = format!("+{}.0", "1".repeat(3000));
    assert!(matches!(offer(&store, &id(7), "6", &longer), Offer::Kept { .. }), "it is known");
    assert_eq!(sweep(&store, |kept| kept.record.client() < id(clients / 2).as_bytes()).len(), clients / 2);
    assert!(store.bytes() < client_bytes * 6 / 10, "{}", store.bytes());
    assert!(matches!(offer(&store, &id(clients * 3), "5", "+1.0"), Offer::Kept { .. }));
}

#[test]
fn what_few_are_left_of_moves_together_and_gives_room_to_newcomers() {
    let limits = Limits { client_bytes: 1 << 20, ..Limits::default() };
    let store = Store::new(&limits, &HashKey::default(), &SecretHasher::new(1), 1);
    let newcomers = |from: usize| {
        let ids = from..from + 100_000;
        ids.take_while(|id| offer(&store, &format!("{id:06}"), "5", "+1.0") != Offer::Full).count()
    };
    let (all, full) = (newcomers(0), store.bytes());
    assert!(all > 10_000 && full < (1 << 20) + (64 << 10), "{all} in {full}");
    // A third, who are anywhere: their slots are free, and no piece is.
    let third = sweep(&store, |kept| kept.hash.bits() % 3 == 0).len();
    assert!(newcomers(200_000) > third / 2 && store.bytes() < full + (64 << 10));
    // All but a tenth of them.
    let before = lines(&store);
    let gone = sweep(&store, |kept| kept.hash.bits() / 3 % 10 > 0);
    let left = lines(&store);
    assert!(left.len() + gone.len() == before.len() && left.iter().all(|line| before.contains(line)));
    assert!(store.bytes() < full / 3, "{} of {full} for {} of {all}", store.bytes(), left.len());
    for id in left.iter().map(|line| line.split(|&byte| byte == b' ').nth(2).expect("a client")) {
        assert!(store.get(id).is_some());
    }
}
