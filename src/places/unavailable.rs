//! What a client is told where places cannot be had.

use core::fmt;

use super::builder::{Builder, push_json_string};
use super::reply::{NotPlaces, Places};

/// Why a reply without places is what it is, in Google's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The source failed, or could not be reached; the same request may succeed later.
    UnknownError,
    /// Too much was asked: of the source (a quota), or of this server (too many fetches).
    OverQueryLimit,
    /// The source refused, mostly for want of a valid key.
    RequestDenied,
    /// The source did not understand the question.
    InvalidRequest,
}

impl Status {
    /// The word in the reply's `status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownError => "UNKNOWN_ERROR",
            Self::OverQueryLimit => "OVER_QUERY_LIMIT",
            Self::RequestDenied => "REQUEST_DENIED",
            Self::InvalidRequest => "INVALID_REQUEST",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The places could not be had. The client still gets its AT line, and this as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Unavailable {
    /// Google's word for it.
    pub status: Status,
    /// What happened, for people. It goes to clients: never a key, never a URL that holds one.
    pub message: String,
}

impl Unavailable {
    /// A reply of the same shape, with no results.
    #[must_use]
    pub fn to_places(&self) -> Places {
        let mut builder = Builder { json: b"{\n   \"error_message\" : ".to_vec(), inside: 0, ends: Vec::new() };
        push_json_string(&mut builder.json, &self.message);
        builder.json.extend_from_slice(b",\n   \"html_attributions\" : [],\n   \"results\" : [");
        builder.inside = builder.json.len();
        builder.finish_with(self.status.as_str())
    }
}

impl Unavailable {
    /// What a client reads when a fetch took longer than it may.
    pub(crate) fn timed_out() -> Self {
        Self { status: Status::UnknownError, message: "the places source took too long to answer".into() }
    }

    /// What a client reads when too many fetches wait already.
    pub(crate) fn too_many() -> Self {
        let message = "this server is fetching as many places as it can; ask again in a moment".into();
        Self { status: Status::OverQueryLimit, message }
    }
}

impl From<NotPlaces> for Unavailable {
    fn from(error: NotPlaces) -> Self {
        Self { status: Status::UnknownError, message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_replies_are_replies() {
        let mut builder = Places::builder(&["by \"us\""]);
        builder.result(|out| out.extend_from_slice(b"{\"name\" : \"one\"}"));
        builder.result(|out| out.extend_from_slice(b"{\"name\" : \"two\"}"));
        for places in [
            builder.finish(),
            Places::builder(&[]).finish(),
            Unavailable { status: Status::OverQueryLimit, message: "slow\ndown".into() }.to_places(),
        ] {
            assert_eq!(Places::parse(&places.json), Ok(places));
        }
    }
}
