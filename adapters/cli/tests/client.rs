//! The client, end to end, against a server that says what it is told to.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const AT: &str = "AT Alford +0.263873386 kiwi +34.068930-118.445127 1479413884.392014450\n";
const JSON: &str = r#"{"html_attributions": ["by <b>us</b>"], "results": [{"name": "Westwood", "vicinity": "LA",
"geometry": {"location": {"lat": 34.05612, "lng": -118.43063}}}], "status": "OK"}"#;

/// A token that the server knows, and one that it does not.
const TOKEN: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
const OTHER: &str = "7bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";

/// A server that answers IAMAT and WHATSAT for `kiwi`, refuses all else, and then closes; where it
/// listens.
fn server() -> String {
    server_for(false)
}

/// The same, which may serve only who has said the token.
fn server_for(known_only: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let lines = BufReader::new(stream.try_clone().expect("a handle")).split(b'\n');
            let mut serves = !known_only;
            for line in lines.map_while(Result::ok) {
                let fields = String::from_utf8_lossy(&line).into_owned();
                let fields: Vec<&str> = fields.split_whitespace().collect();
                let reply = match fields[..] {
                    [] => continue,
                    ["AUTH", token] => {
                        serves = token == TOKEN;
                        if serves { "OK\n".into() } else { "? AUTH\n".into() }
                    }
                    ["IAMAT", "kiwi", ..] if serves => AT.into(),
                    ["WHATSAT", "kiwi", ..] if serves => format!("{AT}{JSON}\n\n"),
                    ["WHATSAT", "lost", ..] if serves => {
                        format!(
                            "{AT}{{\"results\": [], \"status\": \"UNKNOWN_ERROR\", \"error_message\": \"down\"}}\n\n"
                        )
                    }
                    ["STATUS"] if serves => "{\"server\":\"Alford\",\"wrong\":[]}\n".into(),
                    _ => format!("? {}\n", String::from_utf8_lossy(&line)),
                };
                if stream.write_all(reply.as_bytes()).is_err() || reply.starts_with('?') {
                    break;
                }
            }
        }
    });
    address
}

fn command(arguments: &[&str]) -> Command {
    let mut command = herd_tests::process::command(env!("CARGO_BIN_EXE_herd"));
    command.args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn herd(arguments: &[&str], input: &str) -> Output {
    let mut child = command(arguments).spawn().expect("the client starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads its input");
    child.wait_with_output().expect("it ends")
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it was not killed"), text(&output.stdout), text(&output.stderr))
}

#[test]
fn send_prints_replies_as_they_come() {
    let to = server();
    let requests = ["IAMAT kiwi +34.068930-118.445127 1479413884.392014450", "  ", "WHATSAT kiwi 10 5"];
    let whole = (0, format!("{AT}{AT}{JSON}\n\n"), String::new());
    assert_eq!(told(&herd(&[&["send", "--to", &to][..], &requests].concat(), "")), whole);
    assert_eq!(told(&herd(&["send", "--to", &to], &requests.join("\n"))), whole, "through a pipe");
}

#[test]
fn each_line_of_an_argument_has_its_reply() {
    let to = server();
    let whole = (0, format!("{AT}{AT}{JSON}\n\n{AT}"), String::new());
    let lines = "IAMAT kiwi +1+1 1\n\n \t\nWHATSAT kiwi 10 5\r\nIAMAT kiwi +1+1 1\n";
    assert_eq!(told(&herd(&["send", "--to", &to, lines], "")), whole);
}

#[test]
fn input_that_cannot_be_read_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    let mut command = command(&["send", "--to", &to]);
    let child = command.stdin(File::open("/").expect("a folder")).spawn().expect("the client starts");
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    let mut requests = Vec::new();
    stream.read_to_end(&mut requests).expect("it says that no more comes");
    drop(stream);
    let (code, out, err) = told(&child.wait_with_output().expect("it ends"));
    assert_eq!((requests.len(), code, out.as_str(), err.lines().count()), (0, 1, "", 1), "{err}");
    assert!(err.starts_with("herd: error: cannot read standard input: "), "{err}");
}

#[test]
fn a_refusal_is_printed_and_told_by_the_exit_code() {
    let refused = told(&herd(&["send", "--to", &server(), "IAMAT kiwi +1+1 1", "foo  bar"], ""));
    let why = "herd: error: request 2 refused: foo  bar: unknown command\n";
    assert_eq!(refused, (1, format!("{AT}? foo  bar\n"), why.into()));
    let (code, out, err) = told(&herd(&["whatsat", "nobody", "--to", &server()], ""));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("refused: WHATSAT nobody 10 5; it has not heard of this client, "), "{err}");
}

#[test]
fn answers_are_shown_for_people_and_as_json() {
    let to = server();
    let (code, out, _) = told(&herd(&["iamat", "kiwi", "34.06893", "-118.445127", "--to", &to], ""));
    assert_eq!((code, out.lines().next()), (0, Some("kiwi is at 34.068930° N, 118.445127° W")));
    let (code, out, _) = told(&herd(&["whatsat", "kiwi", "--to", &to], ""));
    assert_eq!(code, 0);
    let header = out.lines().nth(4).expect("a table");
    assert_eq!(header.split_whitespace().collect::<Vec<_>>().join(" "), "distance name latitude longitude vicinity");
    assert!(out.contains("2.0 km  Westwood   34.05612 -118.43063  LA") && out.ends_with("\nby us\n"), "{out}");
    for arguments in [&["iamat", "kiwi", "1", "1"][..], &["whatsat", "kiwi"]] {
        let (code, out, _) = told(&herd(&[arguments, &["--json", "--to", &to]].concat(), ""));
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let at = value.get("at").unwrap_or(&value);
        assert_eq!((code, at["client"].as_str(), at["longitude"].as_f64()), (0, Some("kiwi"), Some(-118.445_127)));
    }
}

#[test]
fn places_that_could_not_be_had_are_told_by_the_exit_code() {
    let to = server();
    let (code, out, err) = told(&herd(&["whatsat", "lost", "--to", &to], ""));
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.starts_with("kiwi is at 34.068930° N") && out.ends_with("\n  no places: down\n"), "{out}");
    let (code, out, _) = told(&herd(&["whatsat", "lost", "--json", "--to", &to], ""));
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &json["places"]["status"]), (1, &"UNKNOWN_ERROR".into()));
}

#[test]
fn text_of_others_is_shown_as_it_is_but_for_what_terminals_obey() {
    let (_, _, err) = told(&herd(&["whatsat", "Zürich-東\u{9b}", "--to", &server()], ""));
    assert!(err.contains(r" refused: WHATSAT Zürich-東\x9b 10 5; it has not heard"), "{err}");
    let (_, out, err) = told(&herd(&["send", "--to", &server()], "IAMAT Zürich\u{1b} +1+1 1\n"));
    assert_eq!(out, "? IAMAT Zürich\u{1b} +1+1 1\n", "a pipe gets what came");
    assert!(err.contains(r" refused: IAMAT Zürich\x1b +1+1 1: "), "{err}");
}

#[test]
fn errors_are_json_too() {
    let (to, nowhere) = (server(), herd_tests::ports::free_address().to_string());
    for (arguments, exit, kind) in [
        (&["whatsat", "nobody", "--to", &to][..], 1, "refused"),
        (&["near", "nobody", "--to", &to], 1, "refused"),
        (&["status", "--to", "Nobody"], 2, "usage"),
        (&["send", "foo", "--to", &to], 1, "refused"),
        (&["iamat", "kiwi", "1", "1", "--to", &nowhere], 1, "unreachable"),
        (&["where", "kiwi", "--to", &nowhere], 1, "unreachable"),
        (&["iamat", "kiwi", "north", "1"], 2, "usage"),
        (&["snd"], 2, "usage"),
        (&["top"], 2, "usage"),
    ] {
        let (code, _, err) = told(&herd(&[arguments, &["--json"]].concat(), ""));
        let json: serde_json::Value = serde_json::from_str(&err).expect("JSON");
        assert_eq!((code, &json["kind"]), (exit, &kind.into()), "{arguments:?}: {err}");
        assert!(json["error"].as_str().is_some_and(|text| !text.is_empty()), "{err}");
    }
}

#[test]
fn what_is_made_is_told_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("certs").display().to_string();
    let json = |arguments: &[&str]| {
        let (code, out, err) = told(&herd(&[&["--json"], arguments].concat(), ""));
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<serde_json::Value>>()
    };
    assert_eq!(json(&["secret"])[0]["secret"].as_str().map(str::len), Some(43));
    let token = &json(&["token", "trucks", "--may", "report:truck-*"])[0];
    let hash = herd::Token::parse(token["token"].as_str().expect("text").as_bytes()).expect("a token").hash();
    assert_eq!((&token["sha256"], &token["may"][0]), (&hash.to_string().into(), &"report:truck-*".into()));
    let made = json(&["certs", "--out", &out]);
    assert_eq!((made.len(), &made[1]["server"], &made[1]["made"]), (6, &"Alford".into(), &true.into()));
    assert!(json(&["certs", "--out", &out]).iter().all(|file| file["made"] == false), "they are kept");
}

#[test]
fn wrong_use_is_one_line_and_two() {
    for (arguments, part) in [
        (
            &["send", "--to", "Nobody", "x"][..],
            "\"Nobody\" is neither a server of this herd nor ADDR:PORT (servers: Alford, Ball",
        ),
        (&["send", "--to", "alfrod", "x"], "nor ADDR:PORT; did you mean Alford? (servers: Alford, Ball"),
        (&["iamat", "two words", "1", "1"], "invalid client ID \"two words\""),
        (&["iamat", "kiwi", "91", "1"], "invalid value '91' for '<LAT>': not a number from -90 to 90; try --help"),
        (&["iamat", "kiwi", "1", "1", "--at", "soon"], "invalid time \"soon\": expected POSIX seconds"),
        (&["whatsat", "kiwi", "--radius", "5mi"], "'5mi' for '--radius <KM>': not a distance from 0 to 50 km"),
        (&["watch", "--near", "91", "1", "--radius", "1"], "91, 1 is not on the globe"),
        (&["fence", "1", "1", "--radius", "1", "--dwell", "0"], "not a time from 1s to 1day"),
        (&["demo", "--count", "0"], "not a whole number from 1 to 1000000"),
        (&["status", "--timeout", "0"], "not a time from 1ms to 100years"),
        (
            &["iamat", "kiwi", "1", "1", "--radius", "5"],
            "it is an option of whatsat, near, watch, fence, bench; try --help",
        ),
        (&["whatsat", "kiwi", "--bound", "21"], "not a whole number from 0 to 20"),
        (&["send", "--config", "/no/such.toml", "x"], "there is no such config file"),
        (&["send", "--frm", "Alford"], "unexpected argument '--frm' found; tip: "),
        (&["iamat", "kiwi"], "required arguments were not provided: <LAT> <LNG>; try --help"),
        (&["iamat", "kiwi", "34,07", "1"], "invalid value '34,07' for '<LAT>': not a number from -90 to 90"),
        (&["send", "--timeout", "so\n\nlong", "x"], "invalid value 'so"),
        (&["snd"], "unrecognized subcommand 'snd'"),
    ] {
        let (code, out, err) = told(&herd(arguments, ""));
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{arguments:?}: {err}");
        assert!(err.starts_with("herd: error: ") && err.contains(part), "{err}");
    }
}

#[test]
fn a_variable_that_no_program_knows_is_told() {
    let mut command = command(&["iamat", "--to", &server(), "kiwi", "1", "1"]);
    let output = command.env("HERD_TOKN", "x").env("HERD_MAX_LINE", "5").output().expect("the client starts");
    let (code, _, err) = told(&output);
    let warning = "herd: warning: unknown environment variable HERD_TOKN; did you mean HERD_TOKEN?\n";
    assert_eq!((code, err.as_str()), (0, warning), "servers know HERD_MAX_LINE");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    // A herd whose first server is this test's, so that no other is called.
    let to = server();
    let config = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&config, format!("[[server]]\nname = \"First\"\nlisten = {to:?}\n")).expect("it takes a herd");
    let path = config.path().to_str().expect("a path of text");
    for variable in ["", "First", &to] {
        let output = command(&["send", "--config", path, "IAMAT kiwi +1+1 1"]).env("HERD_TO", variable).output();
        assert_eq!(told(&output.expect("the client starts")), (0, AT.into(), String::new()), "{variable:?}");
    }
    let output = command(&["send", "--config", path, "--to", "", "x"]).env("HERD_TO", "First").output();
    let (code, _, err) = told(&output.expect("the client starts"));
    assert!(
        code == 2 && err.contains("\"\" is neither a server of this herd nor ADDR:PORT"),
        "a flag counts before the variable: {err}"
    );
}

#[test]
fn help_is_no_error() {
    let (code, out, err) = told(&herd(&["send", "--help"], ""));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("Usage: herd send"), "{out}");
}

#[test]
fn each_secret_is_another_key() {
    let secret = || {
        let (code, out, err) = told(&herd(&["secret"], ""));
        assert_eq!((code, err.as_str(), out.len()), (0, "", 44));
        assert!(out.trim_end().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{out}");
        out
    };
    assert_ne!(secret(), secret());
}

#[test]
fn who_cannot_be_reached_is_told() {
    let address = herd_tests::ports::free_address().to_string();
    let (code, _, err) = told(&herd(&["send", "--to", &address, "x"], ""));
    assert_eq!(code, 1);
    assert!(
        err.starts_with(&format!("herd: error: cannot reach {address}: ")) && err.contains("herd-tokio up"),
        "{err}"
    );
}

#[test]
fn who_does_not_answer_is_waited_for_so_long() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let (code, _, err) = told(&herd(&["send", "--to", &address, "--timeout", "100ms", "IAMAT a +1+1 1"], ""));
    assert_eq!((code, err), (1, format!("herd: error: {address}: no answer within 100ms\n")));
}

#[test]
fn a_load_counts_refusals_and_tells_them() {
    let (code, out, err) = told(&herd(&["bench", "--to", &server(), "--connections", "1", "--count", "3"], ""));
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.contains("ERRORS: ") && out.contains("the first: the server answered: ? IAMAT herd-bench-"), "{out}");
}

#[test]
fn a_token_is_said_first_on_each_connection() {
    let (to, folder) = (server_for(true), tempfile::tempdir().expect("a folder"));
    let [good, bad] = [("good", TOKEN), ("bad", OTHER)].map(|(name, token)| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{token}\n")).expect("a file");
        path.display().to_string()
    });
    let requests = ["IAMAT kiwi +1+1 1", "WHATSAT kiwi 10 5"].join("\n");
    for (arguments, input) in [
        (&["send"][..], requests.as_str()),
        (&["send", "IAMAT kiwi +1+1 1"], ""),
        (&["iamat", "kiwi", "1", "1"], ""),
        (&["whatsat", "kiwi"], ""),
        (&["status"], ""),
    ] {
        let run = |variable: &str, file: &[&str]| {
            let mut child = command(arguments)
                .args(["--to", &to])
                .args(file)
                .env("HERD_TOKEN", variable)
                .spawn()
                .expect("it starts");
            child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads its input");
            told(&child.wait_with_output().expect("it ends"))
        };
        let (code, out, err) = run(TOKEN, &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}: {out}");
        assert_eq!(run("", &["--token-file", &good]).0, 0, "{arguments:?}");
        assert_eq!(run(OTHER, &["--token-file", &good]).0, 0, "{arguments:?}: a flag goes before the variable");
        for (variable, file) in [(OTHER, &[][..]), (TOKEN, &["--token-file", &bad])] {
            let (code, out, err) = run(variable, file);
            assert_eq!(code, 1, "{arguments:?}: {out}{err}");
            // What is wrong is cut into lines for people.
            let said = (out + &err).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains("the token is not known there: check --token-file or HERD_TOKEN"), "{said}");
            assert!(!said.contains(OTHER), "{said}");
        }
        assert_ne!(run("", &[]).0, 0, "{arguments:?}: nobody else is served");
    }
}

#[test]
fn a_token_that_is_none_is_told_and_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token").display().to_string();
    for text in ["", "short", &TOKEN[1..], &format!("{TOKEN}\n{OTHER}"), &TOKEN.replace('6', "+")] {
        std::fs::write(&path, text).expect("a file");
        let (code, out, err) = told(&herd(&["send", "--to", "127.0.0.1:1", "--token-file", &path, "x"], ""));
        let what = format!(
            "herd: error: --token-file: {path}: a token is 43 characters of base64url, as `herd token` prints it\n"
        );
        assert_eq!((code, out.as_str(), err.as_str()), (2, "", what.as_str()));
    }
    let output =
        command(&["send", "--to", "127.0.0.1:1", "x"]).env("HERD_TOKEN", &TOKEN[1..]).output().expect("it starts");
    let (code, _, err) = told(&output);
    assert!(
        code == 2 && err.starts_with("herd: error: HERD_TOKEN: a token is 43") && !err.contains(&TOKEN[1..]),
        "{err}"
    );
    let (code, _, err) = told(&herd(&["send", "--token-file", "/no/such", "x"], ""));
    assert!(code == 2 && err.contains("--token-file: /no/such cannot be read: "), "{err}");
}

#[test]
fn a_new_token_comes_with_the_lines_for_it() {
    let may = ["--may", "report:truck-*", "--may", "ask:a\"b\\c", "--may", "status"];
    let (code, out, err) =
        told(&herd(&[&["token", "the \"trucks\""][..], &may, &["--reports-per-second", "5"]].concat(), ""));
    assert_eq!((code, err.as_str()), (0, ""));
    let (token, lines) = out.split_once("\n\n").expect("a token and lines");
    let table = &lines.parse::<toml::Table>().expect("TOML")["access"]["token"][0];
    assert_eq!(table["name"].as_str(), Some("the \"trucks\""));
    let hash = herd::Token::parse(token.as_bytes()).expect("a token").hash().to_string();
    assert_eq!(table["sha256"].as_str(), Some(hash.as_str()));
    let rights: Vec<_> = table["may"].as_array().expect("a list").iter().filter_map(|right| right.as_str()).collect();
    assert_eq!(rights, ["report:truck-*", "ask:a\"b\\c", "status"]);
    assert_eq!(table["reports-per-second"].as_integer(), Some(5));
    assert!(!lines.contains(token), "the token stands once: {out}");
}

#[test]
fn a_token_goes_to_a_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    let arguments = ["token", "x", "--may", "all", "--out", path.to_str().expect("text")];
    let (code, out, _) = told(&herd(&arguments, ""));
    let token = std::fs::read_to_string(&path).expect("a file");
    let hash = herd::Token::parse(token.trim_end().as_bytes()).expect("a token").hash().to_string();
    assert!(code == 0 && out.starts_with("[[access.token]]\n") && out.contains(&hash), "{out}");
    assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    let (code, _, err) = told(&herd(&arguments, ""));
    assert!(code == 2 && err.contains("--out: ") && err.contains("exists"), "{err}");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), token, "one that may be in use stays");
    for (may, part) in [
        ("report:a*b", "invalid pattern"),
        ("reports:*", "unknown right `reports:*` (known: report, forget, ask"),
        ("near:*", "`near` takes no pattern"),
    ] {
        let (code, _, err) = told(&herd(&["token", "x", "--may", may], ""));
        assert!(code == 2 && err.lines().count() == 1 && err.contains(part), "{err}");
    }
}
