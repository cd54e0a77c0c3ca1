//! One server of a region is its bridge, and another one when that is not there any more.

use std::sync::Arc;

use herd::{Herd, Subject};
use herd_nats::Phase;
use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;

use crate::support::{Heard, Member, Visitor, herd, settings};

#[test]
fn one_of_a_region_is_the_bridge() {
    let nats = NatsPlan::default().start();
    let us = ["Alford", "Ball", "Hamilton"].map(|server| Member::start(server, "us", &[&nats]));
    let eu = Member::start("Alford", "eu", &[&nats]);
    eu.wait_until_bridge();
    us.iter().for_each(Member::wait_until_joined);
    let first = wait_for("a bridge", || us.iter().position(|server| server.fence().is_some()));
    assert_eq!(us.iter().filter(|server| server.fence().is_some()).count(), 1);
    assert_eq!(us[first].bus.status().bridge, us[first].fence());
    // It goes in order, and somebody else need not wait until its lease does.
    let (fence, mut us) = (us[first].fence().expect("the bridge"), Vec::from(us));
    us.remove(first).stop();
    let second = wait_for("another bridge", || us.iter().find_map(Member::fence));
    assert!(second > fence, "{second} is no higher than {fence}");
    assert_eq!(us.iter().filter(|server| server.fence().is_some()).count(), 1);
}

#[test]
fn a_server_that_stops_is_no_bridge_before_it_is_gone() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    us.advance(Phase::Stopping);
    us.wait_for("the bridge to be given up", |heard| (*heard == Heard::Bridge(None)).then_some(()));
    // It still hears and says everything else.
    assert!(us.is_joined());
    us.say(Subject::Everybody, "bye");
    us.wait_for_message("bye");
}

#[test]
fn whoever_cannot_renew_is_no_bridge_any_more() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    let fence = us.wait_until_bridge();
    // Somebody writes over the lease.
    let visitor = Visitor::at(&nats);
    let bucket = visitor.wait(visitor.jetstream().get_key_value("herd-v1-leases")).expect("a bucket");
    let claim = visitor.wait(bucket.get("us")).expect("a connection").expect("a lease");
    assert!(String::from_utf8_lossy(&claim).contains("Alford"), "{claim:?}");
    let other = String::from_utf8_lossy(&claim).replacen("Alford", "Welsh", 1).replace("12880", "12884");
    visitor.wait(bucket.put("us", other.into())).expect("a connection");
    us.wait_for("the bridge to be given up", |heard| (*heard == Heard::Bridge(None)).then_some(()));
    // That one does not renew it, so it goes.
    let again = us.wait_until_bridge();
    assert!(again > fence, "{again} is no higher than {fence}");
    assert!(us.is_joined() && us.bus.wrong().is_empty(), "{:?}", us.bus.wrong());
}

#[test]
fn fencing_numbers_rise_also_where_the_bucket_was_made_anew() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    let fence = us.wait_until_bridge();
    let visitor = Visitor::at(&nats);
    visitor.wait(visitor.jetstream().delete_key_value("herd-v1-leases")).expect("a bucket");
    us.wait_for("the bridge to be given up", |heard| (*heard == Heard::Bridge(None)).then_some(()));
    let again = us.wait_until_bridge();
    assert!(again > fence, "{again} is no higher than {fence}");
}

#[test]
fn another_region_of_the_same_name_stays_away() {
    let nats = NatsPlan::default().start();
    let first = Member::start("Alford", "us", &[&nats]);
    first.wait_until_bridge();
    let other = Member::start_with("Zoe", &herd(&["Zoe", "Yves"]), settings("us", &[&nats]));
    let wrong = other.wait_until_wrong("calls its region us too");
    assert!(wrong.contains("of Alford at 127.0.0.1:12880"), "{wrong}");
    assert!(!other.is_joined() && other.fence().is_none());
    // It is not among those who are asked.
    for number in 0..20 {
        Visitor::at(&nats).publish("herd.v1.ask.us", Some("herd.v1.reply.eu.1.1"), format!("q{number}").as_bytes());
        first.wait_for_message(&format!("q{number}"));
    }
    // As soon as there is only one, that one takes part.
    first.stop();
    other.wait_until_bridge();
    assert!(other.is_joined() && other.bus.wrong().is_empty(), "{:?}", other.bus.wrong());
}

#[test]
fn a_copy_of_a_herd_at_other_addresses_is_another_one() {
    let nats = NatsPlan::default().start();
    let first = Member::start_with("Zoe", &herd(&["Zoe", "Yves"]), settings("us", &[&nats]));
    first.wait_until_bridge();
    // Yves and Zoe are there the other way round.
    let copy = Member::start_with("Yves", &herd(&["Yves", "Zoe"]), settings("us", &[&nats]));
    copy.wait_until_wrong("calls its region us too");
}

#[test]
fn a_herd_that_grows_is_one_herd() {
    let nats = NatsPlan::default().start();
    let new = Member::start_with("Xaver", &herd(&["Zoe", "Yves", "Xaver"]), settings("us", &[&nats]));
    new.wait_until_bridge();
    // Its list does not have the new one yet.
    let old = Member::start_with("Yves", &herd(&["Zoe", "Yves"]), settings("us", &[&nats]));
    old.wait_until_joined();
    assert!(old.bus.wrong().is_empty() && old.fence().is_none(), "{:?}", old.bus.wrong());
    new.stop();
    old.wait_until_bridge();
}

#[test]
fn a_server_that_comes_back_need_not_wait_for_its_own_lease() {
    let nats = NatsPlan::default().start();
    let herd = Arc::new(Herd::classic());
    let us = Member::start_with("Alford", &herd, settings("us", &[&nats]));
    let fence = us.wait_until_bridge();
    let visitor = Visitor::at(&nats);
    let bucket = visitor.wait(visitor.jetstream().get_key_value("herd-v1-leases")).expect("a bucket");
    let claim = visitor.wait(bucket.get("us")).expect("a connection").expect("a lease");
    us.stop();
    // As if it had crashed.
    visitor.wait(bucket.put("us", claim)).expect("a connection");
    let us = Member::start_with("Alford", &herd, settings("us", &[&nats]));
    assert!(us.wait_until_bridge() > fence);
}
