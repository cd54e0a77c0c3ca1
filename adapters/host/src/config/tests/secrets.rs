//! The herd's secrets: where they come from, and every way in which they can be wrong.

use herd::{Certificates, Secret, ServerName, Trust};

use super::{Folder, ONE, find};
use crate::config::{ConfigError, Description, Settings, Warning};

const FIRST: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
const SECOND: &str = "7bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
const THIRD: &str = "8bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";

/// A folder with a config file that names a file of secrets, and that file.
fn folder(secrets: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::new().with("herd.toml", format!("{ONE}[herd]\nsecret-file = \"secrets\"\n"));
    closed(folder.with("secrets", secrets), "secrets")
}

/// That file, which only its owner can read.
fn closed(folder: Folder, name: &str) -> Folder {
    set_mode(&folder, name, 0o600);
    folder
}

#[cfg(unix)]
fn set_mode(folder: &Folder, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path(name), permissions).expect("a file of ours");
}

#[cfg(not(unix))]
fn set_mode(_: &Folder, _: &str, _: u32) {}

fn ids(settings: Result<Settings, ConfigError>) -> Vec<u32> {
    let settings = settings.expect("settings");
    let shown = format!("{settings:?}{}", Description(&settings));
    assert!(![FIRST, SECOND, THIRD].iter().any(|secret| shown.contains(secret)), "{shown}");
    settings.herd.trust().secrets.iter().map(Secret::id).collect()
}

#[test]
fn a_file_has_one_a_line() {
    let text = format!("# from March on\n{FIRST}\n\n  {SECOND}\r\n#{THIRD}");
    let settings = folder(text).find(&[], &[]).expect("settings");
    let shown = Description(&settings).to_string();
    let [first, second] = ids(Ok(settings))[..] else { panic!("two secrets") };
    assert!(shown.contains(&format!("secret: {first:08x}, also accepted: {second:08x}\n")), "{shown}");
    assert_ne!(first, second);
    assert_eq!(ids(find(&[], &[("HERD_SECRET", &format!("{SECOND}\n{FIRST}"))])), [second, first]);
    assert!(ids(find(&[], &[])).is_empty());
}

#[test]
fn they_have_four_places_to_come_from() {
    let folder = closed(closed(folder(FIRST).with("flag", SECOND), "flag").with("variable", THIRD), "variable");
    let [by_flag, by_variable] = ["flag", "variable"].map(|name| folder.path(name).display().to_string());
    let id = |text| ids(find(&[], &[("HERD_SECRET", text)]));
    let variables = [("HERD_SECRET", THIRD), ("HERD_SECRET_FILE", by_variable.as_str())];
    assert_eq!(ids(folder.find(&[("secret-file", &by_flag)], &variables)), id(SECOND));
    assert_eq!(ids(folder.find(&[], &variables)), id(THIRD));
    assert_eq!(ids(folder.find(&[], &variables[1..])), id(THIRD));
    assert_eq!(ids(folder.find(&[], &[])), id(FIRST));
}

#[test]
fn wrong_ones_are_told_by_their_line_and_not_shown() {
    let form = "a secret is 43 characters of base64url; make one with `herd secret`";
    let many: Vec<String> = (0..17).map(|number| format!("{}{}", char::from(b'A' + number), &FIRST[1..])).collect();
    for (text, what) in [
        (String::new(), "there is no secret in it; make one with `herd secret`".to_owned()),
        ("\n# none yet\n".into(), "there is no secret in it; make one with `herd secret`".into()),
        (FIRST[1..].into(), format!("line 1: {form}")),
        (format!("{FIRST}\n{SECOND}A\n"), format!("line 2: {form}")),
        (format!("\n{FIRST} {SECOND}\n"), format!("line 2: {form}")),
        (FIRST.replace('6', "+"), format!("line 1: {form}")),
        (
            format!("{FIRST}\n{SECOND}\n\n{FIRST}"),
            "line 4: this secret stands on line 1 already; take one of the two out".into(),
        ),
        (many.join("\n"), "17 secrets are too many (at most 16); take the old ones out".into()),
        ("#".repeat(20_000), "a secret file has at most 16KiB; is this one?".into()),
    ] {
        assert_eq!(folder(&text).fault(&[], &[]), format!("herd.toml:5:15: secrets: {what}"));
        if !text.is_empty() && text.len() < 16_000 {
            let by_variable = find(&[], &[("HERD_SECRET", &text)]).map(drop).expect_err("a fault").to_string();
            assert_eq!(by_variable, format!("HERD_SECRET: {what}"));
        }
    }
    let missing = find(&[("secret-file", "/no/such")], &[]).map(drop).expect_err("a fault").to_string();
    assert!(missing.starts_with("--secret-file: the secret file /no/such cannot be read: "), "{missing}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_open_is_a_warning() {
    let folder = folder(FIRST);
    let file = folder.path("secrets");
    for (mode, warns) in [(0o600, false), (0o400, false), (0o640, false), (0o644, true), (0o620, true), (0o602, true)] {
        set_mode(&folder, "secrets", mode);
        let settings = folder.find(&[], &[]).expect("settings");
        let expected = warns.then(|| Warning::OpenToOthers { file: file.clone(), mode });
        assert_eq!(settings.warnings, Vec::from_iter(expected), "{mode:o}");
        let shown = Description(&settings).to_string();
        assert_eq!(shown.contains(&format!("(mode {mode:o}): chmod 600 {}\n", file.display())), warns, "{shown}");
    }
}

#[test]
fn what_else_says_who_is_believed() {
    let two = "[[server]]\nname = \"A\"\nlisten = \"h:1\"\nlinks = [\"B\"]\n[[server]]\nname = \"B\"\nlisten = \"h:2\"\nplain = true\n";
    let folder = Folder::new().with("herd.toml", format!("{two}[herd]\ntrust-addresses = true\n"));
    let trust = |flags: &[_], variables: &[_]| folder.find(flags, variables).expect("settings").herd.trust().clone();
    let plain = vec![ServerName::new("B").expect("a name")];
    let expected = Trust { secrets: Vec::new(), addresses: true, certificates: Certificates::Off, plain };
    assert_eq!(trust(&[], &[]), expected);
    assert!(!trust(&[], &[("HERD_TRUST_ADDRESSES", "false")]).addresses);
    assert!(trust(&[("trust-addresses", "true")], &[("HERD_TRUST_ADDRESSES", "false")]).addresses);
    assert_eq!(find(&[], &[]).expect("settings").herd.trust(), &Trust::default());
    assert_eq!(
        find(&[("trust-addresses", "1")], &[]).map(drop).expect_err("a fault").to_string(),
        "--trust-addresses: expected true or false, found \"1\" (default: false)"
    );
}
