//! Links that show one client, made and opened.

use serde_json::json;

use crate::driver::DESKTOP;
use crate::{Browser, FIRST, expect_quiet, is_local, plan, report, url, wait_until_live};
use herd_tests::herd::Herd;

/// A key, as `herd secret` makes them.
const KEY: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";

/// A herd that makes links, and knows two clients.
fn sharing_herd() -> Herd {
    let mut herd = plan().with_config("\n[http]\nshare-key-file = \"share.key\"\n").prepare();
    herd.write("share.key", KEY);
    for name in herd.graph().names.clone() {
        herd.start(&name);
    }
    report(&herd, FIRST, "kiwi", "+34.0-118.0");
    report(&herd, FIRST, "tui", "-33.9+151.2");
    herd
}

#[test]
fn a_client_is_shared_by_a_button_and_nobody_else_is_shown() {
    let herd = sharing_herd();
    let browser = crate::open(&herd, DESKTOP);
    wait_until_live(&browser);
    browser.write("#search", "kiwi\u{e007}");
    browser.wait_for_text("#client", |text| text == "kiwi");
    herd_tests::patience::wait_for("the button", || {
        (browser.run("return document.querySelector('#share').disabled") == false).then_some(())
    });
    browser.click("#share");
    browser.wait_for_text("#share-said", |text| text.contains("2 hours"));
    let link = browser.run("return document.querySelector('#share-url').value");
    let link = link.as_str().expect("a link");
    assert!(is_local(link, &url(&herd)), "{link}");
    browser.open(link);
    browser.wait_for_text("#shared-client", |text| text == "kiwi");
    browser.wait_for_text("#shared-text", |text| text.starts_with("Live"));
    browser.wait_for_text("#shared-until", |text| text.starts_with("Shared until"));
    assert_eq!(browser.run("return document.querySelector('#panel').hidden"), true);
    let seen = browser.run("return document.body.innerText");
    assert!(!seen.as_str().expect("text").contains("tui"), "{seen}");
    expect_quiet(&herd, &browser);
}

#[test]
fn a_link_that_has_ended_says_so() {
    let herd = sharing_herd();
    let body = json!({"for": "2s"}).to_string();
    let made = herd.http(FIRST).ask("POST", "/v1/clients/kiwi/share", &[("content-type", "application/json")], body);
    let link = made.json()["url"].as_str().expect("a link").to_owned();
    let browser = Browser::start(DESKTOP, true);
    browser.open(&link);
    let said = browser.wait_for_text("#shared-text", |text| text.contains("has ended"));
    assert!(said.contains("ask whoever gave it to you"), "{said}");
    assert_eq!(browser.run("return document.querySelector('#shared-retry').hidden"), true);
}
