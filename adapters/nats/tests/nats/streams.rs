//! What is there in JetStream already was made otherwise.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::kv;
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType};
use herd::Subject;
use herd_tests::nats::{Nats, NatsPlan};

use crate::support::{Member, Visitor};

/// What is changed of a stream's settings.
type Change = fn(&mut Config);

/// A NATS server with a stream of arrivals of these settings.
fn with_stream(change: impl FnOnce(&mut Config)) -> (Nats, Visitor) {
    let nats = NatsPlan::default().start();
    let visitor = Visitor::at(&nats);
    let subjects = vec!["herd.v1.arrivals.*".to_owned()];
    let mut config = Config { name: "herd-v1-arrivals".into(), subjects, ..Config::default() };
    change(&mut config);
    visitor.wait(visitor.jetstream().create_stream(config)).expect("a stream");
    (nats, visitor)
}

#[test]
fn what_harms_nobody_is_told_and_used() {
    let (nats, _) = with_stream(|config| {
        config.max_age = Duration::from_hours(1);
        config.storage = StorageType::Memory;
        config.max_bytes = 1 << 20;
    });
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    let wrong = us.wait_until_wrong("stream of other settings used: herd-v1-arrivals ");
    assert!(wrong.contains("3600s") && wrong.contains("Memory") && wrong.contains("1048576 bytes"), "{wrong}");
    us.say(Subject::Arrivals(0), "hello");
    us.wait_for_message("hello");
}

#[test]
fn what_would_lose_arrivals_is_refused() {
    let changes: [(Change, &str); 4] = [
        (|config| config.retention = RetentionPolicy::WorkQueue, "WorkQueue retention"),
        (|config| config.subjects = vec!["herd.v1.arrivals.1".into()], "subjects herd.v1.arrivals.1"),
        (|config| config.max_messages_per_subject = 1, "room for 1 messages of a subject"),
        (|config| config.no_ack = true, "no acknowledgments"),
    ];
    for (change, says) in changes {
        let (nats, visitor) = with_stream(change);
        let us = Member::start("Alford", "us", &[&nats]);
        us.wait_until_wrong(says);
        assert!(us.is_joined() && us.fence().is_none(), "{says}");
        // It is looked at again.
        visitor.wait(visitor.jetstream().delete_stream("herd-v1-arrivals")).expect("a stream");
        us.wait_until_bridge();
        assert!(us.bus.wrong().is_empty(), "{:?}", us.bus.wrong());
    }
}

#[test]
fn a_consumer_that_would_lose_arrivals_is_refused() {
    let (nats, visitor) = with_stream(|_| ());
    let stream = visitor.wait(visitor.jetstream().get_stream("herd-v1-arrivals")).expect("a stream");
    let config =
        pull::Config { durable_name: Some("us".into()), ack_policy: AckPolicy::None, ..pull::Config::default() };
    visitor.wait(stream.create_consumer(config)).expect("a consumer");
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_wrong("the policy None and not Explicit");
    visitor.wait(stream.delete_consumer("us")).expect("a consumer");
    us.say(Subject::Arrivals(0), "hello");
    us.wait_until_bridge();
    us.say(Subject::Arrivals(0), "hello again");
    us.wait_for_message("hello again");
}

#[test]
fn leases_last_as_long_as_the_bucket_says_within_reason() {
    let nats = NatsPlan::default().start();
    let visitor = Visitor::at(&nats);
    let bucket = |max_age| kv::Config { bucket: "herd-v1-leases".into(), max_age, history: 1, ..kv::Config::default() };
    visitor.wait(visitor.jetstream().create_key_value(bucket(Duration::ZERO))).expect("a bucket");
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_wrong("an age of 0ns for its entries");
    assert!(us.fence().is_none());
    visitor.wait(visitor.jetstream().delete_key_value("herd-v1-leases")).expect("a bucket");
    visitor.wait(visitor.jetstream().create_key_value(bucket(Duration::from_secs(2)))).expect("a bucket");
    let fence = us.wait_until_bridge();
    // It is renewed in time, so nobody else gets it.
    let other = Member::start("Ball", "us", &[&nats]);
    other.wait_until_joined();
    us.say(Subject::Arrivals(0), "hello");
    us.wait_for_message("hello");
    assert_eq!((us.fence(), other.fence()), (Some(fence), None));
}
