//! Searches beside one that looks at everybody.
#![expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "whatever comes of it is random")]

use std::collections::BTreeSet;

use super::super::store::tests::{bury, learn, store};
use super::*;
use crate::access::{Right, Rights};
use crate::pass::Turn;
use crate::store::Gather;
use crate::values::{Pattern, Position, Radius, SplitMix64, Timestamp};

/// A client, where it is, and when it was heard.
type Client = (String, String, u64);

fn all() -> Filter {
    let rights: Rights = [Right::All].into_iter().collect();
    Filter { pattern: Pattern::any(), rights: rights.ask().clone(), heard_since: None, except: None }
}

fn number(random: &mut SplitMix64, below: u64) -> u64 {
    random.number() % below
}

/// A position of one of some kinds: anywhere, in a city, at a pole, at the 180th meridian, on few points.
fn place(kind: u64, random: &mut SplitMix64) -> String {
    let mut part = |from: f64, to: f64| from + (to - from) * (random.number() % 1_000_001) as f64 / 1e6;
    let (latitude, longitude) = match kind {
        0 => (part(-90.0, 90.0), part(-180.0, 180.0)),
        1 => (part(34.0, 34.1), part(-118.3, -118.2)),
        2 => (part(89.5, 90.0), part(-180.0, 180.0)),
        3 => (part(-0.3, 0.3), 180.0 - part(0.0, 0.3)),
        4 => (part(-0.3, 0.3), part(0.0, 0.3) - 180.0),
        5 => (-90.0 + part(0.0, 2.0).floor(), part(-2.0, 2.0).floor() * 90.0),
        _ => (part(0.0, 3.0).floor() / 100.0, part(0.0, 3.0).floor() / 100.0),
    };
    let decimals = [0, 2, 6, 9][(random.number() % 4) as usize];
    format!("{latitude:+.decimals$}{longitude:+.decimals$}")
}

fn radius(random: &mut SplitMix64) -> Radius {
    let km = match number(random, 8) {
        0 => "0".into(),
        1 => "20016".into(),
        2 => format!("{}", number(random, 20_017)),
        3 => format!("{}.5", number(random, 500)),
        4 => "1.112".into(),
        _ => format!("{}.{:03}", number(random, 60), number(random, 1000)),
    };
    Radius::parse_km_up_to(km.as_bytes(), Radius::MOST_NEAR_KM).expect("a radius")
}

/// Searches to the end; the IDs that were found.
fn find(store: &Store, circle: Circle, bound: usize, filter: Filter) -> Vec<String> {
    let (mut search, mut turn) = (Search::new(circle, bound, filter), Turn::default());
    while !store.search(&mut search, &mut turn) {}
    search.into_nearest().map(|found| id(&found.record())).collect()
}

fn id(record: &Record<'_>) -> String {
    String::from_utf8(record.client().to_vec()).expect("an ID")
}

/// What is to be found: everybody looked at.
fn brute_force(clients: &[Client], circle: Circle, bound: usize, counts: impl Fn(&Client) -> bool) -> Vec<&str> {
    let mut found: Vec<_> = clients
        .iter()
        .filter(|client| counts(client))
        .map(|(id, at, _)| (Position::parse(at.as_bytes()).expect("valid"), id.as_str()))
        .filter(|(at, _)| circle.contains(*at))
        .map(|(at, id)| (circle.haversine(at), id))
        .collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(other.1)));
    found.into_iter().take(bound).map(|(_, id)| id).collect()
}

/// Clients of which most are of one kind, in a store that files them, some of them from the start.
fn herd(random: &mut SplitMix64) -> (Store, Vec<Client>) {
    let (store, count) = (store(100_000, random.number()), [3, 40, 400][number(random, 3) as usize]);
    let kinds = [number(random, 7), number(random, 7)];
    let begun = number(random, 2) == 0;
    let mut clients = Vec::new();
    for index in 0..number(random, count) {
        if begun {
            store.index_step();
        }
        let at = place(kinds[usize::from(number(random, 4) == 0)], random);
        let (id, heard) =
            (format!("{}-{index}", ["truck", "t", "kiwi"][number(random, 3) as usize]), number(random, 100));
        // Moved once, so that not all are in the cell that they are filed under.
        learn(&store, &id, &place(kinds[0], random), "1", "+0.0");
        learn(&store, &id, &at, "100", &format!("+{heard}.0"));
        clients.push((id, at, 100 + heard));
    }
    for _ in 0..number(random, 4) {
        bury(&store, &format!("gone-{}", number(random, 9)), "5");
    }
    while number(random, 8) > 0 && !store.index_step() {}
    (store, clients)
}

fn compare(seed: u64) {
    let random = &mut SplitMix64::new(seed);
    let (store, clients) = herd(random);
    for _ in 0..4 {
        let center = match clients.first() {
            Some((_, at, _)) if number(random, 2) == 0 => at.clone(),
            _ => place(number(random, 7), random),
        };
        let center = Position::parse(center.as_bytes()).expect("valid");
        let (circle, bound) = (Circle::new(center, radius(random)), [0, 1, 2, 5, 20, 1000][number(random, 6) as usize]);
        let pattern = Pattern::parse([&b"*"[..], b"t*", b"truck-*", b"truck-1", b"none*"][number(random, 5) as usize])
            .expect("one");
        let since = [0, 130][number(random, 2) as usize];
        let except = clients.last().map(|(id, ..)| id.clone()).filter(|_| number(random, 2) == 0);
        let filter = Filter {
            pattern: pattern.clone(),
            heard_since: Some(Timestamp::from_nanos(i128::from(since) * 1_000_000_000)),
            except: except.as_ref().map(|id| id.as_bytes().into()),
            ..all()
        };
        let covers = |id: &String| pattern.covers(id.as_bytes());
        let counts = |(id, _, heard): &Client| covers(id) && *heard >= since && except.as_ref() != Some(id);
        let expected = brute_force(&clients, circle, bound, counts);
        assert_eq!(find(&store, circle, bound, filter.clone()), expected, "seed {seed}: {circle:?} {bound} {filter:?}");
        let gathered = gather(&store, Some(circle).filter(|_| number(random, 4) > 0), filter, random);
        let circle = Some(circle).filter(|_| gathered.1);
        let inside = |(_, at, _): &&Client| {
            circle.is_none_or(|circle| circle.contains(Position::parse(at.as_bytes()).expect("valid")))
        };
        let expected = clients.iter().filter(|client| counts(client)).filter(inside).map(|(id, ..)| id.clone());
        assert_eq!(gathered.0, expected.collect::<BTreeSet<_>>(), "seed {seed}");
    }
}

/// The clients that are gathered, and whether they are those of a circle. None comes twice, and of each it is known
/// whether it was met.
fn gather(store: &Store, circle: Option<Circle>, filter: Filter, random: &mut SplitMix64) -> (BTreeSet<String>, bool) {
    let (mut gather, mut met) = (Gather::new(store, circle, filter), BTreeSet::new());
    while let Some(shard) = gather.next_shard() {
        let shard = store.shard_numbered(shard);
        gather.step(&shard, Horizon::NONE, |hash, record| {
            assert!(store.hash(record.client()) == hash && met.insert(id(record)), "it comes once");
        });
        drop(shard);
        if number(random, 4) == 0 {
            for id in &met {
                assert!(gather.has_met(store, store.hash(id.as_bytes()), id.as_bytes()), "{id}");
            }
        }
    }
    (met, circle.is_some())
}

/// A search finds what one finds that looks at everybody, to the order.
/// `SETS=100000 cargo test -p herd --lib search::tests` compares that for as many sets of clients.
#[test]
#[expect(clippy::disallowed_methods, reason = "how much a test tries is set from outside")]
fn the_nearest_are_found() {
    let sets = std::env::var("SETS").ok().and_then(|sets| sets.parse().ok()).unwrap_or(1500);
    (0..sets).for_each(compare);
}

/// Clients of which some stay within a circle, and move there, while all others go in and out, come and go.
struct Crowd {
    store: Store,
    circle: Circle,
    random: SplitMix64,
    staying: u64,
    others: u64,
    time: u64,
}

impl Crowd {
    fn new(staying: u64, others: u64, is_filed: bool) -> Self {
        let center = Position::parse(b"+34.06893+179.99").expect("valid");
        let circle = Circle::new(center, Radius::parse_km_up_to(b"10", Radius::MOST_NEAR_KM).expect("a radius"));
        let mut crowd =
            Self { store: store(100_000, 1), circle, random: SplitMix64::new(staying), staying, others, time: 0 };
        (0..staying).for_each(|number| crowd.move_staying(number));
        (0..others).for_each(|number| crowd.move_other(number));
        while is_filed && !crowd.store.index_step() {}
        crowd
    }

    /// Somewhere within the circle, on either side of the 180th meridian: often too far away to be filed as it was.
    fn move_staying(&mut self, number: u64) {
        let north = 34.01 + number_of(&mut self.random, 0.12);
        let east = 179.92 + number_of(&mut self.random, 0.14);
        let east = if east > 180.0 { east - 360.0 } else { east };
        self.say(&format!("s-{number}"), north, east);
    }

    fn move_other(&mut self, number: u64) {
        let north = 33.9 + number_of(&mut self.random, 0.3);
        let east = 179.8 + number_of(&mut self.random, 0.19);
        self.say(&format!("o-{number}"), north, east);
    }

    fn say(&mut self, client: &str, north: f64, east: f64) {
        self.time += 1;
        learn(&self.store, client, &format!("{north:+.6}{east:+.6}"), &self.time.to_string(), "+0.0");
    }

    fn change(&mut self) {
        for _ in 0..50 {
            let (staying, other) = (number(&mut self.random, self.staying), number(&mut self.random, self.others));
            self.move_staying(staying);
            self.move_other(other);
        }
        self.time += 1;
        let gone = format!("o-{}", number(&mut self.random, self.others));
        bury(&self.store, &gone, &self.time.to_string());
    }

    fn stays(&self) -> BTreeSet<String> {
        (0..self.staying).map(|number| format!("s-{number}")).collect()
    }
}

/// A number from 0 to `most`.
fn number_of(random: &mut SplitMix64, most: f64) -> f64 {
    most * (random.number() % 1_000_001) as f64 / 1e6
}

/// How the circle is looked at: shard by shard, client by client where a shard has too many, or where not all are filed.
const CROWDS: [(u64, u64, bool); 3] = [(400, 500, true), (400, 60_000, true), (400, 2000, false)];

#[test]
fn whoever_stays_in_the_circle_is_found_while_all_move() {
    for (staying, others, is_filed) in CROWDS {
        let mut crowd = Crowd::new(staying, others, is_filed);
        let pattern = Pattern::parse(b"s-*").expect("one");
        let mut search = Search::new(crowd.circle, 1000, Filter { pattern, ..all() });
        let (mut steps, mut walked) = (0, false);
        while !matches!(search.phase, Phase::Over) {
            let work = search.step(&crowd.store, Horizon::NONE);
            assert!(work <= 4 * Search::MOST as u64, "{work} at once");
            walked |= matches!(search.phase, Phase::Walking(_));
            steps += 1;
            crowd.change();
        }
        assert!(steps >= SHARDS && walked == (others > 1000), "{steps}");
        let found: Vec<String> = search.into_nearest().map(|found| id(&found.record())).collect();
        assert_eq!(found.len(), 400, "each once");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), crowd.stays());
    }
}

#[test]
fn whoever_stays_in_the_circle_is_gathered_once_while_all_move() {
    for (staying, others, is_filed) in CROWDS {
        let mut crowd = Crowd::new(staying, others, is_filed);
        let mut gather = Gather::new(&crowd.store, Some(crowd.circle), all());
        let (mut met, mut steps) = (BTreeSet::new(), 0);
        while let Some(shard) = gather.next_shard() {
            let (circle, before) = (crowd.circle, met.clone());
            let mut is_new = true;
            let shard = crowd.store.shard_numbered(shard);
            gather.step(&shard, Horizon::NONE, |_, record| {
                let at = Position::of_valid(record.position().expect("a report")).expect("valid");
                is_new &= circle.contains(at) && met.insert(id(record));
            });
            drop(shard);
            assert!(is_new, "each is in the circle, and comes once");
            for stays in crowd.stays() {
                let has_met = gather.has_met(&crowd.store, crowd.store.hash(stays.as_bytes()), stays.as_bytes());
                assert_eq!(has_met, met.contains(&stays));
            }
            assert!(before.is_subset(&met));
            steps += 1;
            crowd.change();
        }
        assert!(steps >= SHARDS && crowd.stays().is_subset(&met), "{steps}");
    }
}

/// With a pattern of one client, that one alone is looked for, however many there are.
#[test]
fn one_client_is_looked_for_by_its_id() {
    let crowd = Crowd::new(1, 300, true);
    for (pattern, expected) in [("s-0", &["s-0"][..]), ("s-1", &[])] {
        let filter = Filter { pattern: pattern.parse().expect("one"), ..all() };
        assert_eq!(find(&crowd.store, crowd.circle, 5, filter.clone()), expected);
        let mut gather = Gather::new(&crowd.store, Some(crowd.circle), filter);
        let mut met = Vec::new();
        while let Some(shard) = gather.next_shard() {
            gather.step(&crowd.store.shard_numbered(shard), Horizon::NONE, |_, record| met.push(id(record)));
        }
        assert_eq!(met, expected);
    }
}
