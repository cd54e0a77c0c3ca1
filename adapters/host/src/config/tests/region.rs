//! Which region a herd is, and how it reaches the others.

use std::path::PathBuf;
use std::time::Duration;

use herd_nats::{Login, Settings as Region};

use super::{Folder, ONE};
use crate::config::Warning;

/// What there is to name in a file: a password, a certificate and its key, an authority.
pub(super) fn folder(region: &str) -> Folder {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["us".into()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    Folder::new()
        .with("herd.toml", format!("{ONE}{region}"))
        .with("us.password", "hush\n")
        .with("nats-ca.pem", certificate.pem())
        .with("us.pem", certificate.pem())
        .with("us.key", key.serialize_pem())
}

fn region(text: &str) -> Region {
    folder(text).find(&[], &[]).expect(text).region.expect("a region")
}

const US: &str = "[region]\nname = \"us\"\nnats = [\"nats://127.0.0.1:4222\", \"tls://[::1]:4223\"]\n";

#[test]
fn a_name_and_nats_are_enough() {
    assert!(Folder::new().with("herd.toml", ONE).find(&[], &[]).expect("settings").region.is_none());
    let us = region(US);
    assert_eq!((us.region.as_str(), us.prefix.as_str(), us.replicas), ("us", "herd", 1));
    assert_eq!(
        us.nats.iter().map(herd_nats::NatsUrl::as_str).collect::<Vec<_>>(),
        ["nats://127.0.0.1:4222", "tls://[::1]:4223"]
    );
    assert!(us.login.is_none() && us.ca.is_none() && us.certificate.is_none());
}

#[test]
fn all_of_it() {
    let text = format!(
        "{US}prefix = \"test\"\nreplicas = 3\ntimeout = \"250ms\"\nguests = \"1MiB\"\nuser = \"us\"\npassword-file = \"us.password\"\nca = \"us.pem\"\n\
         certificate = \"us.pem\"\nkey = \"us.key\"\n"
    );
    let folder = folder(&text);
    let settings = folder.find(&[], &[]).expect("settings");
    assert_eq!(settings.limits.region_timeout, Duration::from_millis(250));
    assert_eq!(settings.limits.region_guests, 1 << 20);
    let us = settings.region.expect("a region");
    assert_eq!((us.prefix.as_str(), us.replicas), ("test", 3));
    assert_eq!(us.login, Some(Login::Password { user: "us".into(), file: folder.path("us.password") }));
    assert_eq!(
        (us.ca, us.certificate),
        (Some(folder.path("us.pem")), Some((folder.path("us.pem"), folder.path("us.key"))))
    );
    // Both may be read by everybody.
    let open: Vec<PathBuf> = settings
        .warnings
        .into_iter()
        .map(|warning| match warning {
            Warning::OpenToOthers { file, .. } => file,
            Warning::UnknownVariable { name, .. } => panic!("{name}"),
        })
        .collect();
    assert_eq!(open, [folder.path("us.password"), folder.path("us.key")]);
}

#[test]
fn what_is_wrong_with_it_is_told() {
    for (text, told) in [
        ("[region]\nnats = [\"nats://a:1\"]\n", "herd.toml:4:1: [region] has no name"),
        ("[region]\nname = \"us\"\n", "herd.toml:4:1: [region] has no nats"),
        ("[region]\nname = \"u.s\"\nnats = [\"nats://a:1\"]\n", "herd.toml:5:8: name: expected 1 to 64 letters"),
        ("[region]\nname = \"us\"\nnats = [\"a:1\"]\n", "herd.toml:6:9: nats: not the URL of a NATS server"),
        ("[region]\nname = \"us\"\nnats = [\"nats://me:hush@a:1\"]\n", "a user or token in it would show in logs"),
        (&format!("{US}prefix = \">\"\n"), "prefix: expected 1 to 64 letters"),
        (&format!("{US}timeout = 0\n"), "region-timeout must be more than 0"),
        (&format!("{US}replicas = 6\n"), "replicas: expected a number from 1 to 5, found \"6\""),
        (&format!("{US}user = \"us\"\n"), "logs in with credentials-file, or with user and password-file"),
        (&format!("{US}user = \"us\"\npassword-file = \"none\"\n"), "none: cannot be read"),
        (&format!("{US}credentials-file = \"us.password\"\n"), "us.password: no user JWT in it"),
        (&format!("{US}credentials-file = \"us.password\"\nuser = \"us\"\n"), "not with parts of both"),
        (&format!("{US}ca = \"us.password\"\n"), "no certificate in PEM form"),
        (&format!("{US}certificate = \"us.pem\"\n"), "needs a certificate and its key"),
        (&format!("{US}certificate = \"us.pem\"\nkey = \"us.pem\"\n"), "no private key in PEM form"),
        (&format!("{US}secret = \"x\"\n"), "unknown key \"secret\" in [region]"),
    ] {
        let fault = folder(text).fault(&[], &[]);
        assert!(fault.contains(told) && !fault.contains("hush"), "{text}: {fault}");
    }
}
