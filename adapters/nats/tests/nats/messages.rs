//! What is said arrives where it should, and nowhere else.

use std::time::Duration;

use async_nats::jetstream::consumer::AckPolicy;
use async_nats::jetstream::stream::{RetentionPolicy, StorageType};
use herd::{Delivery, Post, QuestionId, Subject};
use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;

use crate::support::{Heard, Member, Visitor, name};

fn question(region: &str, text: &str, id: u64) -> Post {
    Post { to: Subject::Ask(name(region)), payload: text.to_owned().into(), question: Some(QuestionId(id)) }
}

#[test]
fn one_server_of_a_region_is_asked_and_whoever_asked_is_answered() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    let eu = [Member::start("Alford", "eu", &[&nats]), Member::start("Ball", "eu", &[&nats])];
    us.wait_until_joined();
    eu.iter().for_each(Member::wait_until_joined);
    us.post(question("eu", "where?", 7));
    let asked = wait_for("somebody to be asked", || {
        eu.iter().find_map(|server| {
            server.heard().into_iter().find_map(|heard| match heard {
                Heard::Message(Delivery::Asked(to), text) if text == "where?" => Some((server, to)),
                _ => None,
            })
        })
    });
    let (server, to) = asked;
    for answer in ["here", "and here"] {
        server.say(Subject::Reply(to.clone()), answer);
        assert_eq!(us.wait_for_message(answer), Delivery::Answered(QuestionId(7), None));
    }
    assert_eq!(eu.iter().map(|server| server.times("where?")).sum::<usize>(), 1);
    assert_eq!(us.times("where?"), 0);
}

#[test]
fn everybody_is_told() {
    let nats = NatsPlan::default().start();
    let all = [("Alford", "us"), ("Ball", "us"), ("Alford", "eu")]
        .map(|(server, region)| Member::start(server, region, &[&nats]));
    all.iter().for_each(Member::wait_until_joined);
    // Nothing says when the last of them has subscribed, so it is said until all have heard it.
    wait_for("everybody to be told", || {
        all[0].say(Subject::Everybody, "here I am");
        all.iter().all(|server| server.times("here I am") > 0).then_some(())
    });
    for server in &all {
        assert_eq!(server.wait_for_message("here I am"), Delivery::Everybody);
    }
}

#[test]
fn arrivals_come_to_the_bridge_of_each_region() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    let texts: Vec<String> = (0..500).map(|number| format!("arrival {number}")).collect();
    for (text, part) in texts.iter().zip((0..8).cycle()) {
        us.say(Subject::Arrivals(part), text);
    }
    // It comes later, and hears all of it.
    let eu = Member::start("Alford", "eu", &[&nats]);
    eu.wait_until_bridge();
    for text in &texts {
        assert_eq!(eu.wait_for_message(text), Delivery::Arrivals);
    }
    let lag = |server: &Member| server.bus.status().lag;
    wait_for("nothing to be left", || (lag(&eu) == Some(0) && lag(&us) == Some(0)).then_some(()));
    wait_for("all to be counted", || (us.bus.status().sent == 500).then_some(()));
    // Whoever is the bridge next hears none of it again.
    eu.stop();
    let eu = Member::start("Ball", "eu", &[&nats]);
    eu.wait_until_bridge();
    us.say(Subject::Arrivals(0), "one more");
    assert_eq!(eu.wait_for_message("one more"), Delivery::Arrivals);
    assert!(!texts.iter().any(|text| eu.times(text) > 0));
}

#[test]
fn what_is_made_in_jetstream() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    let visitor = Visitor::at(&nats);
    let stream = visitor.stream("herd-v1-arrivals").expect("a stream");
    assert_eq!(
        (&stream.subjects[..], stream.retention),
        (&["herd.v1.arrivals.*".to_owned()][..], RetentionPolicy::Limits)
    );
    assert_eq!((stream.storage, stream.max_age), (StorageType::File, Duration::from_hours(24)));
    assert_eq!(visitor.stream("KV_herd-v1-leases").expect("a bucket").max_age, Duration::from_secs(5));
    let consumer = wait_for("a consumer", || {
        let stream = visitor.wait(visitor.jetstream().get_stream("herd-v1-arrivals")).ok()?;
        visitor.wait(stream.consumer_info("us")).ok()
    });
    assert_eq!(
        (consumer.config.durable_name.as_deref(), consumer.config.ack_policy),
        (Some("us"), AckPolicy::Explicit)
    );
}

#[test]
fn garbage_is_counted_and_hurts_nobody() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    let visitor = Visitor::at(&nats);
    // A question that wants no answer, or has it go where no region listens.
    visitor.publish("herd.v1.ask.us", None, b"nobody");
    visitor.publish("herd.v1.ask.us", Some("$JS.API.STREAM.DELETE.herd-v1-arrivals"), b"elsewhere");
    visitor.publish("herd.v1.ask.us", Some("herd.v1.reply.us.1.>"), b"everywhere");
    wait_for("these to be dropped", || (us.bus.status().dropped == 3).then_some(()));
    // Another prefix is another world.
    visitor.publish("other.v1.here.eu", None, b"other");
    visitor.publish("herd.v2.here.eu", None, b"later");
    // What is in a payload is the node's to judge.
    visitor.publish("herd.v1.here.eu", None, b"\xff\x00");
    visitor.publish("herd.v1.arrivals.99", None, b"");
    visitor.publish("herd.v1.here.eu", None, b"end");
    assert_eq!(us.wait_for_message("end"), Delivery::Everybody);
    assert_eq!((us.times("\u{fffd}\0"), us.times("other"), us.times("later")), (1, 0, 0));
    assert_eq!(us.wait_for_message(""), Delivery::Arrivals);
    assert!(["nobody", "elsewhere", "everywhere"].iter().all(|text| us.times(text) == 0));
}

#[test]
fn a_question_that_nobody_hears_ends_at_once() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_joined();
    us.post(question("nowhere", "where?", 1));
    us.wait_for("NATS to say that nobody listens", |heard| (*heard == Heard::Unheard(QuestionId(1))).then_some(()));
    assert!(!us.heard().iter().any(|heard| matches!(heard, Heard::Message(..))));
}
