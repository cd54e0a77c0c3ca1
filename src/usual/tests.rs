use super::*;
use crate::message::{Message, Sighted, Sighting};
use crate::time::Timestamp;

/// What the server's clock says in these tests.
const WALL: &str = "1479413884.892014450";

/// What a shape says of a line, whatever line came before, and the skew.
fn read(shape: &mut Shape, line: &str) -> Option<(Iamat, String)> {
    let mut window = [0; WINDOW];
    window[..line.len()].copy_from_slice(line.as_bytes());
    let wall = Wall::new(Timestamp::parse(WALL.as_bytes()).expect("a time")).expect("it is near");
    let mut skew = [0; Skew::ROOM];
    let iamat = iamat(&window, shape, &wall, &mut skew)?;
    Some((iamat, String::from_utf8_lossy(&skew[..iamat.skew]).into_owned()))
}

#[test]
fn it_says_of_a_line_what_the_whole_parser_says() {
    let clients = ["k", "kiwi.cs.ucla.edu", &"x".repeat(31), &"y".repeat(32), &"z".repeat(63)];
    let positions = ["+34.068930-118.445127", "-34.06+2.35", "+89.999999-179.9", "+0.5+0.5", "-7.1-99.0"];
    let times = [
        "1479413884.392014450",
        "1479413899.000000001",
        "1479413900.000000000",
        "1.5",
        "12345678.123",
        "123456789.1",
        "9223371999.999999999",
        "9223372035.999999999",
    ];
    let mut shape = Shape::default();
    for client in clients {
        for position in positions {
            for time in times {
                let line = format!("IAMAT {client} {position} {time}");
                let found = read(&mut shape, &format!("{line}\nIAMAT next +1.0+1.0 1.0\n")).expect(&line);
                let Ok(Some(Message::Iamat(Sighting { at, .. }))) = Message::parse(line.as_bytes()) else {
                    panic!("{line}")
                };
                let skew = Timestamp::parse(WALL.as_bytes()).expect("a time").since(at).to_string();
                let (position, starts) = (client.len() + 1, client.len() + position.len() + 2);
                let end = starts + time.len();
                let iamat = Iamat {
                    places: Places::new([0, position, starts, end]),
                    end,
                    at: i64::try_from(at.as_nanos()).expect(time),
                    skew: skew.len(),
                    place: Place::of(client.as_bytes()),
                };
                let expected = (iamat, skew);
                assert_eq!(found, expected, "{line}");
            }
        }
    }
}

#[test]
fn whatever_is_unusual_is_left_to_the_whole_parser() {
    for line in [
        "IAMAT kiwi +34.068930-118.445127 1479413884.39201445x\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884x392014450\n",
        "IAMAT kiwi +34.068930-118.445127\t1479413884.392014450\n",
        "IAMAT kiwi  34.068930-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +34.068930x118.445127 1479413884.392014450\n",
        "IAMAT kiwi +34.068930,118.445127 1479413884.392014450\n",
        "IAMAT kiwi ,34.068930-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +94.068930-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +90.000000-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +34.068930-180.000000 1479413884.392014450\n",
        "IAMAT kiwi +34.068930-118.445127 9223372036.392014450\n",
        "IAMAT kiwi\t+34.068930-118.445127 1479413884.392014450\n",
        "IAMAT  +34.068930-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\r\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884.392014450 \n",
        "IAMAT kiwi +34.-118.445127 1479413884.392014450\n",
        "IAMAT kiwi +34.068930-118.445127 .392014450\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884.\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884.392014450",
        "IAMAX kiwi +34.068930-118.445127 1479413884.392014450\n",
        "",
    ] {
        let mut shape = Shape::default();
        assert_eq!(read(&mut shape, line), None, "{line}");
        read(&mut shape, "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\n").expect("the usual line");
        assert_eq!(read(&mut shape, line), None, "behind a usual line: {line}");
    }
}

/// What is said of an AT line, whatever line came before: origin, client, position and time, if anything.
fn read_at<'a>(shape: &mut Shape, line: &'a str) -> Option<([&'a str; 4], i64)> {
    let mut window = [0; WINDOW];
    window[..line.len()].copy_from_slice(line.as_bytes());
    let PassedOn { origin, places, end, at, place } = passed_on(&window, shape)?;
    let [client, position, time, len] = places.to_array();
    let report = &line["AT ".len()..];
    assert_eq!((len, place), (end, Place::of(&report.as_bytes()[client..position - 1])), "{line}");
    Some(([&report[..origin], &report[client..position - 1], &report[position..time - 1], &report[time..end]], at))
}

#[test]
fn it_says_of_an_at_line_what_the_whole_parser_says() {
    let mut shape = Shape::default();
    for origin in ["A", "Alford", &"x".repeat(40)] {
        for skew in ["+0.263873386", "-12.5", "+316107298.12095"] {
            for client in ["k", "kiwi.cs.ucla.edu"] {
                for (position, time) in [("+34.068930-118.445127", "1479413884.392014450"), ("-7.1+2.35", "1.5")] {
                    let line = format!("AT {origin} {skew} {client} {position} {time} Ball");
                    let Ok(Some(Message::At { report: Sighted { sighting, .. }, .. })) =
                        Message::parse(line.as_bytes())
                    else {
                        panic!("{line}")
                    };
                    let found = read_at(&mut shape, &line);
                    let expected =
                        ([origin, client, position, time], i64::try_from(sighting.at.as_nanos()).expect(time));
                    assert!(found == Some(expected) || skew.len() > 15, "{line}");
                }
            }
        }
    }
}

#[test]
fn an_at_line_that_is_unusual_is_left_to_the_whole_parser() {
    for line in [
        "AT A 0.26 kiwi +1.0+1.0 1.5 B",
        "AT A +.26 kiwi +1.0+1.0 1.5 B",
        "AT A +0. kiwi +1.0+1.0 1.5 B",
        "AT A +026 kiwi +1.0+1.0 1.5 B",
        "AT A +0.2.6 kiwi +1.0+1.0 1.5 B",
        "AT A +0.26  kiwi +1.0+1.0 1.5 B",
        "AT A +0.26x kiwi +1.0+1.0 1.5 B",
        "AT  A +0.26 kiwi +1.0+1.0 1.5 B",
        "AT A +0.26 kiwi +1.0+1.0 1.5\n",
        "AT A +0.26 kiwi 1.0+1.0 1.5 B",
        "AT A",
    ] {
        let mut shape = Shape::default();
        read_at(&mut shape, "AT A +0.26 kiwi +1.0+1.0 1.5 B").expect("a usual line");
        assert_eq!(read_at(&mut shape, line), None, "{line}");
    }
}
