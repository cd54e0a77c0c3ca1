//! Settings from all their layers, and every way in which they can be wrong.

mod bad_access;
mod bad_files;
mod bad_settings;
mod example;
mod guard;
mod http;
mod keys;
mod region;
mod secrets;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{ConfigError, Environment, Flags, LogFormat, PlacesSource, Settings};

/// A folder with files for one test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), text).expect("a file");
        self
    }

    /// Settings with `herd.toml` of this folder, these other flags, and these variables.
    fn find(&self, flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let mut all = flags_of(flags);
        all.set("config", self.path("herd.toml"));
        Settings::find(&all, &environment(variables))
    }

    /// What is wrong with them, with this folder's path taken out.
    fn fault(&self, flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> String {
        let text = self.find(flags, variables).map(drop).expect_err("a fault").to_string();
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn flags_of(flags: &[(&'static str, &str)]) -> Flags {
    let mut all = Flags::default();
    for &(name, text) in flags {
        all.set(name, text);
    }
    all
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().copied())
}

fn find(flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::find(&flags_of(flags), &environment(variables))
}

const ONE: &str = "[[server]]\nname = \"Alone\"\nlisten = \"127.0.0.1:1\"\n";

#[test]
fn with_nothing_given_all_is_built_in() {
    let settings = find(&[], &[]).expect("settings");
    assert_eq!(settings.herd.members(), herd::Herd::classic().members());
    assert_eq!(settings.limits, herd::Limits::default());
    assert_eq!(settings.places.source, PlacesSource::Embedded);
    assert_eq!(
        (settings.log.file, settings.log.format, settings.log.filter.as_str()),
        (None, LogFormat::Human, "info")
    );
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file() {
    let folder = Folder::new().with("herd.toml", format!("{ONE}[limits]\nmax-line = 1\n[log]\nfilter = \"error\""));
    let max_line = |flags: &[_], variables: &[_]| folder.find(flags, variables).expect("settings").limits.max_line;
    assert_eq!(max_line(&[("max-line", "3")], &[("HERD_MAX_LINE", "2")]), 3);
    assert_eq!(max_line(&[], &[("HERD_MAX_LINE", "2")]), 2);
    assert_eq!(max_line(&[], &[("HERD_MAX_LINE", "")]), 1);
    let filter = folder.find(&[], &[("HERD_LOG_FILTER", "debug")]).expect("settings").log.filter;
    assert_eq!(filter, "debug");
}

#[test]
fn workers_come_from_the_flag_before_the_variable_before_the_file() {
    let folder = Folder::new().with("herd.toml", format!("{ONE}[runtime]\nworkers = 2"));
    let workers = |flags: &[_], variables: &[_]| folder.find(flags, variables).expect("settings").workers.get();
    assert_eq!(workers(&[("workers", "4")], &[("HERD_WORKERS", "3")]), 4);
    assert_eq!(workers(&[], &[("HERD_WORKERS", "3")]), 3);
    assert_eq!(workers(&[], &[]), 2);
}

#[test]
fn workers_leave_a_processor_to_others() {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    assert_eq!(find(&[], &[]).expect("settings").workers.get(), (processors - 1).max(1));
}

#[test]
fn a_variable_can_name_the_file() {
    let folder = Folder::new().with("herd.toml", ONE);
    let path = folder.path("herd.toml").display().to_string();
    let settings = find(&[], &[("HERD_CONFIG", &path)]).expect("settings");
    assert_eq!(settings.herd.members().len(), 1);
}

#[test]
fn a_hash_key_is_a_file_of_43_characters() {
    let key = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
    let folder = Folder::new().with("herd.toml", format!("{ONE}[herd]\nhash-key-file = \"of-file\"\n"));
    let folder = folder.with("of-file", format!("{key}\n")).with("other", key.replace('6', "7")).with("bad", &key[1..]);
    let [other, bad] = ["other", "bad"].map(|name| folder.path(name).display().to_string());
    let fingerprint = |settings: Result<Settings, ConfigError>| {
        let settings = settings.expect("settings");
        let shown = super::Description(&settings).to_string();
        let fingerprint = settings.herd.hash_key().fingerprint();
        assert!(!shown.contains(key), "{shown}");
        assert_eq!(shown.contains("hash key: fingerprint "), fingerprint.is_some(), "{shown}");
        fingerprint
    };
    let of_file = fingerprint(folder.find(&[], &[]));
    assert!(of_file.is_some() && fingerprint(find(&[], &[])).is_none());
    let by_flag = fingerprint(folder.find(&[("hash-key-file", &other)], &[]));
    assert!(by_flag.is_some() && by_flag != of_file);
    assert_eq!(fingerprint(folder.find(&[], &[("HERD_HASH_KEY_FILE", &other)])), by_flag);
    assert_eq!(
        folder.fault(&[("hash-key-file", &bad)], &[]),
        "--hash-key-file: bad: a hash key is 43 characters of base64url; make one with `herd secret`"
    );
    let missing = folder.fault(&[], &[("HERD_HASH_KEY_FILE", "/no/such")]);
    assert!(missing.starts_with("HERD_HASH_KEY_FILE: the hash key file /no/such cannot be read: "), "{missing}");
}

#[test]
fn a_variable_that_no_program_knows_is_told() {
    let variables = [
        ("HERD_MAX_LIN", "5"),
        ("HERD_SERVICE_HOST", "10.0.0.1"),
        ("HERD_TO", "Ball"),
        ("HERD_EMPTY", ""),
        ("HERDER", "x"),
    ];
    let told: Vec<String> = find(&[], &variables).expect("settings").warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "unknown environment variable HERD_MAX_LIN; did you mean HERD_MAX_LINE?",
        "unknown environment variable HERD_SERVICE_HOST",
    ];
    assert_eq!(told, expected);
    for limit in super::every_limit() {
        let variable = format!("HERD_{}", limit.name.to_uppercase().replace('-', "_"));
        assert!(super::unknown_variables(&environment(&[(&variable, "1")])).is_empty(), "{variable}");
    }
}

#[test]
fn every_limit_can_be_given_by_flag_and_by_variable() {
    for limit in super::every_limit() {
        let value = if limit.is_switch() { "true" } else { "7" };
        let variable = format!("HERD_{}", limit.name.to_uppercase().replace('-', "_"));
        let by_flag = find(&[(limit.name, value)], &[]).expect(limit.name).limits;
        let by_variable = find(&[], &[(&variable, value)]).expect(limit.name).limits;
        assert_eq!(by_flag, by_variable, "{}", limit.name);
        assert_ne!(by_flag, herd::Limits::default(), "{}", limit.name);
    }
}

#[test]
fn only_link_idle_may_be_zero() {
    for text in ["0", "0s"] {
        assert!(find(&[("link-idle", text)], &[]).expect("settings").limits.link_idle.is_zero());
    }
    for limit in super::LIMITS.iter().filter(|limit| !limit.is_switch() && limit.name != "link-idle") {
        let what = find(&[(limit.name, "0")], &[]).map(drop).expect_err(limit.name).what;
        assert!(what.starts_with(&format!("{} must be more than 0 (default: ", limit.name)), "{what}");
    }
}

#[test]
fn the_key_has_four_places_to_come_from() {
    let source = "[places]\nsource = \"google-legacy\"\nkey-file = \"file.key\"\n";
    let keys = [("file.key", "of-file\n"), ("flag.key", "of-flag"), ("variable.key", "of-variable-file")];
    let folder = Folder::new().with("herd.toml", format!("{ONE}{source}"));
    let folder = keys.into_iter().fold(folder, |folder, (name, text)| folder.with(name, text));
    let path = |name| folder.path(name).display().to_string();
    let key = |flags: &[_], variables: &[_]| {
        let places = folder.find(flags, variables).expect("settings").places;
        places.key.expect("a key").expose().to_owned()
    };
    let (by_flag, by_variable) = (path("flag.key"), path("variable.key"));
    let variables = [("HERD_PLACES_KEY", "of-variable"), ("HERD_PLACES_KEY_FILE", by_variable.as_str())];
    assert_eq!(key(&[("places-key-file", &by_flag)], &variables), "of-flag");
    assert_eq!(key(&[], &variables), "of-variable");
    assert_eq!(key(&[], &variables[1..]), "of-variable-file");
    assert_eq!(key(&[], &[]), "of-file");
}

#[test]
fn the_file_of_a_key_that_nobody_uses_need_not_be_there() {
    let places = "[places]\nsource = \"embedded\"\nurl = \"http://127.0.0.1:9000/x\"\nkey-file = \"places.key\"\n";
    let settings = Folder::new().with("herd.toml", format!("{ONE}{places}")).find(&[], &[]).expect("settings");
    assert_eq!(settings.places.key, None);
}

#[test]
fn a_path_in_a_file_is_meant_from_its_folder() {
    let folder = Folder::new().with("herd.toml", format!("{ONE}[log]\nfile = \"herd.log\"\n"));
    assert_eq!(folder.find(&[], &[]).expect("settings").log.file, Some(folder.path("herd.log")));
}

#[test]
fn machines_that_share_a_file_may_listen_alike() {
    let server = |name, host, links| {
        format!("[[server]]\nname = \"{name}\"\nlisten = \"0.0.0.0:1\"\naddress = \"{host}:1\"\nlinks = [{links}]\n")
    };
    let text = server("A", "a.example", "") + &server("B", "b.example", "\"A\"");
    let settings = Folder::new().with("herd.toml", text).find(&[], &[]).expect("settings");
    assert_eq!(settings.listen, ["0.0.0.0:1", "0.0.0.0:1"]);
    assert_eq!(settings.herd.members()[1].address, "b.example:1");
}
