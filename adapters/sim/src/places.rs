//! The places source of every simulated server: it makes up what is near, always the same.

use herd::values::MOST_RESULTS;
use herd::{Places, Position, Query, Status, Unavailable};

/// What the source says to a query: as many results as it is asked for.
pub(crate) fn answer(query: &Query) -> Places {
    made_up(query.at, query.bound)
}

/// What it says when it is ill.
pub(crate) fn failure() -> Unavailable {
    Unavailable { status: Status::UnknownError, message: "the simulated source is ill".into() }
}

/// Whether a client that asked for `bound` places near `at` may be told this. A fetch may have been
/// shared with one that asked for more, which shows in the layout where the bound is zero.
pub(crate) fn is_answer(json: &[u8], at: Position, bound: u8) -> bool {
    [bound, MOST_RESULTS].iter().any(|&asked| {
        let mut whole = Vec::new();
        made_up(at, asked).write(bound, &mut whole);
        whole == json
    })
}

/// Whether this is how a server says that there are no places to be had.
pub(crate) fn is_failure(json: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(json) else { return false };
    let status = value["status"].as_str().unwrap_or_default();
    let known = [Status::UnknownError, Status::OverQueryLimit, Status::RequestDenied, Status::InvalidRequest];
    value["results"].as_array().is_some_and(Vec::is_empty)
        && value["error_message"].is_string()
        && known.iter().any(|known| known.as_str() == status)
}

pub(crate) fn made_up(at: Position, results: u8) -> Places {
    let mut builder = Places::builder(&["a simulation"]);
    for index in 0..results {
        let name = format!("{{ \"name\" : \"{index} at {at}\" }}");
        builder.result(|out| out.extend_from_slice(name.as_bytes()));
    }
    builder.finish()
}
