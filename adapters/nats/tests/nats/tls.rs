//! Connections within TLS.

use std::sync::Arc;

use herd::Herd;
use herd_nats::{NatsUrl, Settings};
use herd_tests::certs::{Authority, Certs};
use herd_tests::nats::{Nats, NatsPlan};

use crate::support::{Member, name};

/// A NATS server that speaks TLS alone, and wants a certificate of whoever comes.
fn start(certs: &Certs) -> Nats {
    let path = |name: &str| certs.path(name).display().to_string();
    let (cert, key, ca) = (path("nats.pem"), path("nats.key"), path("ca.pem"));
    let tls = format!("tls {{ cert_file: {cert:?}, key_file: {key:?}, ca_file: {ca:?}, verify: true }}");
    NatsPlan::default().with(&tls).start()
}

/// The settings of a server that believes those and shows this.
fn settings(nats: &Nats, believes: &Certs, shows: Option<&str>) -> Settings {
    let url = NatsUrl::new(&nats.url().replace("nats://", "tls://")).expect("a URL");
    let mut settings = Settings::new(name("us"), vec![url]);
    settings.ca = Some(believes.path("ca.pem"));
    let shows = shows.map(|shown| (believes.path(&format!("{shown}.pem")), believes.path(&format!("{shown}.key"))));
    settings.certificate = shows;
    settings
}

#[test]
fn both_ends_show_a_certificate() {
    let authority = Authority::new("ours");
    let certs = Certs::of(&authority, &["nats", "us"]);
    let nats = start(&certs);
    let us = Member::start_with("Alford", &Arc::new(Herd::classic()), settings(&nats, &certs, Some("us")));
    us.wait_until_bridge();
}

#[test]
fn what_is_wrong_with_a_certificate_is_told() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (certs, others) = (Certs::of(&ours, &["nats", "us"]), Certs::of(&theirs, &["us"]));
    let nats = start(&certs);
    let herd = Arc::new(Herd::classic());
    // Nobody that this server believes has signed NATS's.
    let us = Member::start_with("Alford", &herd, settings(&nats, &others, Some("us")));
    us.wait_until_wrong("UnknownIssuer");
    assert!(!us.is_joined());
    // This server shows none.
    let us = Member::start_with("Alford", &herd, settings(&nats, &certs, None));
    us.wait_until_wrong("NATS cannot be reached");
    assert!(!us.is_joined());
    // Nobody that NATS believes has signed this server's. It believes NATS.
    let mut shown = settings(&nats, &certs, None);
    shown.certificate = Some((others.path("us.pem"), others.path("us.key")));
    let us = Member::start_with("Alford", &herd, shown);
    us.wait_until_wrong("NATS cannot be reached");
    assert!(!us.is_joined());
}

#[test]
fn a_server_that_speaks_no_tls_is_not_spoken_with() {
    let authority = Authority::new("ours");
    let certs = Certs::of(&authority, &["us"]);
    let nats = NatsPlan::default().start();
    let us = Member::start_with("Alford", &Arc::new(Herd::classic()), settings(&nats, &certs, Some("us")));
    us.wait_until_wrong("NATS cannot be reached");
    assert!(!us.is_joined());
}
