//! What the page shows when servers are lost and come back, and when it has no right to anything.

use crate::driver::DESKTOP;
use crate::{FIRST, NEIGHBOUR, expect_quiet, herd, open, plan, report, wait_until_live};

/// A token, and its SHA-256 as the herd's file has it.
const TOKEN: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
const TOKEN_SHA256: &str = "8944cd9e46f2d98deaf1db2d3b8894eae0642e0362dba0793eb7a93c156d8c32";

#[test]
fn a_neighbour_goes_down_and_comes_up() {
    let mut herd = herd();
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.click("#tab-servers");
    let state = format!("[data-name={NEIGHBOUR}] .state");
    browser.wait_for_text(&state, |text| text.starts_with("up"));
    herd.kill(NEIGHBOUR);
    browser.wait_for_text(&state, |text| text.starts_with("down"));
    assert_eq!(browser.text("#down"), "1 down");
    herd.start(NEIGHBOUR);
    browser.wait_for_text(&state, |text| text.starts_with("up"));
    expect_quiet(&herd, &browser);
}

/// What was missed is there afterwards, and what is gone is gone.
#[test]
fn the_page_says_that_it_is_offline_and_comes_back() {
    let mut herd = herd();
    report(&herd, FIRST, "before", "+34.0-118.0");
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.wait_for_text("#table", |text| text.contains("before"));
    herd.kill(FIRST);
    browser.wait_for_text("#connection-text", |text| text.contains("Trying again"));
    assert_eq!(browser.run("return document.querySelector('#retry').hidden"), false);
    report(&herd, NEIGHBOUR, "meanwhile", "+35.0-117.0");
    herd.start(FIRST);
    wait_until_live(&browser);
    browser.wait_for_text("#table", |text| text.contains("meanwhile"));
    // A browser itself tells the console of requests that nobody answers; nothing else does.
    let own: Vec<String> = browser.console().into_iter().filter(|line| !line.contains("net::ERR_")).collect();
    assert_eq!(own, Vec::<String>::new());
}

#[test]
fn without_rights_it_asks_for_a_token() {
    let rights = format!(
        "\n[access]\nanonymous = [\"report:*\"]\n\n[[access.token]]\nname = \"map\"\nsha256 = \"{TOKEN_SHA256}\"\nmay = [\"watch:*\", \"ask:*\"]\n",
    );
    let herd = plan().with_config(&rights).start();
    report(&herd, FIRST, "kiwi", "+34.0-118.0");
    let browser = open(&herd, DESKTOP);
    browser.wait_for_text("#connection-text", |text| text == "A token is needed.");
    herd_tests::patience::wait_for("the dialog", || {
        (browser.run("return document.querySelector('#token').open") == true).then_some(())
    });
    browser.write("#token-value", &format!("{TOKEN}\u{e007}"));
    wait_until_live(&browser);
    browser.wait_for_text("#table", |text| text.contains("kiwi"));
    // The token may not ask how servers are, and the page says which right is missing.
    browser.click("#tab-servers");
    browser.wait_for_text("#servers-said", |text| text.contains("status"));
    // It is in no address, and in nothing that outlives the tab.
    assert_eq!(
        browser.run("return location.href + JSON.stringify(localStorage) + document.cookie").as_str(),
        Some(&*format!("{}{{}}", crate::url(&herd)))
    );
}
