//! Fences that are made on the map.

use herd_tests::herd::Herd;

use crate::driver::{Browser, DESKTOP};
use crate::{FIRST, NEIGHBOUR, expect_quiet, herd, open, report, wait_until_live};

/// A herd, and its map around the one client that there is.
fn with_kiwi_in_the_middle() -> (Herd, Browser) {
    let herd = herd();
    report(&herd, FIRST, "kiwi", "+34.0-118.0");
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.write("#search", "kiwi\u{e007}");
    browser.wait_for_text("#client", |text| text == "kiwi");
    (herd, browser)
}

#[test]
fn who_enters_and_leaves_a_fence_is_listed() {
    let (herd, browser) = with_kiwi_in_the_middle();
    browser.click("#close");
    browser.click("#tab-fences");
    // Around the middle of the window, beside the client.
    browser.run("document.querySelector('#radius').value = 900");
    browser.write("#radius", "\u{e007}");
    browser.wait_for_text("#crossings", |text| text.contains("kiwi") && text.contains("entered Fence 1"));
    report(&herd, NEIGHBOUR, "kiwi", "+34.0+10.0");
    browser.wait_for_text("#crossings", |text| text.contains("left Fence 1"));
    browser.wait_for_text("#fences", |text| text.contains("0 inside"));
    browser.click("#fences button:last-child");
    assert_eq!(browser.run("return document.querySelectorAll('#fences li, .fence-circle').length"), 0);
    expect_quiet(&herd, &browser);
}

/// By hand: pressed in the middle, pulled to the edge.
#[test]
fn a_fence_is_drawn() {
    let (herd, browser) = with_kiwi_in_the_middle();
    browser.click("#tab-fences");
    browser.click("#draw");
    browser.run(
        "const map = document.querySelector('#map'); const box = map.getBoundingClientRect(); \
         const free = document.querySelector('#panel').getBoundingClientRect().right; \
         const middle = (free + box.right) / 2; \
         for (const [name, x] of [['pointerdown', middle], ['pointermove', middle + 90], ['pointerup', middle + 90]]) \
         map.dispatchEvent(new PointerEvent(name, { clientX: x, clientY: box.height / 2, bubbles: true }))",
    );
    browser.wait_for_text("#crossings", |text| text.contains("kiwi") && text.contains("entered Fence 1"));
    browser.wait_for_text("#draw", |_| browser.run("return document.querySelector('#draw').ariaPressed") == "false");
    expect_quiet(&herd, &browser);
}
