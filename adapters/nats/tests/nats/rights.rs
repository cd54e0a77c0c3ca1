//! What a region has to be allowed, as docs/regions.md lists it: that is enough, and no less is.

use std::sync::Arc;

use async_nats::ConnectOptions;
use herd::{Delivery, Herd, Post, QuestionId, Subject};
use herd_nats::Login;
use herd_tests::nats::{Nats, NatsPlan};
use herd_tests::patience::wait_for;
use tempfile::NamedTempFile;

use crate::support::{Member, Visitor, name, settings};

const REGIONS: &str = include_str!("../../../../docs/regions.md");

/// The rights that the document lists for the region `us`: what it may publish, and what it may subscribe to.
pub(crate) fn listed() -> (Vec<&'static str>, Vec<&'static str>) {
    let block = REGIONS.split("```").find(|block| block.contains("$JS.API")).expect("a list of rights");
    let (publish, subscribe) = block.split_once("subscribe:").expect("two lists");
    let subjects = |text: &'static str| text.split('"').skip(1).step_by(2).collect::<Vec<_>>();
    (subjects(publish), subjects(subscribe))
}

/// A NATS server that lets `us` do that, and `eu` and an administrator everything.
fn start(publish: &[&str], subscribe: &[&str]) -> Nats {
    let permissions = format!("publish: {{ allow: {publish:?} }}, subscribe: {{ allow: {subscribe:?} }}");
    NatsPlan::default()
        .with(&format!(
            "authorization {{ users: [ {{ user: us, password: hush, permissions: {{ {permissions} }} }}, \
             {{ user: eu, password: hush }}, {{ user: admin, password: hush }} ] }}"
        ))
        .start()
}

fn visit(nats: &Nats) -> Visitor {
    Visitor::with(nats, ConnectOptions::with_user_and_password("admin".into(), "hush".into()))
}

/// A file of the password, and a server of a region that logs in by it.
fn log_in(region: &str, nats: &Nats) -> (NamedTempFile, Member) {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(&file, "hush\n").expect("a file");
    let mut settings = settings(region, &[nats]);
    settings.login = Some(Login::Password { user: region.into(), file: file.path().into() });
    (file, Member::start_with("Alford", &Arc::new(Herd::classic()), settings))
}

#[test]
fn what_is_listed_is_enough() {
    let (publish, subscribe) = listed();
    let nats = start(&publish, &subscribe);
    let ((_us, us), (_eu, eu)) = (log_in("us", &nats), log_in("eu", &nats));
    us.wait_until_bridge();
    eu.wait_until_bridge();
    for (from, to, region) in [(&us, &eu, "eu"), (&eu, &us, "us")] {
        from.say(Subject::Arrivals(3), &format!("arrival for {region}"));
        to.wait_for_message(&format!("arrival for {region}"));
        from.say(Subject::Everybody, &format!("all but {region}"));
        to.wait_for_message(&format!("all but {region}"));
        let payload = format!("where, {region}?").into();
        from.post(Post { to: Subject::Ask(name(region)), payload, question: Some(QuestionId(1)) });
        let by = to.wait_for_message(&format!("where, {region}?"));
        let Delivery::Asked(asker) = by else { panic!("{by:?}") };
        to.say(Subject::Reply(asker), &format!("here in {region}"));
        from.wait_for_message(&format!("here in {region}"));
    }
    for server in [us, eu] {
        assert!(server.bus.wrong().is_empty(), "{:?}", server.bus.wrong());
        server.stop();
    }
    // It gave back its lease.
    let bucket = visit(&nats);
    let bucket = bucket.wait(bucket.jetstream().get_key_value("herd-v1-leases")).expect("a bucket");
    assert!(visit(&nats).wait(bucket.get("us")).expect("a connection").is_none());
}

#[test]
fn a_right_that_is_missing_is_told() {
    let (publish, subscribe) = listed();
    for missing in &publish {
        let rest: Vec<&str> = publish.iter().copied().filter(|subject| subject != missing).collect();
        let nats = start(&rest, &subscribe);
        let (_file, us) = log_in("us", &nats);
        us.wait_until_joined();
        us.say(Subject::Everybody, "here");
        us.say(Subject::Ask(name("eu")), "where?");
        visit(&nats).publish("herd.v1.ask.us", Some("herd.v1.reply.eu.1.1"), b"question");
        let Delivery::Asked(asker) = us.wait_for_message("question") else { panic!("no question") };
        us.say(Subject::Reply(asker), "answer");
        let begin = missing.trim_end_matches(['>', '*', '.']);
        wait_for(&format!("a server to say {begin:?}"), || {
            // Before there is a stream nothing comes of that.
            us.say(Subject::Arrivals(0), "arrival");
            us.bus.wrong().iter().any(|wrong| wrong.contains(begin)).then_some(())
        });
    }
    for missing in &subscribe {
        let rest: Vec<&str> = subscribe.iter().copied().filter(|subject| subject != missing).collect();
        let nats = start(&publish, &rest);
        let (_file, us) = log_in("us", &nats);
        us.wait_until_wrong(missing.trim_end_matches(['>', '*', '.']));
    }
}

#[test]
fn what_is_made_by_somebody_else_needs_no_right_to_make_it() {
    let (publish, subscribe) = listed();
    let nats = start(&publish, &subscribe);
    let (_file, us) = log_in("us", &nats);
    us.wait_until_bridge();
    us.stop();
    let rest: Vec<&str> = publish.iter().copied().filter(|subject| !subject.contains("CREATE")).collect();
    assert_eq!(rest.len(), publish.len() - 3);
    let mut nats = nats;
    nats.kill();
    nats.change(&format!("{publish:?}"), &format!("{rest:?}"));
    nats.start();
    let (_file, us) = log_in("us", &nats);
    us.wait_until_bridge();
    us.say(Subject::Arrivals(0), "hello");
    us.wait_for_message("hello");
    assert!(us.bus.wrong().is_empty(), "{:?}", us.bus.wrong());
}

#[test]
fn a_wrong_password_is_told_and_the_right_one_is_read_when_it_is_there() {
    let nats = start(&[">"], &[">"]);
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(&file, "wrong-guess\n").expect("a file");
    let mut settings = settings("us", &[&nats]);
    settings.login = Some(Login::Password { user: "us".into(), file: file.path().into() });
    let us = Member::start_with("Alford", &Arc::new(Herd::classic()), settings);
    let wrong = us.wait_until_wrong("NATS cannot be reached");
    assert!(wrong.to_lowercase().contains("authorization violation") && !wrong.contains("wrong-guess"), "{wrong}");
    std::fs::write(&file, "hush\n").expect("a file");
    us.wait_until_bridge();
}
