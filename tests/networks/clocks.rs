//! Servers whose clocks are wrong, jump, and run backwards, as `faketime` has them. The clock that never goes back is
//! left alone.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use herd_tests::network::Network;
use herd_tests::patience::wait_for;

use crate::country::Country;

/// A server's clock, as a file that the library of `faketime` reads each time.
struct Clock(PathBuf);

impl Clock {
    /// Servers that are started from now on have a clock of their own.
    fn for_next(country: &mut Country, site: u8) -> Self {
        let file = country.file(&format!("{site}.clock"));
        country.variables = [
            ("LD_PRELOAD", library()),
            ("FAKETIME_TIMESTAMP_FILE", file.clone()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value.into_os_string()))
        .to_vec();
        let clock = Self(file);
        clock.set(0);
        clock
    }

    /// It is off by so many seconds from now on.
    fn set(&self, off: i64) {
        // Renamed, so that nobody reads half of it.
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{off:+}s\n")).expect("a file");
        fs::rename(new, &self.0).expect("a file");
    }
}

/// Debian's library of the package `faketime`.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("a system").flatten().map(|entry| entry.path());
    let library = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    library.expect("the package faketime")
}

/// Three servers, the last two with clocks of their own, which are off by so many seconds at first.
fn with_clocks(off: [i64; 2]) -> (Country, [Clock; 2]) {
    with_clocks_in(Country::prepare(3, |site| Network::address(site).to_string()), off)
}

fn with_clocks_in(mut country: Country, off: [i64; 2]) -> (Country, [Clock; 2]) {
    country.start(0);
    let clocks = [(1, off[0]), (2, off[1])].map(|(site, off)| {
        let clock = Clock::for_next(&mut country, site);
        clock.set(off);
        country.start(site);
        clock
    });
    (country, clocks)
}

const DAYS: i64 = 3 * 86_400;

/// The skew in an AT line, in whole seconds.
fn skew(at: &str) -> i64 {
    let skew = at.split(' ').nth(2).expect("fields");
    skew.split('.').next().expect("a number").parse().expect("seconds")
}

/// What a client says of the time decides, not what a server believes; and no link is lost over it.
fn nothing_is_lost(mut country: Country, mut change: impl FnMut()) {
    for _ in 0..20 {
        change();
        country.tell_each();
        std::thread::sleep(Duration::from_millis(50));
    }
    country.wait_until_all_know();
    for site in 0..3 {
        let log = country.log(site);
        assert!(!log.contains("connection dropped"), "{log}");
    }
}

/// Waits until a server has told that its clock and another one's differ.
fn wait_until_told(country: &Country, site: u8, with: &str) {
    wait_for(&format!("site {site} to tell of the clock of {with}"), || {
        let told =
            |line: &str| line.contains("\"clocks differ\"") && line.contains(&format!("\"neighbour\":\"{with}\""));
        country.log(site).lines().any(|line| told(line) && line.contains("\"WARN\"")).then_some(())
    });
}

/// One clock is three days slow, one three days fast.
#[test]
fn wrong_clocks() {
    let (mut country, _clocks) = with_clocks([-DAYS, DAYS]);
    let [right, slow, fast] = [0, 1, 2].map(|site| skew(&country.tell_at(site, "1479413884")));
    for (off, expected) in [(slow - right, -DAYS), (fast - right, DAYS)] {
        assert!((off - expected).abs() < 60, "the clock is off by {off} s, and should be by {expected}");
    }
    nothing_is_lost(country, || ());
}

/// Both ends of each link tell of clocks that differ: each greets again after `repair-interval`, if not before.
#[test]
fn wrong_clocks_are_told() {
    let country = Country::prepare(3, |site| Network::address(site).to_string()).with("--repair-interval", "1s");
    let (country, _clocks) = with_clocks_in(country, [-DAYS, DAYS]);
    for (site, others) in [(0, ["B", "C"]), (1, ["A", "C"]), (2, ["A", "B"])] {
        for with in others {
            wait_until_told(&country, site, with);
        }
    }
}

/// One clock jumps to and fro by an hour.
#[test]
fn clocks_that_jump() {
    let (country, [clock, _]) = with_clocks([0, 0]);
    let mut off = 3_600;
    nothing_is_lost(country, move || {
        clock.set(off);
        off = -off;
    });
}

/// Two clocks run backwards, ten times as fast as they should run forwards.
#[test]
fn clocks_that_run_backwards() {
    let (country, clocks) = with_clocks([0, 0]);
    let mut off = 0;
    nothing_is_lost(country, move || {
        off -= 1;
        for clock in &clocks {
            clock.set(off);
        }
    });
}
