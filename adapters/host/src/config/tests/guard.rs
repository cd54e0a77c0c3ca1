//! What servers ask for before they listen beyond this machine.

use super::Folder;
use crate::config::{Settings, Unguarded};

const SECRET: (&str, &str) = ("HERD_SECRET", "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E");
const ACCESS: &str = "[access]\nanonymous = [\"ask:*\"]\n";

fn server(name: &str, listen: &str, address: &str, links: &str) -> String {
    format!("[[server]]\nname = \"{name}\"\nlisten = \"{listen}\"\naddress = \"{address}\"\nlinks = [{links}]\n")
}

/// A herd of two, of which only the first may be beyond this machine.
fn two(listen: &str, address: &str) -> String {
    server("A", listen, address, "\"B\"") + &server("B", "127.0.0.1:2", "127.0.0.1:2", "")
}

fn settings(text: &str, variables: &[(&str, &str)]) -> Settings {
    Folder::new().with("herd.toml", text).find(&[], variables).expect("settings")
}

/// Whether all of its servers may start.
fn guard(settings: &Settings) -> Result<(), Unguarded> {
    settings.guard(&settings.herd.ids().collect::<Vec<_>>())
}

/// Whether the second of them may.
fn guard_second(settings: &Settings) -> Result<(), Unguarded> {
    settings.guard(&[settings.herd.ids().nth(1).expect("two servers")])
}

#[test]
fn on_loopback_all_is_as_it_was() {
    for host in ["127.0.0.1", "127.0.0.9", "localhost", "[::1]"] {
        assert_eq!(guard(&settings(&two(&format!("{host}:1"), &format!("{host}:1")), &[])), Ok(()));
    }
    assert_eq!(guard(&Settings::find(&super::flags_of(&[]), &super::environment(&[])).expect("settings")), Ok(()));
}

#[test]
fn beyond_it_neighbours_are_not_believed_by_address_unless_that_is_said() {
    for (listen, address, beyond) in [
        ("0.0.0.0:1", "127.0.0.1:1", "0.0.0.0:1"),
        ("127.0.0.1:1", "10.0.0.1:1", "10.0.0.1:1"),
        ("a.example:1", "a.example:1", "a.example:1"),
        ("[::]:1", "[::1]:1", "[::]:1"),
    ] {
        let text = two(listen, address) + ACCESS;
        let unguarded = Unguarded::Neighbours { name: "A".into(), address: beyond.into() };
        assert_eq!(guard(&settings(&text, &[])), Err(unguarded.clone()), "{listen} {address}");
        // Whoever starts the other server is in the same herd.
        assert_eq!(guard_second(&settings(&text, &[])), Err(unguarded.clone()));
        let told = unguarded.to_string();
        for way in ["secret-file in [herd]", "[tls]", "trust-addresses = true"] {
            assert!(told.contains(way) && told.lines().count() == 1, "{told}");
        }
        for variables in [SECRET, ("HERD_TRUST_ADDRESSES", "true")] {
            assert_eq!(guard(&settings(&text, &[variables])), Ok(()));
        }
    }
}

#[test]
fn beyond_it_what_clients_may_do_is_written_down() {
    let text = two("0.0.0.0:1", "127.0.0.1:1");
    let unguarded = Unguarded::Clients { name: "A".into(), listen: "0.0.0.0:1".into() };
    assert_eq!(guard(&settings(&text, &[SECRET])), Err(unguarded.clone()));
    assert!(unguarded.to_string().contains("anonymous = [\"ask:*\"]"), "{unguarded}");
    // The other one can be reached from this machine alone.
    assert_eq!(guard_second(&settings(&text, &[SECRET])), Ok(()));
    assert_eq!(guard(&settings(&(text + ACCESS), &[SECRET])), Ok(()));
    // Where others reach it by way of a port that is forwarded, it still listens here only.
    assert_eq!(guard(&settings(&two("127.0.0.1:1", "10.0.0.1:1"), &[SECRET])), Ok(()));
}

#[test]
fn who_has_no_neighbours_believes_nobody() {
    let text = server("A", "0.0.0.0:1", "0.0.0.0:1", "");
    assert!(matches!(guard(&settings(&text, &[])), Err(Unguarded::Clients { .. })));
    assert_eq!(guard(&settings(&(text + ACCESS), &[])), Ok(()));
}
