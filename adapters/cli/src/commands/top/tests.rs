//! The screen, drawn into memory.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::columns::{COLUMNS, Column};
use super::keys::Flow;
use super::polling::Poll;
use super::theme::Theme;
use super::view::{Page, View, text};
use super::watched::Watched;
use crate::health::{Asked, Report, Silence};

/// A screen that somebody looks at, at a time that the test says.
struct Screen {
    view: View,
    start: Instant,
}

impl Screen {
    fn new(names: &[&str], is_plain: bool) -> Self {
        let start = Instant::now();
        let watched = |(index, name): (usize, &&str)| {
            Watched::new((*name).into(), format!("127.0.0.1:{}", 12_880 + index), start)
        };
        Self { view: View::of(names.iter().enumerate().map(watched).collect(), Theme::new(is_plain), start), start }
    }

    /// A server tells after so many seconds that it has been up as long, and has had so many IAMATs.
    fn tell(&mut self, server: usize, second: u32, iamat: u64, wrong: &str) {
        let json = format!(
            r#"{{"time": {second}, "uptime": {second}, "clients": 12000, "bytes": 1048576, "memory": 20971520, "connections": 3,
                "neighbours": [{{"name": "Ball", "state": "up", "since": 5}}, {{"name": "Welsh", "state": "down"}}],
                "counters": {{"iamat": {iamat}, "kept": {iamat}, "near": 0}}, "wrong": [{wrong}]}}"#
        );
        self.take(server, second, &json);
    }

    fn take(&mut self, server: usize, second: u32, json: &str) {
        let asked = Asked { middle: second.into(), took: Duration::from_micros(4200) };
        let report = Report::parse(json.as_bytes(), asked).ok_or(Silence::Untold("a mistake in the test".into()));
        self.view.take(Poll { server, report }, self.start + Duration::from_secs(second.into()));
    }

    fn miss(&mut self, server: usize, second: u64) {
        let report = Err(Silence::Unreached("Connection refused".into()));
        self.view.take(Poll { server, report }, self.start + Duration::from_secs(second));
    }

    fn press(&mut self, keys: &[KeyCode]) {
        for &key in keys {
            assert_eq!(self.view.press(KeyEvent::new(key, KeyModifiers::NONE)), Flow::On);
        }
    }

    /// What is on it after so many seconds.
    fn terminal(&mut self, width: u16, height: u16, second: u64) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
        let now = self.start + Duration::from_secs(second);
        terminal.draw(|frame| self.view.draw(frame, now)).expect("memory");
        terminal
    }

    fn text(&mut self, width: u16, height: u16, second: u64) -> String {
        text(self.terminal(width, height, second).backend().buffer())
    }
}

/// Of three servers one is well, one has a problem and one is down.
fn three(is_plain: bool) -> Screen {
    let mut screen = Screen::new(&["Alford", "Ball", "Welsh"], is_plain);
    for (second, iamat) in [(10, 100), (12, 2100)] {
        screen.tell(0, second, iamat, r#""Welsh has been down for 3 s: Connection refused (os error 111), again""#);
        screen.tell(1, second, iamat / 10, "");
        screen.miss(2, second.into());
    }
    screen
}

#[test]
fn servers_are_a_table_and_what_is_wrong() {
    let expected = "\
3 servers  1 silent  1 with problems
12.0k clients  1.00k reports/s  1.10k asked/s  0 floods/s  2.00 MiB of records

server    state    reports/s asked/s floods/s clients links    memory  answer
Alford    1 wrong      1.00k   1.00k        0   12.0k   1/2  20.0 MiB  4.2 ms
Ball      ok             100     100        0   12.0k   1/2  20.0 MiB  4.2 ms
Welsh     down             -       -        -       -     -         -       -

  Alford: Welsh has been down for 3 s: Connection refused (os error 111), again
  Welsh: it cannot be reached at 127.0.0.1:12882: Connection refused

q quit  ? help  Enter details  s sort: herd
";
    assert_eq!(three(true).text(80, 12, 12), expected);
    // As text it is as high as it needs to be, and has no keys.
    assert_eq!(three(true).view.to_text(80), expected[..expected.find("\n\nq quit").expect("a bar")].to_owned() + "\n");
}

/// Of the two servers of a region one is its bridge, and another region is silent.
fn region() -> Screen {
    let mut screen = Screen::new(&["Alford", "Ball"], true);
    let bridge = r#""nats": "nats-1", "since": 200, "bridge": 7, "lag": 3, "sent": 214, "received": 380"#;
    for second in [10, 12] {
        for (server, joined) in [(0, bridge), (1, r#""nats": null, "since": 12, "bridge": null, "lag": null"#)] {
            let json = format!(
                r#"{{"time": {second}, "uptime": {second}, "region": {{"name": "us", {joined}}},
                    "counters": {{"arrivals_told": {second}, "arrivals_heard": {second}}},
                    "regions": [{{"name": "ap", "state": "silent", "heard": 182}},
                        {{"name": "eu", "state": "up", "heard": 2.25}}]}}"#
            );
            screen.take(server, second, &json);
        }
    }
    screen
}

#[test]
fn a_region_has_a_line() {
    let mut screen = region();
    let expected = "\
2 servers  nothing is wrong
0 clients  0 reports/s  0 asked/s  0 floods/s  0 B of records
region us  bridge Alford  NATS 1/2  lag 3  2 arrivals/s  ap silent for 3 min
  eu heard 2 s ago

server    state";
    let text = screen.text(80, 12, 12);
    assert!(text.starts_with(expected), "{text}");
    let wide = screen.text(120, 12, 12);
    assert!(wide.contains("  ap silent for 3 min  eu heard 2 s ago\n"), "{wide}");
    screen.press(&[KeyCode::Enter]);
    let details = screen.text(80, 24, 12);
    for expected in [
        "\nus         bridge  NATS nats-1 for 3 min  lag 3  214 messages sent  380 received\n  0 dropped  0 failed\n",
        "\nap         silent for 3 min\neu         heard 2 s ago\n",
    ] {
        assert!(details.contains(expected), "{expected}: {details}");
    }
}

#[test]
fn a_narrow_screen_has_what_matters() {
    let expected = "\
3 servers  1 silent  1 with problems
12.0k clients  1.00k reports/s

server    state    reports/s clients
Alford    1 wrong      1.00k   12.0k
Ball      ok             100   12.0k
Welsh     down             -       -

  Alford: Welsh has been down for 3 s:
    Connection refused (os error 111),
  3 more lines: Enter shows those of one
q quit  ? help  Enter details
";
    assert_eq!(three(true).text(40, 12, 12), expected);
}

#[test]
fn a_server_that_stops_answering_is_late_and_one_that_starts_anew_has_no_rates() {
    let mut screen = three(true);
    assert!(screen.text(80, 24, 16).contains("Ball      ok "));
    let late = screen.text(80, 24, 20);
    assert!(
        late.contains("Ball      late 8s") && late.contains("Ball: no answer from 127.0.0.1:12881 for 8 s"),
        "{late}"
    );
    screen.tell(1, 2, 5, "");
    let row = |text: &str| text.lines().find(|line| line.starts_with("Ball")).map(String::from);
    // Its time is before the last one's.
    assert!(row(&screen.text(80, 24, 2)).is_some_and(|row| row.contains("ok             100 ")), "the rate of before");
}

#[test]
fn details_have_links_counters_and_rates() {
    let mut screen = three(true);
    screen.press(&[KeyCode::Enter]);
    let details = screen.text(80, 24, 12);
    for expected in [
        "Alford  127.0.0.1:12880  1 wrong\n  Welsh has been down for 3 s: ",
        "reports/s  1.00k █\n",
        "\nBall       up 5 s  queue 0 B",
        "\nWelsh      down  queue 0 B",
        "\niamat                            2100    1.00k\n",
    ] {
        assert!(details.contains(expected), "{expected}: {details}");
    }
    assert!(!details.contains("near"), "what never happened is not listed: {details}");
    screen.press(&[KeyCode::Right, KeyCode::Right, KeyCode::Right]);
    let down = screen.text(80, 24, 12);
    assert!(down.starts_with("Welsh  127.0.0.1:12882  down\n  it cannot be reached at 127.0.0.1:12882"), "{down}");
    screen.press(&[KeyCode::Esc, KeyCode::Char('?'), KeyCode::End]);
    let help = screen.text(40, 12, 12);
    assert!(help.contains("uptime") && help.contains("how long it has run"), "scrolled to its end: {help}");
    screen.press(&[KeyCode::Char('?')]);
    assert_eq!(screen.view.page, Page::Servers);
}

#[test]
fn whatever_is_pressed_there_is_a_screen_that_fits() {
    let keys = "qkj?hpnsSr ".chars().skip(1).map(KeyCode::Char);
    let others = [KeyCode::Enter, KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::PageUp, KeyCode::PageDown];
    let keys: Vec<KeyCode> = keys.chain(others).chain([KeyCode::Home, KeyCode::End, KeyCode::Tab]).collect();
    let mut screen = three(false);
    // Each behind each other one.
    for &one in &keys {
        for &other in &keys {
            screen.press(&[one, other]);
            for (width, height) in [(1, 1), (7, 3), (40, 10)] {
                let _ = screen.terminal(width, height, 12);
            }
        }
    }
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!([KeyEvent::from(KeyCode::Char('q')), control_c].map(|key| screen.view.press(key)), [Flow::Quit; 2]);
}

#[test]
fn the_selected_server_stays_selected_when_servers_are_sorted() {
    let mut screen = three(true);
    screen.press(&[KeyCode::Down]);
    let names = |screen: &Screen| -> Vec<String> {
        screen.view.order().into_iter().map(|server| screen.view.herd[server].name.clone()).collect()
    };
    let expected = |column: Column| match column {
        Column::State => ["Welsh", "Alford", "Ball"],
        _ => ["Alford", "Ball", "Welsh"],
    };
    for column in COLUMNS {
        screen.press(&[KeyCode::Char('s')]);
        assert_eq!(
            (screen.view.sorted_by, &names(&screen)[..]),
            (Some(column), &expected(column).map(String::from)[..])
        );
        assert_eq!(screen.view.selected().name, "Ball");
    }
    screen.press(&[KeyCode::Char('s'), KeyCode::Char('r')]);
    assert_eq!((screen.view.sorted_by, &names(&screen)[0][..]), (None, "Welsh"));
}

#[test]
fn a_plain_screen_has_no_colour() {
    let colours = |is_plain| {
        let terminal = three(is_plain).terminal(80, 24, 12);
        terminal
            .backend()
            .buffer()
            .content
            .iter()
            .filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
            .count()
    };
    assert_eq!(colours(true), 0);
    assert!(colours(false) > 0);
}

#[test]
fn what_a_server_says_moves_no_cursor() {
    let mut screen = Screen::new(&["\u{1b}[2J"], false);
    screen.tell(0, 1, 1, r#""\u001b[31mred\nline""#);
    for page in [Page::Servers, Page::Details] {
        screen.view.show(page);
        let text = screen.text(80, 24, 1);
        assert!(text.contains(r"\x1b[2J") && text.contains(r"\x1b[31mred\x0aline"), "{text}");
    }
}
