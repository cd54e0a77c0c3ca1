//! The client, end to end, against a server that says what it is told to.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const AT: &str = "AT Alford +0.263873386 kiwi +34.068930-118.445127 1479413884.392014450\n";
const JSON: &str = r#"{"html_attributions": ["by <b>us</b>"], "results": [{"name": "Westwood", "vicinity": "LA",
"geometry": {"location": {"lat": 34.05612, "lng": -118.43063}}}], "status": "OK"}"#;

/// A server that answers IAMAT and WHATSAT for `kiwi`, refuses all else, and then closes; where it
/// listens.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let lines = BufReader::new(stream.try_clone().expect("a handle")).split(b'\n');
            for line in lines.map_while(Result::ok) {
                let fields = String::from_utf8_lossy(&line).into_owned();
                let fields: Vec<&str> = fields.split_whitespace().collect();
                let reply = match fields[..] {
                    [] => continue,
                    ["IAMAT", "kiwi", ..] => AT.into(),
                    ["WHATSAT", "kiwi", ..] => format!("{AT}{JSON}\n\n"),
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
    assert_eq!(refused, (1, format!("{AT}? foo  bar\n"), String::new()));
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
fn wrong_use_is_one_line_and_two() {
    for (arguments, part) in [
        (&["send", "--to", "Nobody", "x"][..], "\"Nobody\" is no server of this herd (servers: Alford, Ball"),
        (&["iamat", "two words", "1", "1"], "is no client's ID"),
        (&["iamat", "kiwi", "91", "1"], "91, 1 is not on the globe"),
        (&["iamat", "kiwi", "1", "1", "--at", "soon"], "\"soon\" is no time"),
        (&["whatsat", "kiwi", "--radius", "51"], "invalid radius"),
        (&["whatsat", "kiwi", "--bound", "21"], "invalid bound"),
        (&["send", "--config", "/no/such.toml", "x"], "there is no such config file"),
        (&["send", "--frm", "Alford"], "unexpected argument '--frm' found; tip: "),
        (&["iamat", "kiwi"], "required arguments were not provided: <LAT> <LNG>; try --help"),
        (&["iamat", "kiwi", "north", "1"], "invalid value 'north' for '<LAT>': "),
        (&["send", "--timeout", "so\n\nlong", "x"], "invalid value 'so"),
        (&["snd"], "unrecognized subcommand 'snd'"),
    ] {
        let (code, out, err) = told(&herd(arguments, ""));
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{arguments:?}: {err}");
        assert!(err.starts_with("herd: error: ") && err.contains(part), "{err}");
    }
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
    assert!(code == 2 && err.contains("\"\" is no server of this herd"), "a flag counts before the variable: {err}");
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
