//! Credentials files: JWTs of users of an account of an operator.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use herd::Herd;
use herd_nats::Login;
use herd_tests::nats::{Nats, NatsPlan};
use herd_tests::patience::wait_for;
use nkeys::KeyPair;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::rights::listed;
use crate::support::{Member, settings};

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

/// What `issuer` says of `subject`, signed.
fn jwt(issuer: &KeyPair, subject: &KeyPair, expires: Option<u64>, claims: &Value) -> String {
    let mut all = json!({ "jti": "1", "iat": now() - 100, "iss": issuer.public_key(), "name": "test",
        "sub": subject.public_key(), "nats": claims });
    if let Some(expires) = expires {
        all["exp"] = expires.into();
    }
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let head = encode(br#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let signed = format!("{head}.{}", encode(all.to_string().as_bytes()));
    let signature = issuer.sign(signed.as_bytes()).expect("a key with a seed");
    format!("{signed}.{}", encode(&signature))
}

/// A NATS server that believes the users of one account, and the key of that.
fn start() -> (Nats, KeyPair) {
    let (operator, account, system) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let of_account = |key: &KeyPair, storage: i64| {
        let limits = json!({ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
            "conn": -1, "leaf": -1, "mem_storage": storage, "disk_storage": storage, "streams": storage,
            "consumer": storage });
        let claims = json!({ "type": "account", "version": 2, "limits": limits });
        format!("{}: \"{}\"", key.public_key(), jwt(&operator, key, None, &claims))
    };
    let trusted = jwt(&operator, &operator, None, &json!({ "type": "operator", "version": 2 }));
    let config = format!(
        "operator: \"{trusted}\"\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n{}\n{}\n}}",
        system.public_key(),
        of_account(&account, -1),
        of_account(&system, 0),
    );
    (NatsPlan::default().with(&config).start(), account)
}

/// A new credentials file's text, of a user who may publish and subscribe to that.
fn credentials(account: &KeyPair, expires: Option<u64>, publish: &[&str], subscribe: &[&str]) -> String {
    let user = KeyPair::new_user();
    let claims = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
        "pub": { "allow": publish }, "sub": { "allow": subscribe } });
    let jwt = jwt(account, &user, expires, &claims);
    let seed = user.seed().expect("a seed");
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

/// A server that logs in by a file with that text, and the file.
fn log_in(nats: &Nats, text: &str) -> (NamedTempFile, Member) {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(&file, text).expect("a file");
    let mut settings = settings("us", &[nats]);
    settings.login = Some(Login::Credentials(file.path().into()));
    (file, Member::start_with("Alford", &Arc::new(Herd::classic()), settings))
}

#[test]
fn credentials_with_the_rights_that_are_listed_are_enough() {
    let (nats, account) = start();
    let (publish, subscribe) = listed();
    let (_file, us) = log_in(&nats, &credentials(&account, None, &publish, &subscribe));
    us.wait_until_bridge();
    assert!(us.bus.wrong().is_empty(), "{:?}", us.bus.wrong());
}

#[test]
fn whoever_expires_is_let_in_again_by_a_new_file() {
    let (nats, account) = start();
    let (publish, subscribe) = listed();
    let (file, us) = log_in(&nats, &credentials(&account, Some(now() + 3), &publish, &subscribe));
    us.wait_until_joined();
    wait_for("the server to be cut off", || (!us.is_joined()).then_some(()));
    // NATS says why it has closed the connection, and refuses the next one.
    let wrong = us.wait_until_wrong("NATS cannot be reached").to_lowercase();
    assert!(wrong.contains("expired") || wrong.contains("authorization violation"), "{wrong}");
    std::fs::write(&file, credentials(&account, Some(now() + 3600), &publish, &subscribe)).expect("a file");
    us.wait_until_bridge();
}

#[test]
fn whoever_has_no_rights_is_told_so() {
    let (nats, account) = start();
    let (_file, us) = log_in(&nats, &credentials(&account, None, &["nothing"], &["nothing"]));
    let wrong = us.wait_until_wrong("lists the rights of a region");
    assert!(wrong.to_lowercase().contains("permissions violation"), "{wrong}");
    assert!(us.fence().is_none());
}

#[test]
fn users_of_an_account_that_nobody_knows_are_not_let_in() {
    let (nats, _) = start();
    let (_file, us) = log_in(&nats, &credentials(&KeyPair::new_account(), None, &[">"], &[">"]));
    let wrong = us.wait_until_wrong("NATS cannot be reached");
    assert!(wrong.to_lowercase().contains("authorization violation"), "{wrong}");
    assert!(!us.is_joined());
}
