//! What went wrong, as `application/problem+json` (RFC 9457): what it is, and what to do.

use herd::wire::Need;
use herd::{Record, Refusal};
use http::header::{ALLOW, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::reply::{Reply, reply};

/// Why a request is not served as it was meant.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    elsewhere: Option<Elsewhere>,
}

/// In which other region a client is, and since when.
#[derive(Debug, Serialize)]
struct Elsewhere {
    region: String,
    since: String,
}

#[derive(Serialize)]
struct Json<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    elsewhere: Option<&'a Elsewhere>,
}

impl Problem {
    /// A problem of that status; `detail` tells the caller what to do about it.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), headers: Vec::new(), elsewhere: None }
    }

    /// The request is wrong.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// It is forbidden to whoever asks.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// A token is needed, or another one.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        let bearer = HeaderValue::from_static("Bearer realm=\"herd\"");
        Self::new(StatusCode::UNAUTHORIZED, detail).with(WWW_AUTHENTICATE, bearer)
    }

    /// The path is there, and not for this method.
    pub(crate) fn method(allowed: &str) -> Self {
        let detail = format!("this path takes {allowed}");
        let value = HeaderValue::from_str(allowed).expect("methods are words");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail).with(ALLOW, value)
    }

    /// What the core refuses, to somebody who has shown no token or has.
    pub(crate) fn refused(refusal: Refusal, is_anonymous: bool) -> Self {
        let why = refusal.to_string();
        match refusal {
            Refusal::NoRight(need) if is_anonymous => {
                Self::unauthorized(format!("this takes a token with the right {}", right(need)))
            }
            Refusal::NoRight(need) => Self::forbidden(format!("the token has not the right {}", right(need))),
            Refusal::WrongToken => Self::unauthorized("the token is not known to this server"),
            Refusal::NotEncrypted => Self::forbidden("clients have to encrypt here: ask by https"),
            Refusal::UnknownClient => Self::not_found("no such client is known"),
            Refusal::TooOften => Self::new(StatusCode::TOO_MANY_REQUESTS, format!("{why}: wait a second"))
                .with(RETRY_AFTER, HeaderValue::from_static("1")),
            Refusal::Full | Refusal::NotKept => Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("{why}: try later"))
                .with(RETRY_AFTER, HeaderValue::from_static("5")),
            Refusal::TooFarAhead(by) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("the time is {by} s past the server's clock, which is more than max-ahead allows"),
            ),
            _ => Self::bad(why),
        }
    }

    /// The region did not answer in time where a client is at home: `region` and `since`, in POSIX seconds, are all that is
    /// known here.
    pub(crate) fn region_silent(away: &Record<'_>) -> Self {
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let (region, since) = (text(away.region().unwrap_or_default()), text(away.time()));
        let detail = format!("the client is at home in region {region}, which did not answer: try later");
        let problem = Self::new(StatusCode::GATEWAY_TIMEOUT, detail).with(RETRY_AFTER, HeaderValue::from_static("5"));
        Self { elsewhere: Some(Elsewhere { region, since }), ..problem }
    }

    /// With another header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The connection is closed behind it: what else is on it cannot be told apart, or is not to be read.
    pub(crate) fn and_close(self) -> Self {
        self.with(CONNECTION, HeaderValue::from_static("close"))
    }

    /// Its status.
    #[cfg(test)]
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn into_reply(self) -> Reply {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let (status, elsewhere) = (self.status.as_u16(), self.elsewhere.as_ref());
        let json = Json { r#type: "about:blank", title, status, detail: &self.detail, elsewhere };
        let json = serde_json::to_vec(&json).expect("it is text");
        let mut reply = reply(self.status, "application/problem+json", json);
        reply.headers_mut().extend(self.headers);
        reply
    }
}

/// How a right is written in the herd's file.
const fn right(need: Need) -> &'static str {
    match need {
        Need::Report => "report:PATTERN for this client",
        Need::Forget => "forget:PATTERN for this client",
        Need::Ask => "ask:PATTERN for this client",
        Need::Near => "near",
        Need::Watch => "watch:PATTERN for any of these clients",
        Need::Share => "share:PATTERN for this client",
        Need::Status => "status",
    }
}
