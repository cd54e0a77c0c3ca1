//! Command lines, right and wrong.

use std::ffi::OsString;

use clap::error::ErrorKind;

use super::{Order, UsageError, command_line, read};
use crate::config::{Description, Environment};

fn order_with(line: &str, variables: &[(&str, &str)]) -> Result<Order, UsageError> {
    let arguments = ["herd-tokio"].into_iter().chain(line.split_whitespace()).map(OsString::from);
    read("herd-tokio", arguments, &Environment::of(variables.iter().copied()))
}

fn order(line: &str) -> Result<Order, UsageError> {
    order_with(line, &[])
}

fn served(line: &str) -> (String, String) {
    match order(line) {
        Ok(Order::Serve { server, settings }) => {
            (settings.herd.name(server).to_string(), settings.listen(server).to_owned())
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn syntax(line: &str) -> ErrorKind {
    match order(line) {
        Err(UsageError::Syntax(error) | UsageError::Help(error)) => error.kind(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_parser_is_sound() {
    command_line("herd-tokio").debug_assert();
}

/// Text that was wrapped by hand is ragged on a terminal of another width.
#[test]
fn paragraphs_are_wrapped_by_the_terminal_alone() {
    for width in [60, 80, 100] {
        let up = command_line("herd-tokio").find_subcommand("up").expect("a command").clone();
        let help = up.term_width(width).render_long_help().to_string();
        let lines: Vec<&str> = help.lines().skip_while(|line| *line != "Settings:").collect();
        let lines = lines.split(|line| *line == "Exit codes:").next().expect("what is before it");
        assert!(lines.len() > 8, "{help}");
        for pair in lines.windows(2) {
            let [line, next] = [pair[0], pair[1]];
            let word = next.split_whitespace().next().unwrap_or_default();
            let is_over = line.is_empty() || line.ends_with(':') || word.is_empty() || word.starts_with("SIG");
            assert!(line.len() <= width && (is_over || line.len() + 1 + word.len() > width), "{width}: {line}\n{next}");
        }
        assert!(!lines.windows(2).any(|pair| pair == ["", ""]), "one empty line is enough: {help}");
    }
}

#[test]
fn an_option_of_another_command_is_told_as_its_own() {
    let told = order("up --listen 127.0.0.1:9").expect_err("up listens where the herd says").to_string();
    assert_eq!(told, "unexpected argument '--listen' found; tip: it is an option of serve; try --help");
}

#[test]
fn a_name_alone_serves() {
    assert_eq!(served("Alford"), served("serve Alford"));
    assert_eq!(served("Ball --listen 127.0.0.1:9"), ("Ball".into(), "127.0.0.1:9".into()));
    assert_eq!(served("serve --one-shot Welsh"), ("Welsh".into(), "127.0.0.1:12884".into()));
}

#[test]
fn options_stand_before_or_behind() {
    assert_eq!(served("--one-shot --listen 127.0.0.1:9 Ball"), ("Ball".into(), "127.0.0.1:9".into()));
    assert_eq!(served("--log-level debug --max-line=5 serve Ball"), served("Ball --log-level debug --max-line=5"));
    for line in ["--places-strict --workers 3 up", "up --workers 3", "--workers=3 up --one-shot"] {
        let order = order(line).expect(line);
        assert!(matches!(&order, Order::Up { settings } if settings.workers.get() == 3), "{line}");
    }
    assert_eq!(syntax("--max-line"), ErrorKind::UnknownArgument);
}

#[test]
fn a_negative_number_is_a_value() {
    for line in ["Alford --max-line -5", "--max-line -5 Alford"] {
        let told = order(line).expect_err(line).to_string();
        assert!(told.starts_with("--max-line: expected a size in bytes"), "{told}");
    }
}

#[test]
fn up_is_quiet_on_a_terminal_unless_somebody_asks() {
    let filter = |line| order(line).expect(line).settings().log.filter.clone();
    assert_eq!(
        (filter("up"), filter("up --log-filter info"), filter("up --log herd.log")),
        ("warn".into(), "info".into(), "info".into())
    );
    assert_eq!((filter("Alford"), filter("check")), ("info".into(), "info".into()));
}

#[test]
fn every_setting_is_printed_with_its_origin() {
    let line = "check --print --workers 3 --places-url http://127.0.0.1:1/x --places google";
    let variables = [("HERD_MAX_LINE", "8KiB"), ("HERD_SECRET", "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E")];
    let printed = match order_with(line, &variables).expect("an order") {
        Order::Check { printed, .. } => printed.expect("what was asked for"),
        other => panic!("{other:?}"),
    };
    for told in [
        "[[server]]  # built-in\nname = \"Alford\"\nlisten = \"127.0.0.1:12880\"\n",
        "[herd]\n# HERD_SECRET is set, and not shown\ntrust-addresses = false  # default\n",
        "workers = 3  # --workers\n",
        "max-line = \"8KiB\"  # HERD_MAX_LINE\nidle-timeout = \"5m\"  # default\n",
        "source = \"google\"  # --places\n",
        "url = \"http://127.0.0.1:1/x\"  # --places-url\n",
        "filter = \"info\"  # default\n",
    ] {
        assert!(printed.contains(told), "{printed} lacks {told}");
    }
    assert!(!printed.contains("6bB1u0") && !printed.contains("[tls]"), "{printed}");
    // It is a config file, too, and says the same.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("herd.toml");
    std::fs::write(&path, &printed).expect("a file");
    let again = order(&format!("check --print --config {}", path.display())).expect("an order");
    let (Order::Check { printed: Some(again), .. }, settings) = (&again, again.settings()) else { panic!("{again:?}") };
    assert_eq!((settings.workers.get(), settings.limits.max_line), (3, 8192));
    assert!(again.contains(&format!("workers = 3  # {}:", path.display())), "{again}");
    let values = |text: &str| {
        text.lines().map(|line| line.split("  #").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let without_notes = |text: &str| values(text).into_iter().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
    assert_eq!(without_notes(again), without_notes(&printed));
}

#[test]
fn listen_comes_from_the_flag_before_the_variable() {
    let listen = |line| match order_with(line, &[("HERD_LISTEN", "[::1]:5")]) {
        Ok(Order::Serve { server, settings }) => settings.listen(server).to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!((listen("Ball"), listen("Ball --listen localhost:0")), ("[::1]:5".into(), "localhost:0".into()));
}

#[test]
fn up_and_check_take_the_same_options() {
    let flags =
        "--max-line 64KiB --link-idle 0 --one-shot=true --places-timeout 2s --log-level debug --log-format json";
    for command in ["up", "check"] {
        let order = order(&format!("{command} {flags}")).expect(command);
        let (limits, log) = (&order.settings().limits, &order.settings().log);
        assert_eq!((limits.max_line, limits.link_idle.as_secs(), limits.one_shot), (1 << 16, 0, true));
        assert_eq!((limits.places_timeout.as_secs(), log.filter.as_str()), (2, "debug"));
        assert_eq!(matches!(order, Order::Up { .. }), command == "up");
    }
}

#[test]
fn every_flag_of_the_options_arrives() {
    for (flag, text) in [
        ("config", "/no/such.toml"),
        ("workers", "?"),
        ("log-format", "?"),
        ("log-filter", "?="),
        ("places", "?"),
        ("places-url", "?"),
        ("places-key-file", "/no/such.key"),
        ("places-timeout", "?"),
        ("listen", "?"),
    ] {
        let told = order(&format!("Alford --{flag} {text}")).expect_err(flag).to_string();
        assert!(told.starts_with(&format!("--{flag}: ")) || told.starts_with("/no/such.toml: "), "{told}");
    }
    assert_eq!(order("up --log a.log").expect("an order").settings().log.file, Some("a.log".into()));
}

#[test]
fn wrong_use_is_one_line() {
    let servers = "Alford, Ball, Hamilton, Holiday, Welsh";
    let cases = [
        ("serve Bal", format!("unknown server \"Bal\"; did you mean Ball? (servers: {servers})")),
        ("serve Goloman", format!("unknown server \"Goloman\" (servers: {servers})")),
        (
            "chek",
            format!(
                "unknown server or command \"chek\"; did you mean check? \
                 (servers: {servers}; commands: serve, up, check, reload)"
            ),
        ),
        (
            "Alford --listen 12880",
            "--listen: expected HOST:PORT, found \"12880\": add a colon and a port, as in 127.0.0.1:12880 or [::1]:12880".into(),
        ),
        ("up --max-line 0", "--max-line: max-line must be more than 0 (default: 4096)".into()),
        (
            "serve --max-lin 5",
            "unexpected argument '--max-lin' found; tip: a similar argument exists: '--max-line'; try --help".into(),
        ),
        ("serve", "the following required arguments were not provided: <NAME>; try --help".into()),
        ("Alford a\u{9b}b", "unexpected argument 'a\\u{9b}b' found; try --help".into()),
        ("check --config /no/herd.toml", "/no/herd.toml: there is no such config file; check the path".into()),
    ];
    for (line, what) in cases {
        assert_eq!(order(line).expect_err(line).to_string(), what);
    }
}

#[test]
fn syntax_is_told_by_the_parser() {
    assert_eq!(syntax(""), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    assert_eq!(syntax("serve"), ErrorKind::MissingRequiredArgument);
    assert_eq!(syntax("Alford Ball"), ErrorKind::UnknownArgument);
    assert_eq!(syntax("up --listen 127.0.0.1:1"), ErrorKind::UnknownArgument);
    assert_eq!(syntax("--version"), ErrorKind::DisplayVersion);
}

#[test]
fn help_says_who_goes_first() {
    for line in ["--help", "serve --help", "up --help", "check -h"] {
        let help = order(line).expect_err(line).to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("its flag, its environment variable, the config file, its default"), "{help}");
        assert!(help.contains("--max-line <BYTES>") || line == "--help", "{help}");
    }
}

#[test]
fn a_description_names_what_is_not_default() {
    let order = order("check --workers 3 --max-line 8192 --places google-legacy --places-url http://127.0.0.1:1/x")
        .expect("an order");
    assert_eq!(
        Description(order.settings()).to_string(),
        "5 servers, 5 links\n  \
           Alford    127.0.0.1:12880  links: Hamilton, Welsh\n  \
           Ball      127.0.0.1:12881  links: Holiday, Welsh\n  \
           Hamilton  127.0.0.1:12882  links: Alford, Holiday\n  \
           Holiday   127.0.0.1:12883  links: Ball, Hamilton\n  \
           Welsh     127.0.0.1:12884  links: Alford, Ball\n\
         workers: 3\n\
         limits: as by default, but for\n  \
           max-line = 8192 (default: 4096)\n\
         places: google-legacy from http://127.0.0.1:1/x\n\
         log: standard error, human, info\n"
    );
}
