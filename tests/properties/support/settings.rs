//! A config file and flags, whatever is in them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use herd_host::config::{Description, Environment, Flags, Settings, every_limit};

/// Input before the first NUL byte is a config file; what follows, up to the next ones, are values for the
/// limits, in the order of the help. Either the settings are found, and show what can be given
/// again; or an error says where and why, on one line.
pub(crate) fn hold(input: &[u8]) {
    let mut parts = input.split(|&byte| byte == 0);
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    std::fs::write(file.path(), parts.next().unwrap_or_default()).expect("a temporary file takes bytes");
    let mut flags = Flags::default();
    flags.set("config", file.path());
    for (limit, value) in every_limit().zip(parts).filter(|(_, value)| !value.is_empty()) {
        flags.set(limit.name, OsStr::from_bytes(value));
    }
    match Settings::find(&flags, &Environment::of::<String, String>([])) {
        Ok(settings) => hold_settings(&settings),
        Err(error) => {
            let text = error.to_string();
            let from = file.path().to_string_lossy();
            assert!(text.starts_with(&*from) || text.starts_with("--"), "{text} says where");
            assert!(!text.chars().any(char::is_control), "{text:?} is one line");
        }
    }
}

fn hold_settings(settings: &Settings) {
    let text = Description(settings).to_string();
    if let Err(unguarded) = settings.guard(&settings.herd.ids().collect::<Vec<_>>()) {
        assert!(!unguarded.to_string().chars().any(char::is_control), "{unguarded:?} is one line");
    }
    let mut again = herd::Limits::default();
    for limit in every_limit() {
        let shown = limit.show(&settings.limits);
        limit.read(&shown, &mut again).unwrap_or_else(|why| panic!("{} = {shown}: {why}", limit.name));
    }
    assert_eq!(again, settings.limits, "what is shown can be given again");
    for server in settings.herd.members() {
        assert!(text.contains(server.name.as_str()), "{text}");
        assert!(settings.listen(settings.herd.find(server.name.as_bytes()).expect("by its name")).contains(':'));
    }
}
