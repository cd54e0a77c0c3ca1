//! How long frames take under load.

use herd_tests::patience::wait_for;

use crate::driver::{Browser, DESKTOP};
use crate::{demo, plan, url, wait_until_live};

/// Milliseconds between frames, sorted.
fn frames(browser: &Browser, count: usize) -> Vec<f64> {
    let measure = format!(
        "const [done, took] = [arguments[0], []]; let last = performance.now(); \
         const frame = () => {{ const now = performance.now(); took.push(now - last); last = now; \
         took.length < {count} ? requestAnimationFrame(frame) : done(took); }}; requestAnimationFrame(frame)"
    );
    let took = browser.run_async(&measure);
    let mut took: Vec<f64> = took.as_array().expect("a list").iter().filter_map(serde_json::Value::as_f64).collect();
    took.sort_by(f64::total_cmp);
    took
}

fn clients(browser: &Browser) -> usize {
    let text = browser.run("return document.querySelector('#count').textContent");
    let digits = text.as_str().unwrap_or_default().split(' ').next().unwrap_or_default().replace(',', "");
    digits.parse().unwrap_or(0)
}

fn run(count: usize, rate: usize) -> (f64, f64) {
    // A log of every report would be most of what the servers do.
    let herd = plan().with_variable("HERD_LOG_FILTER", "info").start();
    let _load = demo(&herd, &["--count", &count.to_string(), "--rate", &rate.to_string()]);
    let browser = Browser::start(DESKTOP, false);
    browser.open(&url(&herd));
    wait_until_live(&browser);
    for part in 1..=10 {
        wait_for("more clients to be on the map", || (clients(&browser) >= count * part / 10).then_some(()));
    }
    let frames = frames(&browser, 300);
    let (median, late) = (frames[frames.len() / 2], frames[frames.len() * 95 / 100]);
    let rate = browser.text("#count");
    println!("{rate}: a frame every {median:.1} ms in the median, 95 % within {late:.1} ms, of {}", frames.len());
    if let Some(folder) = crate::pictures() {
        browser.photograph(&folder.join(format!("load-{count}.png")));
    }
    (median, late)
}

/// All of it comes to the screen; how quickly is measured by the long form.
#[test]
fn a_crowd_is_drawn() {
    run(2_000, 1_000);
}

/// 50,000 clients at 10,000 moves a second. It asserts times, so it is for a machine that has nothing else to do.
#[test]
#[ignore = "it takes a machine for itself"]
fn frames_are_short_under_load() {
    let (median, late) = run(50_000, 10_000);
    assert!(median < 33.0 && late < 100.0, "median {median} ms, 95 % {late} ms");
}
