//! NATS is not there, goes, comes back, or lacks something.

use std::sync::Arc;

use herd::{Herd, Post, QuestionId, Subject};
use herd_nats::NatsUrl;
use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
use herd_tests::process::Signal;

use crate::support::{Heard, Member, Visitor, name, settings};

fn wait_until_cut_off(server: &Member) {
    wait_for("a server to be cut off", || (!server.is_joined()).then_some(()));
}

#[test]
fn it_is_killed_and_started_again() {
    let mut nats = NatsPlan::default().start();
    let [us, eu] = ["us", "eu"].map(|region| Member::start("Alford", region, &[&nats]));
    let fence = us.wait_until_bridge();
    eu.wait_until_bridge();
    us.say(Subject::Arrivals(0), "before");
    eu.wait_for_message("before");
    nats.kill();
    wait_until_cut_off(&us);
    us.wait_until_wrong("NATS cannot be reached");
    assert!(us.fence().is_none() && us.bus.status().nats.is_none());
    us.say(Subject::Arrivals(0), "meanwhile");
    wait_for("that to be dropped", || (us.bus.status().dropped > 0).then_some(()));
    nats.start();
    us.wait_until_joined();
    assert!(us.wait_until_bridge() > fence);
    assert_eq!((us.bus.status().nats.as_deref(), us.bus.wrong().len()), (Some("n1"), 0));
    eu.wait_until_bridge();
    us.say(Subject::Arrivals(0), "after");
    eu.wait_for_message("after");
    us.say(Subject::Everybody, "here I am");
    eu.wait_for_message("here I am");
    assert_eq!(eu.times("meanwhile"), 0);
}

#[test]
fn it_is_not_there_yet() {
    let nowhere = free_address();
    let mut wanted = settings("us", &[]);
    wanted.nats.push(NatsUrl::new(&format!("nats://{nowhere}")).expect("a URL"));
    let herd = Arc::new(Herd::classic());
    let us = Member::start_with("Alford", &herd, wanted);
    let wrong = us.wait_until_wrong("NATS cannot be reached");
    assert!(wrong.contains(&nowhere.to_string()) && wrong.contains("refused"), "{wrong}");
    assert!(!us.is_joined());
    // Whoever asks all the same is not kept waiting.
    us.post(Post { to: Subject::Ask(name("eu")), payload: "where?".into(), question: Some(QuestionId(1)) });
    wait_for("that to be dropped", || (us.bus.status().dropped == 1).then_some(()));
    us.stop();
}

#[test]
fn it_does_not_answer() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    nats.signal(Signal::STOP);
    us.wait_for("the bridge to be given up", |heard| (*heard == Heard::Bridge(None)).then_some(()));
    wait_until_cut_off(&us);
    nats.signal(Signal::CONT);
    us.wait_until_bridge();
    assert!(us.is_joined());
}

#[test]
fn one_of_three_is_killed() {
    let mut cluster = NatsPlan::default().start_three();
    let wanted = |region| {
        let mut wanted = settings(region, &cluster.iter().collect::<Vec<_>>());
        wanted.replicas = 3;
        wanted
    };
    let herd = Arc::new(Herd::classic());
    let [us, eu] = ["us", "eu"].map(|region| Member::start_with("Alford", &herd, wanted(region)));
    us.wait_until_bridge();
    eu.wait_until_bridge();
    let stream = Visitor::at(&cluster[0]).stream("herd-v1-arrivals").expect("a stream");
    assert_eq!(stream.num_replicas, 3);
    let of = us.bus.status().nats.expect("a connection");
    let killed = cluster.iter().position(|nats| nats.name() == of).expect("one of the three");
    us.say(Subject::Arrivals(1), "before");
    eu.wait_for_message("before");
    cluster[killed].kill();
    wait_for("another server", || us.bus.status().nats.filter(|now| *now != of));
    us.wait_until_bridge();
    eu.wait_until_bridge();
    // What was said while there was no leader is for the node to say again.
    let mut number = 0;
    wait_for("arrivals to arrive again", || {
        number += 1;
        us.say(Subject::Arrivals(1), &format!("after {number}"));
        eu.heard()
            .iter()
            .any(|heard| matches!(heard, Heard::Message(_, text) if text.starts_with("after")))
            .then_some(())
    });
    cluster[killed].start();
}

#[test]
fn it_is_about_to_stop() {
    let cluster = NatsPlan::default().start_three();
    let mut wanted = settings("us", &cluster.iter().collect::<Vec<_>>());
    wanted.replicas = 3;
    let us = Member::start_with("Alford", &Arc::new(Herd::classic()), wanted);
    us.wait_until_bridge();
    let of = us.bus.status().nats.expect("a connection");
    // The signal for that which nats-server takes.
    cluster.iter().find(|nats| nats.name() == of).expect("one of the three").signal(Signal::USR2);
    wait_for("another server", || us.bus.status().nats.filter(|now| *now != of));
    us.wait_until_bridge();
}

#[test]
fn it_has_no_jetstream() {
    let nats = NatsPlan::default().without_jetstream().start();
    let [us, eu] = ["us", "eu"].map(|region| Member::start("Alford", region, &[&nats]));
    us.wait_until_joined();
    eu.wait_until_joined();
    us.wait_until_wrong("JetStream cannot be used: it is not enabled");
    us.post(Post { to: Subject::Ask(name("eu")), payload: "where?".into(), question: Some(QuestionId(1)) });
    eu.wait_for_message("where?");
    assert!(us.fence().is_none() && eu.fence().is_none());
}

#[test]
fn arrivals_that_are_not_taken_are_told() {
    let nats = NatsPlan::default().start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_bridge();
    let visitor = Visitor::at(&nats);
    visitor.wait(visitor.jetstream().delete_stream("herd-v1-arrivals")).expect("a stream");
    us.say(Subject::Arrivals(0), "lost");
    wait_for("the node to know that it has to compare", || {
        let heard = us.heard();
        let lost = heard.iter().position(|heard| *heard == Heard::Bus(false))?;
        heard[lost..].contains(&Heard::Bus(true)).then_some(())
    });
    assert_eq!(us.bus.status().failed, 1);
    // The stream is made anew, and all goes on.
    wait_for("a stream", || visitor.stream("herd-v1-arrivals"));
    us.wait_until_bridge();
    us.say(Subject::Arrivals(0), "not lost");
    us.wait_for_message("not lost");
    wait_for("nothing to be wrong", || us.bus.wrong().is_empty().then_some(()));
}

#[test]
fn a_server_that_takes_no_long_messages_is_told() {
    let nats = NatsPlan::default().with("max_payload: 4096").start();
    let us = Member::start("Alford", "us", &[&nats]);
    us.wait_until_joined();
    us.wait_until_wrong("NATS refuses long messages: its max_payload is 4096 bytes");
    us.say(Subject::Everybody, &"x".repeat(5000));
    us.say(Subject::Everybody, "short");
    us.wait_for_message("short");
    assert_eq!((us.bus.status().dropped, us.times(&"x".repeat(5000))), (1, 0));
}
