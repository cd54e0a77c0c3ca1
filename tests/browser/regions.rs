//! What the page shows of regions. It takes `nats-server`, too.

use herd_tests::herd::Herd;
use herd_tests::nats::{Nats, NatsPlan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use crate::driver::DESKTOP;
use crate::{FIRST, expect_quiet, open, plan, report, wait_until_live};

/// A region whose servers see each other and know the others.
fn region(name: &str, nats: &Nats) -> Herd {
    plan().with_config(&format!("[region]\nname = {name:?}\nnats = [{:?}]\n", nats.url())).start()
}

#[test]
fn it_shows_where_a_client_is_at_home_and_which_region_is_silent() {
    let nats = NatsPlan::default().start();
    let [us, eu] = ["us", "eu"].map(|name| region(name, &nats));
    report(&eu, FIRST, "kiwi", "+50.1+8.6");
    wait_for("the other region to be heard", || {
        (us.status(FIRST)["regions"][0]["state"] == "up" && us.status(FIRST)["away"] == 1).then_some(())
    });
    let browser = open(&us, DESKTOP);
    wait_until_live(&browser);
    browser.write("#search", "kiwi");
    browser.wait_for_text("#found", |text| text.contains("kiwi"));
    browser.write("#search", "\u{e007}");
    browser.wait_for_text("#report", |text| text.ends_with("Regioneu"));
    // It moves.
    report(&us, "Ball", "kiwi", "+34.0-118.0");
    browser.wait_for_text("#report", |text| text.ends_with("Regionus"));
    browser.click("#close");
    browser.click("#tab-servers");
    browser.wait_for_text("[data-name=us] .state", |text| text == "this region");
    browser.wait_for_text("[data-name=eu] .state", |text| text.starts_with("heard "));
    expect_quiet(&us, &browser);
    if let Some(folder) = crate::pictures() {
        browser.photograph(&folder.join("regions.png"));
    }
    browser.run("document.querySelector('#regions').scrollIntoView()");
    for server in eu.running() {
        eu.signal(&server, Signal::STOP);
    }
    browser.wait_for_text("[data-name=eu] .state", |text| text.starts_with("silent for "));
    assert_eq!(browser.text("#down"), "1 silent");
    if let Some(folder) = crate::pictures() {
        browser.photograph(&folder.join("regions-silent.png"));
    }
}
