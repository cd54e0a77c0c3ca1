//! The example in the repository is complete, and says what happens without it.

use std::path::Path;

use herd::Limits;

use super::{environment, flags_of};
use crate::config::{LogSettings, PlacesSource, Settings};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../herd.example.toml");
const TEXT: &str = include_str!("../../../../../herd.example.toml");

#[test]
fn it_is_the_built_in_herd_with_every_default() {
    assert!(Path::new(PATH).exists());
    let settings = Settings::find(&flags_of(&[("config", PATH)]), &environment(&[])).expect("the example");
    let built_in = Settings::find(&flags_of(&[]), &environment(&[])).expect("defaults");
    let neighbours = |settings: &Settings| -> Vec<_> {
        settings.herd.ids().map(|id| settings.herd.neighbours(id).to_vec()).collect()
    };
    assert_eq!(settings.herd.members(), built_in.herd.members());
    assert_eq!(neighbours(&settings), neighbours(&built_in));
    assert_eq!(settings.listen, built_in.listen);
    assert_eq!(settings.workers, built_in.workers);
    assert_eq!(settings.limits, Limits::default());
    assert_eq!((settings.herd.trust(), settings.has_access), (built_in.herd.trust(), false));
    assert_eq!(settings.places.source, PlacesSource::Embedded);
    assert_eq!(settings.log, LogSettings::default());
}

#[test]
fn what_is_commented_out_is_right_too() {
    let keys = ["# workers = ", "# url = ", "# key-file = ", "# file = ", "# ca-file = ", "# plain = "];
    let of_access = [
        "# [access]",
        "# anonymous = ",
        "# reports-per-second = ",
        "# [[access",
        "# name = ",
        "# sha256 = ",
        "# may = ",
    ];
    let of_tls = ["# [tls]", "# cert = ", "# key = ", "# ca = ", "# neighbours = ", "# clients = "];
    let of_data = ["# [data]", "# dir = ", "# sync = "];
    // Without credentials-file, in whose place there are a user and a password.
    let of_region = [
        "# [region]",
        "# nats = ",
        "# user = ",
        "# password-file = ",
        "# certificate = ",
        "# prefix = ",
        "# replicas = ",
        "# timeout = ",
        "# guests = ",
    ];
    let all = || keys.iter().chain(&of_access).chain(&of_tls).chain(&of_data).chain(&of_region);
    let is_setting = |line: &str| all().any(|key| line.starts_with(key));
    let line = |line: &str| if is_setting(line) { line[2..].to_owned() } else { line.to_owned() };
    let text = TEXT.lines().map(line).collect::<Vec<_>>().join("\n");
    let folder = super::region::folder("").with("herd.toml", text);
    let settings = folder.find(&[], &[]).expect("the example, in full");
    assert_eq!(settings.workers.get(), 1);
    assert!(settings.tls.is_some() && settings.places.url.is_some() && settings.log.file.is_some());
    assert!(settings.data.is_some_and(|data| data.dir.ends_with("data")));
    assert!(settings.region.is_some_and(|region| region.login.is_some() && region.certificate.is_some()));
    assert_eq!((settings.herd.trust().plain.len(), settings.herd.access().tokens().count()), (1, 1));
}
