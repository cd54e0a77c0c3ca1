//! A browser, driven by chromedriver: its protocol (W3C `WebDriver`) is JSON over HTTP, and this is what the tests need of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
use herd_tests::process::Process;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the browser is not to do of itself, and not to wait for.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// The member of an element's reference that has its id (W3C `WebDriver`, 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window. It ends when this is dropped.
pub(crate) struct Browser {
    session: String,
    agent: ureq::Agent,
    _driver: Process,
    _profile: TempDir,
}

/// How the window is.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_dark: bool,
}

/// As most people have it.
pub(crate) const DESKTOP: Window = Window { width: 1280, height: 800, is_dark: true };

impl Browser {
    /// Starts one. To keep [`requests`](Self::requests) costs it time for each piece of a stream that comes.
    pub(crate) fn start(window: Window, keeps_requests: bool) -> Self {
        let address = free_address();
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={}", address.port())).arg("--log-level=OFF").stdout(std::process::Stdio::null());
        let driver = Process::listening(&mut driver, address);
        let profile = tempfile::tempdir().expect("a folder");
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|&argument| argument.into()).collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1)));
        let mut browser = Self {
            session: format!("http://{address}/session"),
            agent: agent.build().into(),
            _driver: driver,
            _profile: profile,
        };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": if keeps_requests { "ALL" } else { "OFF" }},
        }}});
        let session = browser.post("", &capabilities);
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser.look(window);
        browser
    }

    /// Has the window look like that.
    pub(crate) fn look(&self, Window { width, height, is_dark }: Window) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 640});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// Opens a page.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// What a function's body returns in the page.
    pub(crate) fn run(&self, body: &str) -> Value {
        self.post("/execute/sync", &json!({"script": body, "args": []}))
    }

    /// What a function's body hands to its last argument.
    pub(crate) fn run_async(&self, body: &str) -> Value {
        self.post("/execute/async", &json!({"script": body, "args": []}))
    }

    /// The text of an element, as it is shown.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.get(&format!("/element/{}/text", self.find(selector)));
        text.as_str().unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    /// Waits until an element's text is such.
    pub(crate) fn wait_for_text(&self, selector: &str, is_such: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        wait_for(&format!("{selector} to say something else"), || {
            let text = self.run(&format!("return document.querySelector({selector:?})?.textContent ?? ''"));
            text.as_str().unwrap_or_default().clone_into(&mut last);
            is_such(&last).then(|| last.clone())
        })
    }

    /// Presses an element, as a mouse does: it must be visible and in nothing's shadow.
    pub(crate) fn click(&self, selector: &str) {
        self.post(&format!("/element/{}/click", self.find(selector)), &json!({}));
    }

    /// Types into an element.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.post(&format!("/element/{}/value", self.find(selector)), &json!({"text": text}));
    }

    fn find(&self, selector: &str) -> String {
        let element = self.post("/element", &json!({"using": "css selector", "value": selector}));
        element[ELEMENT].as_str().unwrap_or_else(|| panic!("{selector}: {element}")).to_owned()
    }

    /// Writes what the window shows as PNG.
    pub(crate) fn photograph(&self, path: &Path) {
        let png = self.get("/screenshot");
        let png = STANDARD.decode(png.as_str().expect("base64")).expect("base64");
        std::fs::write(path, png).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What the console was told since this was asked last.
    pub(crate) fn console(&self) -> Vec<String> {
        self.log("browser").iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What was asked for since this was asked last.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.log("performance").into_iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let is_request = event["message"]["method"] == "Network.requestWillBeSent";
            is_request.then(|| event["message"]["params"]["request"]["url"].as_str().map(str::to_owned))?
        });
        events.collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.post("/se/log", &json!({"type": kind})).as_array().cloned().unwrap_or_default()
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let body = serde_json::to_vec(body).expect("JSON");
        Self::value(self.agent.post(format!("{}{path}", self.session)).send(&body[..]), path)
    }

    fn get(&self, path: &str) -> Value {
        Self::value(self.agent.get(format!("{}{path}", self.session)).call(), path)
    }

    fn value(reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>, path: &str) -> Value {
        let mut reply = reply.unwrap_or_else(|error| panic!("{path}: {error}"));
        let reader = reply.body_mut().with_config().limit(64 << 20).reader();
        let said: Value = serde_json::from_reader(reader).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(said["value"]["error"].is_null(), "{path}: {said}");
        said["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver would leave the browser behind.
        let _ = self.agent.delete(&self.session).call();
    }
}
