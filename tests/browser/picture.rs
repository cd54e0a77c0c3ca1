//! Pictures of the page while `herd demo` runs: to look at, and the one in README.md.

use std::path::Path;

use crate::driver::{Browser, DESKTOP, Window};
use crate::{demo, herd, open, wait_until_live};

/// How many clients there are in the pictures.
const CLIENTS: &str = "600";

/// Waits until all of them are on the map.
fn wait_for_clients(browser: &Browser) {
    wait_until_live(browser);
    browser.wait_for_text("#count", |text| text.starts_with(&format!("{CLIENTS} clients")));
}

/// The one that README.md begins with.
#[test]
#[ignore = "it writes docs/map.png"]
fn picture() {
    let herd = herd();
    let _clients = demo(&herd, &["--count", CLIENTS, "--rate", "600", "--speed", "120"]);
    let browser = open(&herd, DESKTOP);
    wait_for_clients(&browser);
    // Trails have to grow.
    std::thread::sleep(std::time::Duration::from_secs(40));
    browser.click("#tab-servers");
    browser.photograph(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/map.png"));
}

/// Dark, light and a phone, into the folder that `PICTURES` names.
#[test]
#[ignore = "it writes pictures"]
fn every_look_of_it() {
    let folder = crate::pictures().expect("PICTURES names a folder");
    let herd = herd();
    let _clients = demo(&herd, &["--count", CLIENTS, "--rate", "600"]);
    let light = Window { is_dark: false, ..DESKTOP };
    let phone = Window { width: 390, height: 844, is_dark: true };
    for (name, window) in [("dark", DESKTOP), ("light", light), ("phone", phone)] {
        let browser = open(&herd, window);
        wait_for_clients(&browser);
        browser.photograph(&folder.join(format!("{name}.png")));
        browser.write("#map", "/");
        browser.run("document.querySelector('#panel').classList.remove('folded')");
        browser.write("#search", "ship-\u{e007}");
        browser.wait_for_text("#client", |text| text.starts_with("ship-"));
        browser.wait_for_text("#places", |text| !text.contains("Looking"));
        browser.photograph(&folder.join(format!("{name}-client.png")));
        browser.click("#close");
        browser.click("#tab-servers");
        browser.wait_for_text("#servers", |text| text.contains("up for"));
        browser.photograph(&folder.join(format!("{name}-servers.png")));
    }
}
