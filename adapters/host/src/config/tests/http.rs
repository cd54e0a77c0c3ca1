//! Where doors are, and what is set of them.

use std::time::Duration;

use herd::ServerId;

use super::{Folder, environment, find};
use crate::config::{Flags, ServerList, Settings, Unguarded};

const TWO: &str = "[[server]]\nname = \"A\"\nlisten = \"127.0.0.1:1\"\nlinks = [\"B\"]\n\
                   [[server]]\nname = \"B\"\nlisten = \"127.0.0.1:2\"\nhttp = \"127.0.0.1:4\"\n";

/// Settings of a herd of two, the second of which has a door of its own.
fn settings(http: &str, flags: &[(&'static str, &str)]) -> Result<Settings, String> {
    let folder = Folder::new().with("herd.toml", format!("{TWO}{http}"));
    folder.find(flags, &[]).map_err(|error| error.to_string())
}

fn ids(settings: &Settings) -> (ServerId, ServerId) {
    let mut ids = settings.herd.ids();
    (ids.next().expect("A"), ids.next().expect("B"))
}

#[test]
fn a_door_is_a_servers_own_or_that_of_the_first() {
    let listens = |http: &str, flags: &[(&'static str, &str)], is_first: bool| {
        let settings = settings(http, flags).expect("settings");
        let (a, b) = ids(&settings);
        [a, b].map(|server| settings.http.listen(server, is_first).unwrap_or("none").to_owned())
    };
    let shared = "[http]\nlisten = \"127.0.0.1:3\"\n";
    assert_eq!(listens("", &[], true), ["none", "127.0.0.1:4"]);
    assert_eq!(listens(shared, &[], true), ["127.0.0.1:3", "127.0.0.1:4"]);
    assert_eq!(listens(shared, &[], false), ["none", "127.0.0.1:4"]);
    assert_eq!(listens(shared, &[("http", "localhost:5")], true), ["localhost:5", "localhost:5"]);
    assert_eq!(listens(shared, &[("http", "localhost:5")], false), ["none", "127.0.0.1:4"]);
    assert_eq!(listens(shared, &[("http", "off")], true), ["none", "none"]);
}

/// Where a client finds each server's door.
#[test]
fn doors_are_found_by_whoever_talks_to_them() {
    let doors = |b: &str, http: &str| {
        let file = format!("{}http = {b:?}\n{http}", TWO.strip_suffix("http = \"127.0.0.1:4\"\n").expect("B's door"));
        let folder = Folder::new().with("herd.toml", file);
        let mut flags = Flags::default();
        flags.set("config", folder.path("herd.toml"));
        let servers = ServerList::find(&flags, &environment(&[])).expect("servers");
        let doors: Vec<_> = servers.herd.ids().map(|id| servers.door(id).unwrap_or("none".into())).collect();
        doors.join(" ")
    };
    let shared = "[http]\nlisten = \"127.0.0.1:3\"\n";
    assert_eq!(doors("127.0.0.1:4", ""), "none 127.0.0.1:4");
    assert_eq!(doors("off", shared), "127.0.0.1:3 none");
    // Every interface is a place to listen; where the server is reached its address says.
    assert_eq!(doors("[::]:4", ""), "none 127.0.0.1:4");
    assert_eq!(doors("127.0.0.1:0", ""), "none none");
    let built_in = ServerList::find(&Flags::default(), &environment(&[])).expect("the built-in herd");
    let doors: Vec<_> = built_in.herd.ids().map(|id| built_in.door(id)).collect();
    assert_eq!((doors[0].as_deref(), &doors[1..]), (Some("127.0.0.1:12890"), &[None, None, None, None][..]));
}

#[test]
fn only_the_whole_built_in_herd_has_a_door_that_nobody_asked_for() {
    let built_in = find(&[], &[]).expect("the built-in herd");
    let first = built_in.herd.ids().next().expect("a server");
    let open = |settings: &Settings, is_whole| {
        settings.http.open(first, true, is_whole).map(|http| (http.address.to_owned(), http.is_asked_for))
    };
    assert_eq!(open(&built_in, true), Some(("127.0.0.1:12890".into(), false)));
    assert_eq!(open(&built_in, false), None);
    assert_eq!(open(&find(&[("http", "off")], &[]).expect("no door"), true), None);
    let asked = find(&[("http", "127.0.0.1:9")], &[]).expect("a door");
    assert_eq!(open(&asked, true), Some(("127.0.0.1:9".into(), true)));
    assert_eq!(open(&settings("", &[]).expect("a herd of one's own"), true), None);
}

#[test]
fn what_is_set_of_it() {
    let settings = settings(
        "[http]\nhosts = [\"Herd.example\"]\norigins = [\"https://maps.example:8443\"]\nmax-body = \"64KiB\"\n\
         tiles = \"https://tiles.example/{z}/{x}/{y}.png\"\ntiles-attribution = \"Somebody\"\n",
        &[],
    );
    let door = settings.expect("settings").http.door;
    assert_eq!(
        (&door.hosts[..], &door.origins[..]),
        (&["herd.example".into()][..], &["https://maps.example:8443".into()][..])
    );
    assert_eq!((door.max_body, door.tiles.as_ref().map(|tiles| tiles.attribution.as_str())), (65536, Some("Somebody")));
}

#[test]
fn devices_and_links() {
    let folder = Folder::new().with("share.key", format!("# new\n{}\n\n{}\n", "A".repeat(43), "E".repeat(42) + "A"));
    let folder = folder.with(
        "herd.toml",
        format!(
            "{TWO}[http]\nshare-key-file = \"share.key\"\nshare-at-most = \"1h\"\npublic-url = \"https://Herd.example:8443/\"\n\
             [http.devices]\nmax-ahead = \"5m\"\nmax-age = \"off\"\nmax-accuracy = 100\nzero = true\nfriends = \"family/*\"\n"
        ),
    );
    let door = folder.find(&[], &[]).expect("settings").http.door;
    assert_eq!(door.devices.filter.max_ahead, Some(Duration::from_mins(5)));
    assert_eq!((door.devices.filter.max_age, door.devices.filter.max_accuracy), (None, Some(100)));
    assert!(door.devices.filter.zero && door.devices.friends.as_ref().is_some_and(|whom| whom.covers(b"family/jane")));
    assert_eq!((door.share.keys.is_empty(), door.share.at_most), (false, Duration::from_hours(1)));
    assert_eq!(door.share.public_url.as_deref(), Some("https://Herd.example:8443"));
    assert_eq!(door.hosts, ["herd.example"]);
}

#[test]
fn what_is_wrong_with_it_is_told() {
    for (http, told) in [
        ("[http]\nshare-key-file = \"none\"\n", "the share key file"),
        ("[http]\nshare-at-most = \"0s\"\n", "share-at-most"),
        ("[http]\npublic-url = \"herd.example\"\n", "public-url: expected a URL"),
        ("[http.devices]\nmax-ahead = 0\n", "max-ahead"),
        ("[http.devices]\nmax-age = \"soon\"\n", "max-age"),
        ("[http.devices]\nmax-accuracy = \"1km\"\n", "max-accuracy"),
        ("[http.devices]\nfriends = \"a*b\"\n", "friends: invalid pattern"),
        ("[http]\nlisten = \"12890\"\n", "http: expected HOST:PORT, found \"12890\""),
        ("[http]\nhosts = [\"a:1\"]\n", "hosts: expected a name alone"),
        ("[http]\norigins = [\"*\"]\n", "origins: expected a scheme and a host"),
        ("[http]\norigins = [\"https://a/\"]\n", "origins: expected a scheme and a host"),
        ("[http]\nmax-body = \"1GiB\"\n", "max-body: expected a size from 1 to 64MiB, found"),
        ("[http]\nmax-body = 0\n", "max-body: expected a size from 1 to 64MiB, found"),
        ("[http]\ntiles = \"https://a/{z}\"\n", "tiles: expected a URL with {z}, {x} and {y}"),
        ("[http]\nlisten-to = \"a\"\n", "unknown key \"listen-to\" in [http]"),
    ] {
        let error = settings(http, &[]).expect_err(http);
        assert!(error.contains(told), "{error}");
    }
    let open = settings("[http]\nlisten = \"0.0.0.0:3\"\n[herd]\ntrust-addresses = true\n", &[]).expect("settings");
    let guarded = open.guard(&[ids(&open).0]);
    assert!(matches!(guarded, Err(Unguarded::Clients { ref listen, .. }) if listen == "0.0.0.0:3"), "{guarded:?}");
}
