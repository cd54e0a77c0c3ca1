//! The live map in a real browser, with herds of five processes. It takes Debian's `chromium` and `chromium-driver`;
//! README.md has the commands.

mod driver;
mod faults;
mod fences;
mod frames;
mod page;
mod picture;
mod regions;
mod shared;
mod tiles;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use driver::{Browser, Window};
use herd_tests::graphs::cycle;
use herd_tests::herd::{Herd, Plan};
use herd_tests::process::{Binaries, Process};

/// The server whose page is opened, and one that it is linked with.
const FIRST: &str = "Alford";
const NEIGHBOUR: &str = "Hamilton";

/// A herd of five servers, each with a door.
fn herd() -> Herd {
    plan().start()
}

fn plan() -> Plan {
    Plan::new(&Binaries::new(&[env!("CARGO_BIN_EXE_herd-tokio")]), &cycle()).with_http()
}

/// Opens a server's page.
fn open(herd: &Herd, window: Window) -> Browser {
    let browser = Browser::start(window, true);
    browser.open(&url(herd));
    browser
}

fn url(herd: &Herd) -> String {
    format!("http://{}/", herd.door(FIRST))
}

/// Waits until the page has been told of everyone.
fn wait_until_live(browser: &Browser) {
    browser.wait_for_text("#connection-text", |text| text == "Live");
}

/// Nothing was said to the console, and nothing asked of another than the page's own server; the browser's own first page,
/// `chrome:`, is in it.
fn expect_quiet(herd: &Herd, browser: &Browser) {
    assert_eq!(browser.console(), Vec::<String>::new());
    let own = url(herd);
    let foreign: Vec<String> = browser.requests().into_iter().filter(|asked| !is_local(asked, &own)).collect();
    assert_eq!(foreign, Vec::<String>::new());
}

fn is_local(asked: &str, own: &str) -> bool {
    asked.starts_with(own) || ["data:", "blob:", "about:", "chrome:"].iter().any(|scheme| asked.starts_with(scheme))
}

/// Tells a server where a client is, now.
fn report(herd: &Herd, server: &str, client: &str, position: &str) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let line = format!("IAMAT {client} {position} {}.{:09}", now.as_secs(), now.subsec_nanos());
    let reply = herd.client(server).ask(&line);
    assert!(reply.starts_with("AT "), "{reply}");
}

/// Moves made-up clients by `herd demo`.
fn demo(herd: &Herd, arguments: &[&str]) -> Process {
    let program = Path::new(env!("CARGO_BIN_EXE_herd-tokio")).with_file_name("herd");
    assert!(program.exists(), "{} is missing: cargo build -p herd-cli", program.display());
    let servers = herd.running();
    let to = servers.iter().flat_map(|name| ["--to".into(), herd.address(name).to_string()]);
    let mut command = Command::new(program);
    command.arg("demo").args(arguments).args(to).stdout(Stdio::null());
    Process::of(command.spawn().expect("the client starts"))
}

/// Where pictures are put: the folder that `PICTURES` names, or none.
fn pictures() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("PICTURES")?);
    std::fs::create_dir_all(&folder).expect("a folder");
    Some(folder)
}
