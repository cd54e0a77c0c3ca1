//! `POST /v1/clients/{id}/share`: makes a link.

use std::time::Duration;

use herd::Refusal;
use herd::wire::Need;
use http::StatusCode;
use http::header::HOST;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use super::link::Link;
use crate::decimal::short;
use crate::door::Peer;
use crate::problem::Problem;
use crate::reply::{Reply, reply};
use crate::router::Call;
use crate::settings::Settings;

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    r#for: String,
}

/// What is answered.
#[derive(Serialize)]
struct Shared {
    url: String,
    /// When it ends, in POSIX seconds.
    until: u64,
}

/// Makes a link to a client, for who has the right to share it.
pub(crate) async fn post(call: &mut Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    let client = call.client()?.to_vec();
    let asker = call.asker()?;
    asker.may(Need::Share, &client)?;
    let (host, settings) = (&call.door.host, call.door.host.settings());
    if settings.share.keys.is_empty() {
        return Err(Problem::not_found("links are off: name a share-key-file in [http] of the herd's file"));
    }
    let body = call.door.read(&mut call.body).await?;
    let time = time(&body, settings.share.at_most)?;
    let now = host.now();
    host.node().position(&client, now).ok_or_else(|| asker.refused(Refusal::UnknownClient))?;
    let until = u64::try_from(now.wall.as_nanos().div_euclid(1_000_000_000)).unwrap_or(0) + time.as_secs();
    let link = Link::new(&client, until).sign(&settings.share.keys);
    let link = link.ok_or_else(|| Problem::not_found("links are off"))?;
    let url = format!("{}/s/{link}", base(&settings, call.peer, &call.head));
    let shared = serde_json::to_vec(&Shared { url, until }).expect("it is text");
    Ok(reply(StatusCode::CREATED, "application/json", shared))
}

/// For how long.
fn time(body: &[u8], most: Duration) -> Result<Duration, Problem> {
    let wish: Wish = serde_json::from_slice(body)
        .map_err(|error| Problem::bad(format!("the body is JSON as in {{\"for\": \"2h\"}}: {error}")))?;
    let wrong = |what: &str| Problem::bad(format!("invalid for: {:?}; {what}", short(&wish.r#for)));
    let time = humantime::parse_duration(&wish.r#for).map_err(|_| wrong("it is a time, as in 30m or 2h"))?;
    if time < Duration::from_secs(1) {
        return Err(wrong("it is at least a second"));
    }
    if time > most {
        return Err(wrong(&format!("it is at most {}, which is share-at-most", humantime::format_duration(most))));
    }
    Ok(time)
}

/// What people reach the door by.
fn base(settings: &Settings, peer: &Peer, head: &Parts) -> String {
    let of_request = || {
        let scheme = if peer.is_encrypted() { "https" } else { "http" };
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        format!("{scheme}://{host}")
    };
    settings.share.public_url.clone().unwrap_or_else(of_request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_within_bounds() {
        let most = Duration::from_hours(24);
        let of = |body: &str| time(body.as_bytes(), most).ok().map(|time| time.as_secs());
        for (body, seconds) in [(r#"{"for":"2h"}"#, 7200), (r#"{"for": "1s"}"#, 1), (r#"{"for":"1day"}"#, 86_400)] {
            assert_eq!(of(body), Some(seconds), "{body}");
        }
        for body in ["", "[]", "{}", r#"{"for":2}"#, r#"{"for":"999ms"}"#, r#"{"for":"25h"}"#, r#"{"for":"x"}"#] {
            assert_eq!(of(body), None, "{body}");
        }
    }
}
