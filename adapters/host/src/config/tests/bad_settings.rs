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
        ("data-sync", "often", "data-sync: \"often\" is no time: write \"each\", or a time, as in 1s or 200ms"),
        ("data", "", "the data folder has no name: write a path"),
        ("data-recover", "true", "there is no data folder: name one with --data or in [data]"),
        ("max-line", "0", "max-line must be more than 0 (default: 4096)"),
        (
            "max-line",
            "4 lines",
            "max-line: \"4 lines\" is no size: write bytes, or a unit, as in 4096 or 16MiB (default: 4096)",
        ),
        ("link-queue", "99999999TiB", "link-queue must be at most 1GiB (default: 16MiB)"),
        ("client-bytes", "2TiB", "client-bytes must be at most 1024GiB (default: 4GiB)"),
        ("keep-for", "999ms", "keep-for must be at least 1s (default: off)"),
        (
            "keep-for",
            "never",
            "keep-for: \"never\" is no time: write seconds, or a unit, as in 500ms, 10s or 5m (default: off)",
        ),
        (
            "gone-for",
            "off",
            "gone-for: \"off\" is no time: write seconds, or a unit, as in 500ms, 10s or 5m (default: 30days)",
        ),
        ("clients", "-1", "clients: \"-1\" is no count: write a whole number (default: 10000000)"),
        ("clients", "4294967296", "clients must be at most 4294967295 (default: 10000000)"),
        (
            "idle-timeout",
            "soon",
            "idle-timeout: \"soon\" is no time: write seconds, or a unit, as in 500ms, 10s or 5m (default: 5m)",
        ),
        ("idle-timeout", "0ms", "idle-timeout must be more than 0 (default: 5m)"),
        ("link-retry", "101years", "link-retry must be at most 100 years (default: 5s)"),
        ("one-shot", "maybe", "one-shot: \"maybe\" is neither true nor false (default: false)"),
        ("workers", "0", &format!("workers must be more than 0 {workers}")),
        ("workers", "1025", &format!("workers must be at most 1024 {workers}")),
        ("workers", "-1", &format!("workers: \"-1\" is no count: write a whole number {workers}")),
        ("places", "google", "google needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file"),
        ("places", "file", "file needs a file: name a GeoJSON file with --places-file"),
        (
            "places",
            "embeded",
            "\"embeded\" is no places source; did you mean embedded? (known: embedded, google, google-legacy, file)",
        ),
        (
            "places",
            "google-legacy",
            "google-legacy needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file",
        ),
        (
            "places-url",
            "example.com/x",
            "\"example.com/x\" is no URL to fetch from: write http://HOST/PATH or https://HOST/PATH",
        ),
        (
            "places-url",
            "http:///x",
            "\"http:///x\" is no URL to fetch from: write http://HOST/PATH or https://HOST/PATH",
        ),
        (
            "places-key-file",
            "/no/such.key",
            "the key file /no/such.key cannot be read: No such file or directory (os error 2); check its path",
        ),
        ("log-format", "jsn", "\"jsn\" is no log format; did you mean json? (known: human, json)"),
        ("log-filter", "inof", &format!("\"inof\" is no log level; did you mean info? {levels}")),
        ("log-filter", "herd=loud", &format!("\"herd=loud\" is no log filter {levels}")),
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
        ("HERD_PLACES_SOURCE", "water", "\"water\" is no places source (known: embedded, google, google-legacy, file)"),
        ("HERD_PLACES_KEY", "two words", "the key must be one word of printable ASCII, at most 4096 bytes"),
        ("HERD_PLACES_KEY_FILE", "/", "the key file / cannot be read: Is a directory (os error 21); check its path"),
        ("HERD_LOG_FORMAT", "a\nb", "\"a\\nb\" is no log format (known: human, json)"),
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
