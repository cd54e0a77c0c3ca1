//! Phones and trackers, by requests as their apps send them, byte for byte. What each format makes of which request is
//! tested where it is read (`adapters/web/src/devices/tests.rs`); here a point stands where it should, and the app hears
//! what it needs.

use std::time::{SystemTime, UNIX_EPOCH};

use herd::Token;
use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::http::{HttpAnswer, HttpClient, ask, basic};
use herd_tests::patience::wait_for;

use crate::binaries;

/// Requests of documentation are of years ago.
const ANY_AGE: &str = "[http.devices]\nmax-age = \"off\"\n";

fn start_with(config: &str) -> Herd {
    Plan::new(&binaries(), &single()).with_http().with_config(config).start()
}

fn start() -> Herd {
    start_with(ANY_AGE)
}

/// POSIX seconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn get(herd: &Herd, target: &str) -> HttpAnswer {
    ask(herd.door("A"), "GET", target, &[], "")
}

fn post(herd: &Herd, target: &str, body: &str) -> HttpAnswer {
    ask(herd.door("A"), "POST", target, &[("Content-Type", "application/json")], body)
}

/// What OwnTracks sends of that phone.
fn owntracks(place: &str, time: u64) -> String {
    format!(r#"{{"_type":"location","acc":13,{place},"tid":"n5","tst":{time},"topic":"owntracks/jane/n5"}}"#)
}

/// Where a client is, as the herd says it: its coordinates and its time.
fn whereabouts(herd: &Herd, client: &str) -> Option<(String, String)> {
    let answer = get(herd, &format!("/v1/clients/{}", client.replace('/', "%2F").replace("%20", "%2520")));
    if answer.status == 404 {
        return None;
    }
    let feature = answer.json();
    Some((
        feature["geometry"]["coordinates"].to_string(),
        feature["properties"]["time"].as_str().expect("a time").into(),
    ))
}

/// A point stands at that place of the map, and it is this client's.
fn assert_stands(herd: &Herd, client: &str, [lat, lng]: [&str; 2]) {
    let near = get(herd, &format!("/v1/near?lat={lat}&lng={lng}&radius=0.01&bound=10"));
    assert_eq!(near.status, 200, "{}", near.text());
    let near = near.json();
    let features = near["features"].as_array().expect("features");
    let expected = client.replace('%', "%25");
    assert!(
        features.iter().any(|feature| feature["id"] == expected.as_str()),
        "{client} is not at {lat},{lng}: {near}"
    );
}

/// Each app's request as it is on the wire, with the headers that it sends.
#[test]
fn each_app_puts_a_point_on_the_map() {
    let herd = start();
    let door = herd.door("A");
    let overland = r#"{"locations":[{"type":"Feature","geometry":{"type":"Point","coordinates":[-122.030581,37.331800]},"properties":{"timestamp":"2015-10-01T08:00:00-0700","altitude":0,"speed":4,"horizontal_accuracy":30,"vertical_accuracy":-1,"motion":["driving","stationary"],"battery_state":"charging","battery_level":0.89,"device_id":"aaron's phone","wifi":""}}]}"#;
    let traccar = r#"{"location":{"timestamp":"2025-06-15T13:45:12.862Z","coords":{"latitude":37.4219983,"longitude":-122.084,"accuracy":5,"speed":0,"heading":-1,"altitude":5},"is_moving":false,"odometer":0,"event":"motionchange","battery":{"level":1,"is_charging":false},"activity":{"type":"still"},"extras":{}},"device_id":"48241179"}"#;
    let phone = r#"{"_type":"location","t":"u","batt":11,"lat":48.85,"lon":2.29,"tid":"JJ","tst":1700000000,"topic":"owntracks/me/phone"}"#;
    let with_body = |head: &str, body: &str| format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    for (request, client, place, body) in [
        (
            // okhttp, as owntracks/android's HttpMessageProcessorEndpoint.kt sets it up.
            with_body("POST /owntracks HTTP/1.1\r\nX-Limit-U: jane\r\nX-Limit-D: nexus\r\nUser-Agent: Owntracks-Android/gms/420510000\r\nContent-Type: application/json; charset=utf-8\r\nHost: HOST\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip\r\n", phone),
            "jane/nexus",
            ["48.85", "2.29"],
            "[]",
        ),
        (
            // curl, as in the booklet.
            with_body("POST /owntracks?u=me&d=phone HTTP/1.1\r\nHost: HOST\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n", phone),
            "me/phone",
            ["48.85", "2.29"],
            "[]",
        ),
        (
            // Traccar Client before its version 9.
            "POST /osmand?id=902064&timestamp=1453920947&lat=42.06288&lon=-88.23412&speed=0.0&bearing=0.0&altitude=224.0&accuracy=6.0&batt=87.0 HTTP/1.1\r\nUser-Agent: Dalvik/2.1.0 (Linux; U; Android 9)\r\nHost: HOST\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n".into(),
            "902064",
            ["42.06288", "-88.23412"],
            "",
        ),
        (with_body("POST /osmand HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n", traccar), "48241179", ["37.4219983", "-122.084"], ""),
        (
            with_body("POST /overland HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n", overland),
            "aaron's%20phone",
            ["37.331800", "-122.030581"],
            r#"{"result":"ok"}"#,
        ),
        (
            "GET /gpslogger?id=car&lat=51.5007&lon=-0.1246&timestamp=1700000000&acc=12.0 HTTP/1.1\r\nHost: HOST\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip\r\nUser-Agent: okhttp/4.9.3\r\n\r\n".into(),
            "car",
            ["51.5007", "-0.1246"],
            "",
        ),
        (
            // Any method, and any body: here `%ALL`, as a form.
            with_body("PUT /gpslogger?id=bike HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nHost: HOST\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip\r\nUser-Agent: okhttp/4.9.3\r\n", "lat=51.4816&lon=-0.0077&sat=9&desc=&alt=47.0&acc=12.0&dir=0.0&prov=gps&spd_kph=0.0&spd=0.0&timestamp=1700000000&timeoffset=2023-11-14T22:13:20.000%2B00:00&time=2023-11-14T22:13:20.000Z&starttimestamp=1699999000&date=2023-11-14&batt=80.0&ischarging=false&aid=1a2b&ser=1a2b&act=&filename=20231114&profile=Default&hdop=&vdop=&pdop=&dist=0"),
            "bike",
            ["51.4816", "-0.0077"],
            "",
        ),
    ] {
        let mut connection = HttpClient::connect(door);
        connection.send(request.replace("HOST", &door.to_string()));
        let answer = connection.answer("POST");
        assert_eq!((answer.status, answer.text().as_str()), (200, body), "{request}");
        assert_stands(&herd, client, place);
    }
    let time = |client: &str| whereabouts(&herd, client).expect("it is known").1;
    assert_eq!([time("48241179"), time("aaron's%20phone")], ["1749995112.862", "1443711600"]);
    assert_eq!(whereabouts(&herd, "48241179").expect("it is known").0, "[-122.084,37.4219983]");
}

/// A heartbeat, a friend who was deleted, a type that came with an update: nothing is wrong with them.
#[test]
fn messages_without_a_place_are_delivered() {
    let herd = start();
    for (target, body, answered) in [
        ("/owntracks?u=a&d=b", "", "[]"),
        ("/owntracks", r#"{"_type":"status","iOS":{}}"#, "[]"),
        ("/owntracks", r#"{"_type":"encrypted","data":"AAAA"}"#, "[]"),
        ("/osmand?id=1&batt=50", "", ""),
        ("/osmand", r#"{"location":{"event":"heartbeat"},"device_id":"1"}"#, ""),
        ("/overland", r#"{"locations":[]}"#, r#"{"result":"ok"}"#),
    ] {
        let answer = post(&herd, target, body);
        assert_eq!((answer.status, answer.text().as_str()), (200, answered), "{target} {body}");
    }
}

/// Twice, late, out of order, with a clock that is wrong, at 0,0, at 91/181: it is delivered, and the point stays.
#[test]
fn what_devices_get_wrong_moves_no_point_and_is_not_sent_again() {
    let herd = start_with("");
    let now = now();
    let tell = |query: String| {
        let answer = get(&herd, &format!("/osmand?id=bus&{query}"));
        assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{query}");
    };
    tell(format!("lat=1&lon=2&timestamp={now}"));
    for wrong in [
        format!("lat=9&lon=9&timestamp={now}"),
        format!("lat=9&lon=9&timestamp={}", now - 60),
        format!("lat=0&lon=0.000&timestamp={}", now + 1),
        format!("lat=91&lon=181&timestamp={}", now + 1),
        format!("lat=9&lon=9&timestamp={}", now + 100_000),
        format!("lat=9&lon=9&timestamp={}", now - 1024 * 7 * 86_400),
        "lat=9&lon=9&timestamp=59".into(),
        format!("lat=9&lon=9&valid=false&timestamp={}", now + 1),
    ] {
        tell(wrong);
        assert_stands(&herd, "bus", ["1", "2"]);
    }
    let told = wait_for("the log to name them all", || {
        let told: Vec<String> = herd
            .log("A")
            .iter()
            .filter(|entry| entry["message"] == "device fix not taken")
            .filter_map(|entry| entry["outcome"].as_str().map(str::to_owned))
            .collect();
        (told.len() == 8).then_some(told)
    });
    assert_eq!(told, ["duplicate", "late", "zero", "impossible", "future", "rollover", "past", "untrusted"]);
}

/// A batch of Overland's with bad points among it, which the phone must not keep for ever.
#[test]
fn a_batch_with_bad_points_is_delivered_and_told_about() {
    let herd = start();
    let point = |place: &str, time: &str| {
        format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{place}]}},"properties":{{"timestamp":"{time}","device_id":"p"}}}}"#
        )
    };
    let points = [
        point("2,1", "2024-01-01T00:00:02Z"),
        point("3,1", "2024-01-01T00:00:03Z"),
        point("181,1", "2024-01-01T00:00:04Z"),
        point("4,1", "yesterday"),
        point("1,1", "2024-01-01T00:00:01Z"),
    ];
    let body = format!(r#"{{"locations":[{}]}}"#, points.join(","));
    let answer = post(&herd, "/overland", &body);
    let told = r#"{"result":"ok","problems":["location 2: impossible","location 3: timestamp is not a time"]}"#;
    assert_eq!((answer.status, answer.text().as_str()), (200, told));
    assert_stands(&herd, "p", ["1", "3"]);
    // A thousand points, which is the most that the app sends, are one report.
    let many: Vec<String> = (0..1000)
        .map(|second| {
            point(
                &format!("5,{}", f64::from(second) / 1000.0),
                &format!("2024-01-02T00:{:02}:{:02}Z", second / 60, second % 60),
            )
        })
        .collect();
    let answer = post(&herd, "/overland", &format!(r#"{{"locations":[{}]}}"#, many.join(",")));
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"result":"ok"}"#));
    assert_stands(&herd, "p", ["0.999", "5"]);
}

/// What somebody has to mend is refused, in words that say how; the app keeps what it told.
#[test]
fn what_can_be_mended_is_said() {
    let herd = start();
    for (target, body, says) in [
        ("/osmand?lat=1&lon=1", "", "there is no id"),
        ("/osmand?id=1&lat=north&lon=1", "", "lat is not a number"),
        ("/osmand", "not JSON", "JSON"),
        ("/owntracks", r#"{"_type":"location","lat":1,"lon":1,"tst":1}"#, "?u=USER&d=DEVICE"),
        ("/owntracks", "[", "_type"),
        ("/overland", r#"{"type":"FeatureCollection"}"#, "locations"),
        ("/gpslogger?lat=1&lon=1&timestamp=1", "", "id=NAME"),
        ("/gpslogger?id=1&lat=1&lon=1", "", "timestamp=%TIMESTAMP"),
    ] {
        let answer = post(&herd, target, body);
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/problem+json")), "{target}");
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{}", answer.text());
    }
    // Most tickets are a wrong port or path: a browser says what this is.
    for (target, says) in [
        ("/owntracks", "OwnTracks"),
        ("/osmand", "Traccar Client"),
        ("/overland", "Overland"),
        ("/gpslogger", "%LAT"),
        ("/d/TOKEN/osmand", "Traccar Client"),
    ] {
        let answer = get(&herd, target);
        assert!(answer.status == 200 && answer.text().contains(says), "{target}: {}", answer.text());
    }
}

/// A token that is not a secret.
fn token(number: u8) -> Token {
    Token::new(&[number; 32])
}

/// Buses report themselves, one a second; a phone asks for its family.
fn rights() -> String {
    let lines = |number: u8, may: &str, rate: &str| {
        let hash = token(number).hash();
        format!("[[access.token]]\nname = \"token-{number}\"\nsha256 = \"{hash}\"\nmay = [{may}]\n{rate}\n")
    };
    "[access]\nanonymous = []\n".to_owned()
        + &lines(1, "\"report:bus-*\", \"ask:bus-*\"", "reports-per-second = 1")
        + &lines(2, "\"report:family/*\", \"ask:family/*\"", "")
        + "[http.devices]\nfriends = \"*\"\nmax-age = \"off\"\n"
}

#[test]
fn a_token_stands_in_a_header_or_a_password_or_the_path_and_in_no_log() {
    let herd = start_with(&rights());
    let (bus, door) = (token(1).as_str().to_owned(), herd.door("A"));
    let basic = basic("anybody", &bus);
    let place = |number: u8| format!("?id=bus-{number}&lat=1&lon={number}&timestamp=1700000000");
    let bearer = format!("Bearer {bus}");
    for (target, headers) in [
        (format!("/osmand{}", place(1)), vec![("Authorization", bearer.as_str())]),
        (format!("/gpslogger{}", place(2)), vec![("Authorization", basic.as_str())]),
        (format!("/d/{bus}/osmand{}", place(3)), vec![]),
    ] {
        let answer = ask(door, "GET", &target, &headers, "");
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    }
    for (target, status) in [
        (format!("/osmand{}", place(4)), 401),
        (format!("/d/{}/osmand{}", token(9).as_str(), place(4)), 401),
        (format!("/d/{bus}/osmand?id=tram-1&lat=1&lon=1&timestamp=1"), 403),
        (format!("/d/{bus}/nothing{}", place(4)), 404),
    ] {
        let answer = ask(door, "GET", &target, &[], "");
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        assert!(!answer.text().contains(&bus), "{}", answer.text());
    }
    let refused = ask(door, "GET", &format!("/d/{bus}/osmand?id=tram-1&lat=1&lon=1&timestamp=1"), &[], "");
    assert!(refused.text().contains("report"), "{}", refused.text());
    assert!(!herd.log_text("A").contains(&bus), "{}", herd.log_text("A"));
}

#[test]
fn rates_hold_and_the_app_comes_again() {
    let herd = start_with(&rights());
    let bus = format!("/d/{}/osmand", token(1).as_str());
    let mut connection = HttpClient::connect(herd.door("A"));
    // Ten at once are for a device that was out of reach; whatever else comes within that time is too much.
    let refused = (0..10_000).find_map(|number| {
        let answer =
            connection.ask("GET", &format!("{bus}?id=bus-1&lat=1&lon=1&timestamp={}", 1_700_000_000 + number), &[], "");
        (answer.status != 200).then_some(answer)
    });
    let refused = refused.expect("one a second is less than that");
    assert_eq!(refused.status, 429, "{}", refused.text());
    let pause: u64 = refused.header("retry-after").and_then(|pause| pause.parse().ok()).expect("seconds");
    assert!((1..=10).contains(&pause), "{pause}");
}

/// The answer to a report is the only way in which the app hears of others.
#[test]
fn a_phone_hears_of_its_friends() {
    let herd = start_with(&rights());
    let bearer = format!("Bearer {}", token(2).as_str());
    let tell = |device: &str, place: &str| {
        let headers = [("Authorization", bearer.as_str()), ("X-Limit-U", "family"), ("X-Limit-D", device)];
        let answer = ask(herd.door("A"), "POST", "/owntracks", &headers, owntracks(place, 1_700_000_000));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let bus = format!("/d/{}/osmand?id=bus-1&lat=1&lon=1&timestamp=1", token(1).as_str());
    assert_eq!(get(&herd, &bus).status, 200);
    assert_eq!(tell("jane", r#""lat":48.850,"lon":2.29"#), serde_json::json!([]), "not of itself, nor of buses");
    let friends = tell("john", r#""lat":1,"lon":-0.5"#);
    assert_eq!(
        friends,
        serde_json::json!([{"_type": "location", "tid": "ne", "topic": "owntracks/family/jane", "lat": 48.850, "lon": 2.29, "tst": 1_700_000_000}])
    );
}

/// A report waits for the disk, where that was asked for.
#[test]
fn what_was_answered_is_safe() {
    let mut herd = Plan::new(&binaries(), &single())
        .with_http()
        .with_config("[data]\ndir = \"data\"\nsync = \"each\"\n[http.devices]\nmax-age = \"off\"\n")
        .start();
    assert_eq!(get(&herd, "/osmand?id=bus&lat=1&lon=2&timestamp=1700000000").status, 200);
    herd.kill("A");
    herd.start("A");
    assert_stands(&herd, "bus", ["1", "2"]);
}
