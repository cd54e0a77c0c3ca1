//! `herd near`, end to end, against a server that says what it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Output;

use herd_tests::process::command;

/// A server that answers these requests, refuses all others, and then closes; where it listens.
fn server(answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
            for line in lines.map_while(Result::ok) {
                let answer = answers.iter().find(|(request, _)| *request == line);
                let answer = answer.map_or_else(|| format!("? {line}\n"), |(_, answer)| (*answer).to_owned());
                if stream.write_all(answer.as_bytes()).is_err() || answer.starts_with('?') {
                    break;
                }
            }
        }
    });
    address
}

fn near(arguments: &[&str], columns: &str) -> (i32, String, String) {
    let mut command = command(env!("CARGO_BIN_EXE_herd"));
    let Output { status, stdout, stderr } =
        command.arg("near").args(arguments).env("COLUMNS", columns).output().expect("the client starts");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (status.code().expect("it was not killed"), text(&stdout), text(&stderr))
}

const TRUCKS: &str = "AT Alford +0.25 truck-7 +34.068930-118.445127 1479413884.5\n\
                      AT Ball -0.01 truck-12\u{9b} +34.1-118.4 1479413884\n\n";

#[test]
fn who_is_near_is_a_table() {
    let to = server(&[("NEAR +34.07-118.44 5 20", TRUCKS), ("NEAR +34.07-118.44 1 0", "\n")]);
    let (code, out, error) = near(&["34.07", "-118.44", "--radius", "5", "--to", &to], "80");
    assert_eq!((code, error.as_str()), (0, ""));
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["client", "distance", "bearing", "age", "position"]);
    assert_eq!(rows[1][..5], ["truck-7", "0.49", "km", "W", "256°"]);
    assert_eq!(rows[1][7..], ["34.06893", "-118.44513"], "the age in days stands between: {out}");
    assert_eq!(rows[2][..5], [r"truck-12\x9b", "4.97", "km", "NE", "48°"]);
    let nobody = near(&["34.07", "-118.44", "--radius", "1", "--bound", "0", "--to", &to], "80");
    assert_eq!(nobody, (0, "nobody within 1 km of 34.07000 -118.44000\n".into(), String::new()));
    // The same in little room.
    let (_, narrow, _) = near(&["34.07", "-118.44", "--radius", "5", "--to", &to], "40");
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    assert!(narrow.contains("\n  34.06893 -118.44513\n"), "{narrow}");
}

#[test]
fn who_is_near_is_geojson() {
    let to = server(&[
        ("WHATSAT kiwi 0 0", "AT Alford +0.5 kiwi +34.07-118.44 5\n{}\n\n"),
        ("NEAR kiwi 10 1000 truck-* HEARD 3601", TRUCKS),
    ]);
    let arguments = ["kiwi", "--bound", "1000", "--match", "truck-*", "--heard", "1h 500ms", "--json", "--to", &to];
    let (code, out, error) = near(&arguments, "");
    assert_eq!((code, error.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["type"], "FeatureCollection");
    let features = json["features"].as_array().expect("a list");
    assert_eq!(features.len(), 2);
    let Some(first) = features.first() else { panic!("{json}") };
    assert_eq!((&first["type"], &first["id"]), (&"Feature".into(), &"truck-7".into()));
    assert_eq!(first["geometry"], serde_json::json!({ "type": "Point", "coordinates": [-118.445_127, 34.06893] }));
    let properties = &first["properties"];
    for (name, value) in [("client", "truck-7"), ("origin", "Alford"), ("skew", "+0.25"), ("time", "1479413884.5")] {
        assert_eq!(properties[name], value, "{json}");
    }
    let number = |name: &str| properties[name].as_f64().expect(name);
    assert!((number("distance") - 0.4866).abs() < 0.0005, "{json}");
    assert!((number("bearing") - 255.8).abs() < 0.5, "{json}");
    assert!(number("age") > 1e8, "{json}");
}

#[test]
fn what_is_refused_is_told() {
    let to = server(&[("WHATSAT kiwi 0 0", "AT Alford +0.5 kiwi +34.07-118.44 5\n{}\n\n")]);
    for (arguments, what) in [
        (&["emu"][..], "refused: WHATSAT emu 0 0; it has not heard of this client, or you have no right to ask for it"),
        (&["kiwi"], "refused: NEAR kiwi 10 20; you may have no right to ask who is near"),
        (&["+34.07-118.44"], "refused: NEAR +34.07-118.44 10 20; "),
    ] {
        let (code, out, error) = near(&[arguments, &["--to", &to]].concat(), "");
        assert!(code == 1 && out.is_empty() && error.contains(what), "{error}");
    }
}

#[test]
fn wrong_use_is_one_line_and_two() {
    for (arguments, what) in [
        (&[][..], "required arguments were not provided"),
        (&["91", "0"], "invalid latitude \"91\": not a number from -90 to 90"),
        (&["34", "west"], "invalid longitude \"west\": not a number from -180 to 180"),
        (&["34", "-118", "5"], "unexpected value"),
        (&["two words"], "invalid client ID \"two words\""),
        (&["kiwi", "--radius", "20017"], "not a distance from 0 to 20016 km"),
        (&["kiwi", "--radius", "5 5"], "'5 5' for '--radius <KM>': not a distance"),
        (&["kiwi", "--bound", "1001"], "not a whole number from 0 to 1000"),
        (&["kiwi", "--heard", "0s"], "not a time from 1ms to 100years"),
        (
            &["kiwi", "--heard", "soon"],
            "'soon' for '--heard <TIME>': not a time in seconds or with a unit, as in 500ms, 10s or 5m",
        ),
        (&["kiwi", "--match", "a*b"], "invalid pattern"),
    ] {
        let (code, out, error) = near(arguments, "");
        assert!(
            code == 2 && out.is_empty() && error.lines().count() == 1 && error.contains(what),
            "{arguments:?}: {error}"
        );
    }
}
