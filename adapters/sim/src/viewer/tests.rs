use herd::Timestamp;
use herd::wire::Message;

use super::*;

/// What becomes of a watcher that is told all of this, where each WATCH and FENCE is asked for before anything is told.
/// Clients have been at `+1+1` at 1 s, and at `+2+2` at 2 s; `kiwi` was forgotten at 3 s.
fn told(asks: &[&str], lines: &[&str]) -> Result<usize, Invariant> {
    let mut oracle = Oracle::new(1, 10);
    for line in ["IAMAT kiwi +1+1 1", "IAMAT kiwi +2+2 2", "FORGET kiwi 3", "IAMAT emu +1+1 1", "IAMAT emu +2+2 2"] {
        oracle.judge_client(0, "a", Timestamp::from_nanos(0), line.as_bytes());
    }
    let (mut viewer, mut asks) = (Viewer::default(), asks.iter());
    let target = |line: &&str| match Message::parse(line.as_bytes()) {
        Ok(Some(Message::Watch(target) | Message::Fence(target))) => Asked { target, since: 0 },
        other => panic!("{line}: {other:?}"),
    };
    let mut asked = asks.next().map(target);
    let cx = Context { oracle: &oracle, may_go: &|_| false, so_far: 7 };
    for line in lines {
        if viewer.hear(line.as_bytes(), 0, asked.as_ref(), &cx).map_err(|(invariant, _)| invariant)? {
            asked = asks.next().map(target);
        }
    }
    assert_eq!(asked.map(|asked| asked.target.text), None, "all was answered");
    Ok(viewer.views.values().map(|view| view.shown.len()).sum())
}

const FIRST: &str = "SEEN a -1.000000000 kiwi +1+1 1 k*";
const SECOND: &str = "SEEN a -2.000000000 kiwi +2+2 2 k*";
const FORGOTTEN: &str = "FORGOTTEN a -3.000000000 kiwi 3 k*";

#[test]
fn a_watch_shows_the_newest_of_each_client() {
    let watch = |lines: &[&str]| told(&["WATCH k*"], lines);
    assert_eq!(watch(&[FIRST, "WATCHING k*", SECOND]), Ok(1));
    assert_eq!(watch(&["WATCHING k*", FIRST, FORGOTTEN]), Ok(0));
    assert_eq!(watch(&[FIRST, "WATCHING k*", "AGAIN k*", SECOND, "WATCHING k*"]), Ok(1));
    for lines in [
        &["WATCHING k*", SECOND, FIRST][..],
        &["WATCHING k*", FIRST, FIRST],
        &["WATCHING k*", FORGOTTEN],
        &["WATCHING k*", "WATCHING k*"],
        &[FIRST, SECOND, "WATCHING k*"],
        &["WATCHING k*", "SEEN a -1.000000000 emu +1+1 1 k*"],
        &["WATCHING k*", "SEEN a -1.000000000 kiwi +1+1 1 emu"],
        &["WATCHING k*", "AGAIN k*", FIRST, FORGOTTEN],
    ] {
        assert_eq!(watch(lines), Err(Invariant::Watched), "{lines:?}");
    }
    assert_eq!(watch(&["SEEN a -1.000000000 kiwi +9+9 1 k*"]), Err(Invariant::Invented));
}

#[test]
fn nothing_comes_within_the_start_of_a_watch() {
    let asks = ["WATCH k*", "WATCH emu"];
    assert_eq!(
        told(&asks, &["WATCHING k*", FIRST, "SEEN a -1.000000000 emu +1+1 1 emu", "WATCHING emu", SECOND]),
        Ok(2)
    );
    let within = ["WATCHING k*", "SEEN a -1.000000000 emu +1+1 1 emu", FIRST, "WATCHING emu"];
    assert_eq!(told(&asks, &within), Err(Invariant::Watched));
}

#[test]
fn who_enters_a_fence_and_who_leaves_it_alternates() {
    let fence = |lines: &[&str]| told(&["FENCE +1+1 5"], lines);
    let (enter, leave) = ("ENTER a -1.000000000 emu +1+1 1 +1+1 5", "LEAVE a -2.000000000 emu +2+2 2 +1+1 5");
    let begun = "WATCHING +1+1 5";
    assert_eq!(fence(&[begun, enter, leave]), Ok(0));
    for lines in [&[begun, leave][..], &[begun, enter, enter], &[begun, "ENTER a -2.000000000 emu +2+2 2 +1+1 5"]] {
        assert_eq!(fence(lines), Err(Invariant::Fenced), "{lines:?}");
    }
}
