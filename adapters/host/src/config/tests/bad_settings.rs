//! Wrong flags and variables, each with the line that it is told by.

use super::{Folder, find};

#[test]
fn each_is_told_by_its_flag() {
    let levels = "(levels: off, error, warn, info, debug, trace; for one target: TARGET=LEVEL)";
    let workers = format!("(default: {} here)", find(&[], &[]).expect("settings").workers);
    let cases = [
        ("data-sync", "0", "data-sync must be more than 0; \"each\" loses nothing (default: 1s)"),
        ("data-sync", "0ms", "data-sync must be more than 0; \"each\" loses nothing (default: 1s)"),
        ("data-sync", "2h", "data-sync must be at most 1h (default: 1s)"),
        ("data-sync", "often", "expected a time, as in 1s or 200ms, or \"each\", found \"often\""),
        ("data", "", "the data folder has no name: write a path"),
        ("data-sync", "2s", "there is no data folder: name one with --data, or by dir in [data]"),
        ("data-recover", "true", "there is no data folder: name one with --data, or by dir in [data]"),
        ("max-line", "0", "max-line must be more than 0 (default: 4096)"),
        (
            "max-line",
            "4 lines",
            "expected a size in bytes or with a unit, as in 4096 or 16MiB, found \"4 lines\" (default: 4096)",
        ),
        ("link-queue", "99999999TiB", "link-queue must be at most 1GiB (default: 16MiB)"),
        ("client-bytes", "2TiB", "client-bytes must be at most 1024GiB (default: 4GiB)"),
        ("link-queue", "99999999999999999999", "link-queue must be at most 1GiB (default: 16MiB)"),
        ("drain", "99999999999999999999s", "drain must be at most 100 years (default: 10s)"),
        ("drain", "9999999999", "drain must be at most 100 years (default: 10s)"),
        ("places-strict", "yes", "expected true or false, found \"yes\" (default: false)"),
        ("places-name", "", "expected the name of a property (default: name)"),
        ("keep-for", "999ms", "keep-for must be at least 1s (default: off)"),
        (
            "keep-for",
            "never",
            "expected a time in seconds or with a unit, as in 500ms, 10s or 5m, found \"never\" (default: off)",
        ),
        (
            "gone-for",
            "off",
            "expected a time in seconds or with a unit, as in 500ms, 10s or 5m, found \"off\" (default: 30days)",
        ),
        ("clients", "-1", "expected a whole number, found \"-1\" (default: 10000000)"),
        ("clients", "4294967296", "clients must be at most 4294967295 (default: 10000000)"),
        (
            "idle-timeout",
            "soon",
            "expected a time in seconds or with a unit, as in 500ms, 10s or 5m, found \"soon\" (default: 5m)",
        ),
        ("idle-timeout", "0ms", "idle-timeout must be more than 0 (default: 5m)"),
        ("link-retry", "101years", "link-retry must be at most 100 years (default: 5s)"),
        ("one-shot", "maybe", "expected true or false, found \"maybe\" (default: false)"),
        ("workers", "0", &format!("workers must be more than 0 {workers}")),
        ("workers", "1025", &format!("workers must be at most 1024 {workers}")),
        ("workers", "-1", &format!("expected a whole number, found \"-1\" {workers}")),
        ("places", "google", "google needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file"),
        ("places", "file", "file needs a file: name a GeoJSON file with --places-file"),
        (
            "places",
            "embeded",
            "unknown places source \"embeded\"; did you mean embedded? (known: embedded, google, google-legacy, file)",
        ),
        (
            "places",
            "google-legacy",
            "google-legacy needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file",
        ),
        ("places-url", "example.com/x", "expected http://HOST/PATH or https://HOST/PATH, found \"example.com/x\""),
        ("places-url", "http:///x", "expected http://HOST/PATH or https://HOST/PATH, found \"http:///x\""),
        (
            "places-key-file",
            "/no/such.key",
            "the key file /no/such.key cannot be read: No such file or directory (os error 2); check its path",
        ),
        ("log-format", "jsn", "unknown log format \"jsn\"; did you mean json? (known: human, json)"),
        ("log-filter", "inof", &format!("unknown log level \"inof\"; did you mean info? {levels}")),
        ("log-filter", "herd=loud", &format!("invalid log filter \"herd=loud\" {levels}")),
    ];
    for (flag, text, what) in cases {
        let told = find(&[(flag, text)], &[]).map(drop).expect_err(text).to_string();
        assert_eq!(told, format!("--{flag}: {what}"));
    }
}

#[test]
fn each_is_told_by_its_variable() {
    let workers = format!("(default: {} here)", find(&[], &[]).expect("settings").workers);
    let cases = [
        ("HERD_MAX_LINE", "0", "max-line must be more than 0 (default: 4096)"),
        ("HERD_WORKERS", "99999999999999999999", &format!("workers must be at most 1024 {workers}")),
        (
            "HERD_PLACES_SOURCE",
            "water",
            "unknown places source \"water\" (known: embedded, google, google-legacy, file)",
        ),
        ("HERD_PLACES_KEY", "two words", "the key must be one word of printable ASCII, at most 4096 bytes"),
        ("HERD_PLACES_KEY_FILE", "/", "the key file / cannot be read: Is a directory (os error 21); check its path"),
        ("HERD_LOG_FORMAT", "a\nb", "unknown log format \"a\\nb\" (known: human, json)"),
    ];
    for (variable, text, what) in cases {
        let told = find(&[], &[(variable, text)]).map(drop).expect_err(text).to_string();
        assert_eq!(told, format!("{variable}: {what}"));
    }
}

#[test]
fn an_empty_key_file_is_told_by_its_path() {
    let folder = Folder::new().with("herd.toml", super::ONE).with("places.key", "\n");
    let path = folder.path("places.key").display().to_string();
    assert_eq!(folder.fault(&[("places-key-file", &path)], &[]), "--places-key-file: places.key: the key is empty");
}

#[cfg(unix)]
#[test]
fn text_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStringExt;

    let mut flags = super::Flags::default();
    flags.set("max-line", std::ffi::OsString::from_vec(vec![0xff]));
    let told = super::Settings::find(&flags, &super::environment(&[])).map(drop).expect_err("no text");
    assert_eq!(told.to_string(), "--max-line: this is not UTF-8");
}
