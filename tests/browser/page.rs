//! What the page shows of a herd that is well.

use crate::driver::DESKTOP;
use crate::{FIRST, NEIGHBOUR, expect_quiet, herd, open, report, wait_until_live};

/// How many rows the table has: who is on screen.
fn rows(browser: &crate::Browser) -> u64 {
    browser.run("return document.querySelectorAll('#table tr').length").as_u64().expect("a count")
}

#[test]
fn points_appear_and_move() {
    let herd = herd();
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.wait_for_text("#count", |text| text.starts_with("0 clients"));
    report(&herd, NEIGHBOUR, "kiwi", "+34.068930-118.445127");
    browser.wait_for_text("#table", |text| text.contains("kiwi"));
    // What the canvas has, and not only what the table says.
    let colours = "const c = document.querySelector('.leaflet-pane.over canvas'); \
                   return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((b, at) => at % 4 === 3 && b).length";
    herd_tests::patience::wait_for("a dot", || browser.run(colours).as_u64().filter(|&pixels| pixels > 20));
    report(&herd, FIRST, "kiwi", "+40.7-74.0");
    browser.wait_for_text("#table", |text| text.contains("40.70, -74.00"));
    expect_quiet(&herd, &browser);
}

#[test]
fn a_client_is_found_and_pressed() {
    let herd = herd();
    for (client, position) in [("kiwi-1", "+34.068930-118.445127"), ("kiwi-2", "+51.5-0.1"), ("tui", "-33.9+151.2")] {
        report(&herd, FIRST, client, position);
    }
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.write("#search", "kiwi-1\u{e007}");
    browser.wait_for_text("#client", |text| text == "kiwi-1");
    let said = browser.wait_for_text("#report", |text| text.contains(FIRST));
    assert!(said.contains("34.06893° N, 118.44513° W") && said.contains("ago"), "{said}");
    browser.wait_for_text("#places", |text| text.contains(" km") || text.contains(" m"));
    // It is in the middle of what the panel leaves free: there it can be pressed, too.
    browser.click("#close");
    assert_eq!(browser.run("return document.querySelector('#details').hidden"), true);
    let press = "const map = document.querySelector('#map').getBoundingClientRect(); \
                 const free = document.querySelector('#panel').getBoundingClientRect().right; \
                 const at = { clientX: (free + map.right) / 2, clientY: map.height / 2, bubbles: true, view: window }; \
                 const over = document.elementFromPoint(at.clientX, at.clientY); \
                 for (const name of ['mousedown', 'mouseup', 'click']) over.dispatchEvent(new MouseEvent(name, at)); \
                 return document.querySelector('#details').hidden";
    herd_tests::patience::wait_for("the client to be pressed", || (browser.run(press) == false).then_some(()));
    assert_eq!(browser.text("#client"), "kiwi-1");
    expect_quiet(&herd, &browser);
}

#[test]
fn an_id_of_html_is_text() {
    let herd = herd();
    let id = "<img/src=x/onerror=document.title='bad'>&lt;b";
    report(&herd, FIRST, id, "+0.0+0.0");
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.wait_for_text("#table", |text| text.contains(id));
    browser.write("#search", "<img");
    browser.wait_for_text("#found", |text| text.contains(id));
    browser.write("#search", "\u{e007}");
    browser.wait_for_text("#client", |text| text == id);
    assert_eq!(browser.run("return document.title").as_str(), Some(&*format!("{id} – {FIRST} – herd")));
    assert_eq!(browser.run("return document.querySelectorAll('img:not(.mark)').length"), 0);
    expect_quiet(&herd, &browser);
}

/// Keys alone: a slash goes to the search, arrows choose, Escape closes.
#[test]
fn it_can_be_used_without_a_mouse() {
    let herd = herd();
    report(&herd, FIRST, "kiwi-1", "+34.0-118.0");
    report(&herd, FIRST, "kiwi-2", "+35.0-118.0");
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    herd_tests::patience::wait_for("both", || (rows(&browser) == 2).then_some(()));
    let focused = "return document.activeElement.id || document.activeElement.textContent";
    browser.write("#map", "/");
    assert_eq!(browser.run(focused), "search");
    browser.write("#search", "kiwi");
    browser.wait_for_text("#search-said", |text| text == "2 clients found");
    browser.write("#search", "\u{e015}\u{e015}");
    assert!(browser.run(focused).as_str().is_some_and(|text| text.starts_with("kiwi-2")));
    browser.run("document.activeElement.click()");
    browser.wait_for_text("#client", |text| text == "kiwi-2");
    browser.write("#close", "\u{e00c}");
    assert_eq!(browser.run("return document.querySelector('#details').hidden"), true);
    // Whatever can be pressed has a name.
    let nameless = "return [...document.querySelectorAll('button, input')].filter((one) => \
                    !(one.ariaLabel || one.textContent.trim() || one.labels?.length)).map((one) => one.id)";
    assert_eq!(browser.run(nameless), serde_json::json!([]));
    expect_quiet(&herd, &browser);
}
