use super::at::{PassedOn, passed_on};
use super::iamat::{Iamat, iamat};
use super::lines::WINDOW;
use super::*;
use crate::report::HashKey;
use crate::wire::{Message, Sighted, Sighting};

/// What is said of an IAMAT, whatever line came before: client, position and time, if anything.
fn read<'a>(shape: &mut Shape, line: &'a str) -> Option<([&'a str; 3], i64)> {
    let mut window = [0; WINDOW];
    window[..line.len()].copy_from_slice(line.as_bytes());
    let Iamat { client, hash, shape, at } = iamat(&window, &HashKey::default(), shape)?;
    let [start, position, time, end] = shape.offsets(0, client + 1).to_array();
    let fields = &line["IAMAT ".len()..];
    assert_eq!(
        (start, end, hash),
        (0, client + 1 + shape.end(), HashKey::default().hash(&fields.as_bytes()[..client])),
        "{line}"
    );
    Some(([&fields[..client], &fields[position..time - 1], &fields[time..end]], at))
}

#[test]
fn it_says_of_a_line_what_the_whole_parser_says() {
    let clients = ["k", "kiwi.cs.ucla.edu", &"x".repeat(31), &"y".repeat(32), &"z".repeat(63)];
    let positions = [
        "+34.068930-118.445127",
        "-34.06+2.35",
        "+89.999999-179.9",
        "+0.5+0.5",
        "-7.1-99.0",
        "+34-118",
        "+0+0",
        "-89+7.25",
        "+7.25-179",
    ];
    let times = [
        "1479413884.392014450",
        "1479413899.000000001",
        "1479413900.000000000",
        "1.5",
        "12345678.123",
        "123456789.1",
        "9223371999.999999999",
        "9223372035.999999999",
        "0",
        "7",
        "12345678",
        "123456789",
        "1479413884",
        "9223372035",
    ];
    let mut shape = Shape::least(b'\n');
    for client in clients {
        for position in positions {
            for time in times {
                let line = format!("IAMAT {client} {position} {time}");
                let Ok(Some(Message::Iamat(Sighting { at, .. }))) = Message::parse(line.as_bytes()) else {
                    panic!("{line}")
                };
                let whole = format!("{line}\nIAMAT next +1.0+1.0 1.0\n");
                let expected = ([client, position, time], i64::try_from(at.as_nanos()).expect(time));
                assert_eq!(read(&mut shape, &whole), Some(expected), "{line}");
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
        "IAMAT kiwi +34.068930-118.445127 9223372036\n",
        "IAMAT kiwi +90-118 1479413884\n",
        "IAMAT kiwi +34-180 1479413884\n",
        "IAMAT kiwi +34- 1479413884\n",
        "IAMAT kiwi +-118 1479413884\n",
        "IAMAT kiwi +34.5.6-118 1479413884\n",
        "IAMAT kiwi +34-118 12345678901234567\n",
        "IAMAT kiwi +34.068930-118.445127 1479413884.392014450",
        "IAMAX kiwi +34.068930-118.445127 1479413884.392014450\n",
        "",
        "\u{1}".repeat(100).as_str(),
    ] {
        let mut shape = Shape::least(b'\n');
        assert_eq!(read(&mut shape, line), None, "{line}");
        read(&mut shape, "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\n").expect("the usual line");
        assert_eq!(read(&mut shape, line), None, "behind a usual line: {line}");
    }
}

/// What is said of an AT line, whatever line came before: origin, client, position and time, if anything.
fn read_at<'a>(shape: &mut Shape, line: &'a str) -> Option<([&'a str; 4], i64)> {
    let mut window = [0; WINDOW];
    window[..line.len()].copy_from_slice(line.as_bytes());
    let PassedOn { origin, offsets, end, at, client: hash } =
        passed_on::<false>(&window, &HashKey::default(), shape, 4)?;
    let mut kept = [0; WINDOW];
    kept[.."KEPT".len()].copy_from_slice(b"KEPT");
    kept["KEPT".len()..].copy_from_slice(&window["AT".len()..WINDOW - "KEPT".len() + "AT".len()]);
    let same = PassedOn { origin, offsets, end, at, client: hash };
    assert_eq!(passed_on::<true>(&kept, &HashKey::default(), shape, 4), Some(same), "{line}");
    assert_eq!(passed_on::<false>(&kept, &HashKey::default(), shape, 4), None);
    let [client, position, time, len] = offsets.to_array();
    let report = &line["AT ".len()..];
    assert_eq!((len, hash), (end, HashKey::default().hash(&report.as_bytes()[client..position - 1])), "{line}");
    Some(([&report[..origin], &report[client..position - 1], &report[position..time - 1], &report[time..end]], at))
}

#[test]
fn it_says_of_an_at_line_what_the_whole_parser_says() {
    let mut shape = Shape::least(b' ');
    for origin in ["A", "Alford", &"x".repeat(40)] {
        for skew in ["+0.263873386", "-12.5", "-9999.9", "+316107298.12095"] {
            for client in ["k", "kiwi.cs.ucla.edu"] {
                for (position, time) in
                    [("+34.068930-118.445127", "1479413884.392014450"), ("-7.1+2.35", "1.5"), ("+7-8", "1479413884")]
                {
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
        "AT A -10000.5 kiwi +1.0+1.0 1.5 B",
        "AT A",
    ] {
        let mut shape = Shape::least(b' ');
        read_at(&mut shape, "AT A +0.26 kiwi +1.0+1.0 1.5 B").expect("a usual line");
        assert_eq!(read_at(&mut shape, line), None, "{line}");
    }
}
