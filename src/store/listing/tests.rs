//! Pages, taken while others come and go.

use std::collections::BTreeSet;

use super::super::store::tests::{bury, learn, store};
use super::*;
use crate::access::{Right, Rights};
use crate::values::Pattern;

fn filter(pattern: &str, rights: &str) -> Filter {
    let rights: Rights = [rights.parse::<Right>().expect("a right")].into_iter().collect();
    let pattern = pattern.parse().expect("a pattern");
    Filter { pattern, rights: rights.ask().clone(), heard_since: None, except: None }
}

/// The IDs of all pages of at most so many; `meanwhile` is called between two of them.
fn pages(
    store: &Store,
    most: usize,
    (pattern, rights): (&str, &str),
    mut meanwhile: impl FnMut(usize),
) -> Vec<Vec<u8>> {
    let (mut met, mut turn): (Vec<Vec<u8>>, _) = (Vec::new(), Turn::default());
    loop {
        let after = met.last().map(|client| &client[..]);
        let mut listing = store.listing(after, most, filter(pattern, rights));
        while !store.fill(&mut listing, &mut turn) {}
        let page = listing.into_page();
        assert!(page.records.len() <= most && (page.records.len() == most || !page.has_more), "{}", page.records.len());
        met.extend(page.records.iter().map(|record| record.record().client().to_vec()));
        if !page.has_more {
            return met;
        }
        meanwhile(met.len());
    }
}

#[test]
fn whoever_stays_is_met_once_whatever_the_size_of_a_page() {
    let store = store(10_000, 1);
    for number in 0..3000 {
        learn(&store, &format!("truck-{number}"), "+1+1", "1", "+1.0");
    }
    for number in 0..300 {
        bury(&store, &format!("truck-{number}"), "2");
    }
    for most in [1, 7, 256, 1000, 5000] {
        let met = pages(&store, most, ("*", "ask:*"), |met| {
            learn(&store, &format!("new-{met}"), "+1+1", "1", "+1.0");
            bury(&store, &format!("truck-{}", 300 + most % 7), "2");
        });
        let different: BTreeSet<_> = met.iter().collect();
        assert_eq!(different.len(), met.len(), "nobody comes twice");
        for number in 310..3000 {
            assert!(different.contains(&format!("truck-{number}").into_bytes()), "{number} of pages of {most}");
        }
        assert!(!different.contains(&b"truck-5".to_vec()), "who was forgotten is told of no more");
    }
}

#[test]
fn only_who_is_asked_for_and_may_be_told() {
    let store = store(10_000, 1);
    for client in ["truck-1", "truck-2", "ship-1", "ship-2"] {
        learn(&store, client, "+1+1", "1", "+1.0");
    }
    let met = |pattern: &str, rights: &str| {
        let met: BTreeSet<_> = pages(&store, 1, (pattern, rights), |_| ()).into_iter().collect();
        met.into_iter().map(|client| String::from_utf8(client).expect("text")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(met("truck-*", "ask:*"), "truck-1 truck-2");
    assert_eq!(met("*", "ask:ship-*"), "ship-1 ship-2");
    assert_eq!(met("truck-1", "ask:*"), "truck-1");
    assert_eq!((met("truck-1", "ask:ship-*"), met("plane", "ask:*")), (String::new(), String::new()));
    assert!(Pattern::any().is_any() && met("truck-*", "ask:truck-2") == "truck-2");
}
