//! The HTTP door: who may come in, and what becomes of requests that are wrong, whole or in part.

mod bodies;
mod framing;
mod guard;
mod ids;
mod methods;
mod metrics;
mod openapi;
mod parameters;
mod rights;
mod stopping;

use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::http::{HttpAnswer, HttpClient};

use crate::binaries;

/// Starts one server, `A`, with a door.
fn start() -> Herd {
    plan().start()
}

fn plan() -> Plan {
    Plan::new(&binaries(), &single()).with_http()
}

/// A place for a client to be, as JSON.
const HERE: &str = r#"{"lat": 34.068930, "lng": -118.445127, "time": "1479413884.392014450"}"#;

/// Puts a client there.
fn put(http: &mut HttpClient, target: &str, body: impl AsRef<[u8]>) -> HttpAnswer {
    http.ask("PUT", target, &[], body)
}

fn get(http: &mut HttpClient, target: &str) -> HttpAnswer {
    http.ask("GET", target, &[], "")
}

/// The server knows nobody: nothing that was tried has been done.
fn assert_nobody_is_known(herd: &Herd) {
    assert_eq!(herd.status("A")["clients"], 0, "nothing has come in");
}
