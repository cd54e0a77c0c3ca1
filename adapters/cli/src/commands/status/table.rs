//! The servers of a herd as a table for people, and what is wrong below it.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use super::grid::{Grid, WIDTH};
use super::regions::Regions;
use crate::health::{Answer, Report, Silence};
use crate::shown::offset;
use herd_command::escaped;

const HEADS: [&str; 7] = ["server", "address", "up since (UTC)", "clients", "conns", "links", "clock"];

/// As text, at most eighty columns wide unless a word is longer.
pub(super) struct Table<'a>(pub(super) &'a [Answer]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![HEADS.map(String::from)];
        rows.extend(self.0.iter().map(row));
        write!(f, "{}{}", Grid(rows), Regions(self.0))?;
        let wrong: Vec<_> =
            self.0.iter().flat_map(|answer| answer.wrong().into_iter().map(|what| (&answer.name, what))).collect();
        match wrong.len() {
            0 => return writeln!(f, "\nNothing is wrong."),
            1 => writeln!(f, "\nOne thing is wrong:")?,
            many => writeln!(f, "\n{many} things are wrong:")?,
        }
        wrong.iter().try_for_each(|(name, what)| write_wrapped(f, &escaped(&format!("{name}: {what}"))))
    }
}

fn row(answer: &Answer) -> [String; 7] {
    let (name, address) = (escaped(&answer.name), escaped(&answer.address));
    match &answer.report {
        Err(silence) => {
            let why = match silence {
                Silence::Unreached(_) => "not reached",
                Silence::Untold(_) => "not told",
            };
            [name, address, why.into(), "-".into(), "-".into(), "-".into(), "-".into()]
        }
        Ok(Report { shown, clock, .. }) => {
            let up = shown.neighbours.iter().filter(|neighbour| neighbour.is_up()).count();
            [
                name,
                address,
                date(shown.time - shown.uptime),
                shown.clients.to_string(),
                shown.connections.to_string(),
                format!("{up}/{}", shown.neighbours.len()),
                offset(*clock),
            ]
        }
    }
}

/// `2026-11-26 15:04` of so many seconds since the epoch.
fn date(seconds: f64) -> String {
    let time = Duration::try_from_secs_f64(seconds).ok().and_then(|since| UNIX_EPOCH.checked_add(since));
    let Some(text) = time.map(|time| format!("{:.16}", humantime::format_rfc3339_seconds(time).to_string())) else {
        return "?".into();
    };
    text.replace('T', " ")
}

/// A paragraph of its own, its further lines set in.
fn write_wrapped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut line = String::from(" ");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && !line.trim().is_empty() {
            writeln!(f, "{line}")?;
            line = "   ".into();
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(f, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Asked;

    fn answer(name: &str, address: &str, json: Result<&str, &str>) -> Answer {
        let asked = Asked { middle: 1_795_700_000.0, took: Duration::ZERO };
        let report = json.map(|json| Report::parse(json.as_bytes(), asked).expect("an object"));
        Answer {
            name: name.into(),
            address: address.into(),
            report: report.map_err(|why| Silence::Unreached(why.into())),
        }
    }

    #[test]
    fn a_herd_is_a_table_and_what_is_wrong() {
        let alford = r#"{"time": 1795700000.25, "uptime": 3600, "clients": 12, "connections": 3, "later": {},
            "neighbours": [{"state": "up"}, {"state": "down"}],
            "wrong": ["Welsh has been down for 3 min 2 s: Connection refused (os error 111), and this goes on and on"]}"#;
        let answers = [
            answer("Alford", "127.0.0.1:12880", Ok(alford)),
            answer("Welsh", "127.0.0.1:12884", Err("Connection refused")),
            Answer { report: Err(Silence::Untold("you may not ask".into())), ..answer("Ball", "b:1", Err("")) },
        ];
        let expected = "\
server  address          up since (UTC)    clients  conns  links   clock
Alford  127.0.0.1:12880  2026-11-26 12:33       12      3    1/2  +0.2 s
Welsh   127.0.0.1:12884  not reached             -      -      -       -
Ball    b:1              not told                -      -      -       -

3 things are wrong:
  Alford: Welsh has been down for 3 min 2 s: Connection refused (os error 111),
    and this goes on and on
  Welsh: it cannot be reached at 127.0.0.1:12884: Connection refused
  Ball: it is at b:1 and does not tell its status: you may not ask
";
        assert_eq!(Table(&answers).to_string(), expected);
    }

    #[test]
    fn servers_of_a_region_have_a_table_of_that() {
        let alford = r#"{"region": {"name": "us", "nats": "nats-1", "since": 200, "bridge": 7, "lag": 3},
            "regions": [{"name": "ap", "state": "silent", "heard": 182}, {"name": "eu", "state": "up", "heard": 2.25}],
            "counters": {"arrivals_told": 4, "arrivals_heard": 8, "region_questions": 20, "region_timeouts": 1}}"#;
        let ball = r#"{"region": {"name": "us", "nats": null, "since": 12, "bridge": null, "lag": null}}"#;
        let answers = [answer("Alford", "a:1", Ok(alford)), answer("Ball", "a:2", Ok(ball)), answer("C", "c", Err(""))];
        let expected = "
server  region       NATS              lag  arrivals  questions  time-outs
Alford  us (bridge)  nats-1 for 3 min    3        12         20          1
Ball    us           none for 12 s       -         0          0          0

Other regions:  ap silent for 3 min  eu heard 2 s ago

";
        let text = Table(&answers).to_string();
        assert!(text.contains(expected), "{text}");
        let alone = Table(&answers[1..]).to_string();
        assert!(alone.contains("\nNo other region was heard of.\n"), "{alone}");
    }

    #[test]
    fn it_fits_a_terminal_whatever_the_names_are() {
        let json = r#"{"time": 1.5, "uptime": 1e300, "clients": 10000000, "connections": 16000, "neighbours": []}"#;
        let long = "x".repeat(64);
        let answers =
            [answer(&long, "a-long-name.of-a-host.example.org:65535", Ok(json)), answer("b", "c:1", Ok("{}"))];
        let text = Table(&answers).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("…  a-long") && text.ends_with("\nNothing is wrong.\n"), "{text}");
    }

    #[test]
    fn what_a_server_says_does_not_reach_the_terminal_as_it_is() {
        let text = Table(&[answer("a", "b:1", Ok(r#"{"wrong": ["\u001b[2J\n x"]}"#))]).to_string();
        assert!(text.ends_with("  a: \\x1b[2J\\x0a x\n"), "{text}");
    }
}
