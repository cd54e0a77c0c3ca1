//! What `/v1/openapi.json` says of each path, held against the answers of a server.

use std::net::TcpListener;

use herd::Token;
use herd_tests::description::Description;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::http::{EventStream, HttpAnswer, HttpClient};
use herd_tests::patience::wait_for;

use super::HERE;
use crate::binaries;

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Who {
    Nobody,
    /// May do anything, but report once a second at most.
    Hasty,
    /// May do anything.
    Boss,
    /// May do nothing.
    Guest,
}

impl Who {
    fn token(self) -> Token {
        Token::new(&[self as u8; 32])
    }
}

/// A server with a door for four clients, beside a neighbour that never answers.
struct Asked {
    herd: Herd,
    /// What is connected to it stays open.
    silent: Option<TcpListener>,
    description: Description,
}

impl Asked {
    fn start() -> Self {
        let token = |who: Who, may: &str| {
            let hash = who.token().hash();
            format!("[[access.token]]\nname = \"{who:?}\"\nsha256 = \"{hash}\"\nmay = [{may}]\n")
        };
        let config = [
            "[http]\nshare-key-file = \"share.key\"\nmax-body = \"1KiB\"\n[access]\nanonymous = []\n",
            &token(Who::Boss, "\"all\""),
            &token(Who::Guest, ""),
            &token(Who::Hasty, "\"all\""),
            "reports-per-second = 1\n",
        ];
        let plan = Plan::new(&binaries(), &pair()).with_http().with(&["--clients", "4", "--link-timeout", "1h"]);
        let mut herd = plan.with_config(&config.concat()).prepare();
        herd.write("share.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
        let silent = TcpListener::bind(herd.address("B")).expect("a free port");
        herd.start("A");
        let description = herd.http("A").ask("GET", "/v1/openapi.json", &[], "");
        Self { herd, silent: Some(silent), description: Description::new(description.json()) }
    }

    /// Asks for `target`, which is of that path; the answer is described, and of that status.
    fn ask(&mut self, who: Who, method: &str, (path, target): (&str, &str), body: &str, status: u16) -> HttpAnswer {
        let bearer = format!("Bearer {}", who.token().as_str());
        let headers = [("Authorization", bearer.as_str())];
        let headers = if matches!(who, Who::Nobody) { &[][..] } else { &headers };
        let mut http = HttpClient::connect(self.herd.door("A"));
        http.request(method, target, headers, body);
        let mut answer = http.head();
        if answer.header("content-type") != Some("text/event-stream") {
            answer.body = http.body(method, &answer);
        }
        assert_eq!(answer.status, status, "{who:?} {method} {target}: {}", answer.text());
        self.description.expect(method, path, &answer);
        answer
    }
}

#[test]
fn every_answer_is_one_that_is_described() {
    use Who::{Boss, Guest, Hasty, Nobody};
    let mut asked = Asked::start();
    for (path, status) in
        [("/livez", 200), ("/healthz", 200), ("/readyz", 503), ("/v1/openapi.json", 200), ("/v1/map", 200)]
    {
        asked.ask(Nobody, "GET", (path, path), "", status);
    }
    one_client(&mut asked);
    devices(&mut asked);
    let paths = [
        ("/metrics", ""),
        ("/v1/status", ""),
        ("/v1/servers", ""),
        ("/v1/clients", "?limit=1"),
        ("/v1/clients/{id}", ""),
        ("/v1/clients/{id}/places", "?radius=10&bound=3"),
        ("/v1/near", "?client=kiwi&radius=100"),
        ("/v1/watch", "?match=*"),
    ];
    for (path, query) in paths {
        let target = path.replace("{id}", "kiwi") + query;
        asked.ask(Boss, "GET", (path, &target), "", 200);
        asked.ask(Nobody, "GET", (path, &target), "", 401);
        asked.ask(Guest, "GET", (path, &target), "", 403);
        asked.ask(Boss, "GET", (path, &(path.replace("{id}", "kiwi") + "?x=1")), "", 400);
    }
    for target in ["/v1/clients/{id}", "/v1/clients/{id}/places?radius=1", "/v1/near?client={id}&radius=1"] {
        let path = target.split('?').next().unwrap_or_default();
        asked.ask(Boss, "GET", (path, &target.replace("{id}", "moa")), "", 404);
    }
    links(&mut asked);
    let client = ("/v1/clients/{id}", "/v1/clients/kiwi");
    asked.ask(Boss, "DELETE", client, "", 200);
    asked.ask(Boss, "DELETE", (client.0, "/v1/clients/kiwi?time=x"), "", 400);
    asked.ask(Boss, "DELETE", (client.0, "/v1/clients/moa"), "", 404);
    asked.ask(Nobody, "DELETE", client, "", 401);
    asked.ask(Guest, "DELETE", client, "", 403);
    let bearer = format!("Bearer {}", Hasty.token().as_str());
    let mut http = asked.herd.http("A");
    let too_often = wait_for("more reports than a token may make", || {
        let answer = http.ask("PUT", client.1, &[("Authorization", &bearer)], HERE);
        (answer.status == 429).then_some(answer)
    });
    asked.description.expect("PUT", client.0, &too_often);
    // Its bound is reached.
    asked.ask(Nobody, "GET", ("/healthz", "/healthz"), "", 503);
    // It is ready once that neighbour is down, and it was not while it neither answered nor was.
    drop(asked.silent.take());
    let ready = wait_for("the neighbour to be down", || {
        Some(asked.herd.http("A").ask("GET", "/readyz", &[], "")).filter(|answer| answer.status == 200)
    });
    asked.description.expect("GET", "/readyz", &ready);
    let mut not_met = asked.description.not_met();
    // It is in no region, so none is silent: `regions/` holds those answers against the description.
    not_met.retain(|(_, _, status)| status != "504");
    assert_eq!(not_met, []);
}

/// Every event of a stream, whichever way it comes about, but `expired`, which has the form of `seen` and takes a minute.
#[test]
fn every_event_is_one_that_is_described() {
    let elsewhere = HERE.replace("34.06", "35.06").replace("1479413884", "1479413885");
    let mut herd =
        Plan::new(&binaries(), &single()).with_http().with_config("[http]\nshare-key-file = \"share.key\"\n").prepare();
    herd.write("share.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    herd.start("A");
    let (door, mut http) = (herd.door("A"), herd.http("A"));
    let description = Description::new(http.ask("GET", "/v1/openapi.json", &[], "").json());
    let open = |target: &str| EventStream::open(door, target, &[("Last-Event-ID", "9")]);
    let expect = |stream: &mut EventStream, path: &str, names: &[&str]| {
        for name in names {
            description.expect_event(path, &stream.expect(name));
        }
    };
    let mut put = |body: &str| assert_eq!(http.ask("PUT", "/v1/clients/kiwi", &[], body).status, 200);
    put(HERE);
    let watch = "/v1/watch";
    let circle = format!("{watch}?lat=34&lng=-118.4&radius=50");
    let (mut inside, mut fence) = (open(&circle), open(&format!("{circle}&fence")));
    expect(&mut inside, watch, &["again", "seen", "watching"]);
    expect(&mut fence, watch, &["again", "enter", "watching"]);
    put(&elsewhere);
    expect(&mut inside, watch, &["left"]);
    expect(&mut fence, watch, &["leave"]);

    let shared = http.ask("POST", "/v1/clients/kiwi/share", &[], r#"{"for": "1s"}"#).json();
    let link = shared["url"].as_str().and_then(|url| url.split_once("/s/")).expect("a link").1.to_owned();
    let mut guest = open(&format!("/s/{link}/watch"));
    expect(&mut guest, "/s/{link}/watch", &["again", "seen", "watching", "end"]);

    let mut all = open(watch);
    expect(&mut all, watch, &["again", "seen", "watching"]);
    assert_eq!(http.ask("DELETE", "/v1/clients/kiwi", &[], "").status, 200);
    expect(&mut all, watch, &["forgotten"]);
}

/// What can be said of a client, and what cannot.
fn one_client(asked: &mut Asked) {
    use Who::{Boss, Guest, Nobody};
    let path = "/v1/clients/{id}";
    let client = (path, "/v1/clients/kiwi");
    asked.ask(Boss, "PUT", client, HERE, 200);
    asked.ask(Boss, "PUT", (path, "/v1/clients/50%25"), r#"{"lat": 0, "lng": 0.5}"#, 200);
    asked.ask(Nobody, "PUT", client, HERE, 401);
    asked.ask(Guest, "PUT", client, HERE, 403);
    asked.ask(Boss, "PUT", client, "{}", 400);
    asked.ask(Boss, "PUT", client, &" ".repeat(1025), 413);
    asked.ask(Boss, "PUT", client, r#"{"lat": 1, "lng": 1, "time": 9999999999}"#, 422);
    let mut more = |client: &str, status| {
        asked.ask(Boss, "PUT", (path, &format!("/v1/clients/{client}")), HERE, status);
    };
    more("third", 200);
    more("fourth", 200);
    more("fifth", 503);
}

/// Every device's path, with a place and without, and with the token in it.
fn devices(asked: &mut Asked) {
    let token = Who::Boss.token();
    for (format, target, body) in [
        ("owntracks", "?u=kiwi&d=x", r#"{"_type":"lwt","tst":1}"#),
        ("osmand", "?id=kiwi&lat=1&lon=1", ""),
        ("overland", "?x", r#"{"locations":[]}"#),
        ("gpslogger", "?id=kiwi&lat=1&lon=1&timestamp=1", ""),
    ] {
        for (path, root) in [
            (format!("/{format}"), format!("/{format}")),
            (format!("/d/{{token}}/{format}"), format!("/d/{}/{format}", token.as_str())),
        ] {
            asked.ask(Who::Boss, "GET", (&path, &root), "", 200);
            asked.ask(Who::Boss, "POST", (&path, &format!("{root}{target}")), body, 200);
            asked.ask(Who::Boss, "POST", (&path, &root), "?", 400);
        }
    }
    for (path, root) in
        [("/gpslogger", "/gpslogger"), ("/d/{token}/gpslogger", &format!("/d/{}/gpslogger", token.as_str()))]
    {
        asked.ask(Who::Boss, "PUT", (path, root), "id=kiwi&lat=1&lon=1&timestamp=1", 200);
    }
    asked.ask(Who::Nobody, "POST", ("/osmand", "/osmand?id=kiwi&lat=1&lon=1"), "", 401);
}

/// A link from its first second to its last.
fn links(asked: &mut Asked) {
    use Who::{Boss, Guest, Nobody};
    let share = ("/v1/clients/{id}/share", "/v1/clients/kiwi/share");
    let wish = r#"{"for": "1s"}"#;
    asked.ask(Boss, "POST", share, "{}", 400);
    asked.ask(Nobody, "POST", share, wish, 401);
    asked.ask(Guest, "POST", share, wish, 403);
    asked.ask(Boss, "POST", (share.0, "/v1/clients/moa/share"), wish, 404);
    let link = |answer: &HttpAnswer| {
        let url = answer.json()["url"].as_str().expect("a URL").to_owned();
        url[url.find("/s/").expect("a link")..].to_owned()
    };
    let paths = ["/s/{link}", "/s/{link}/client", "/s/{link}/watch"];
    let short = link(&asked.ask(Boss, "POST", share, wish, 201));
    let long = link(&asked.ask(Boss, "POST", share, r#"{"for": "1h"}"#, 201));
    wait_for("a link to end", || {
        (asked.herd.http("A").ask("GET", &format!("{short}/client"), &[], "").status == 410).then_some(())
    });
    for path in paths {
        asked.ask(Nobody, "GET", (path, &path.replace("/s/{link}", &long)), "", 200);
        asked.ask(Nobody, "GET", (path, &path.replace("{link}", "x")), "", 404);
        let ended = if path == paths[0] { 200 } else { 410 };
        asked.ask(Nobody, "GET", (path, &path.replace("/s/{link}", &short)), "", ended);
    }
}
