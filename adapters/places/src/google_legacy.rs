//! Google's legacy Nearby Search, or whatever speaks it.

use std::time::Duration;

use herd::{Places, Query, Unavailable};

use crate::Source;
use crate::http::{Client, places};
use crate::key::Key;

/// Google's own endpoint
/// (<https://developers.google.com/maps/documentation/places/web-service/legacy/search-nearby>).
pub const GOOGLE_LEGACY_URL: &str = "https://maps.googleapis.com/maps/api/place/nearbysearch/json";

/// Fetches `GET URL?location=LAT,LNG&radius=METRES&key=KEY` and passes the reply on byte for byte.
#[derive(Debug)]
pub struct GoogleLegacy {
    client: Client,
    url: String,
    key: Option<Key>,
}

impl GoogleLegacy {
    /// A source that asks `url`, by default Google's own, with `key` if there is one. A fetch takes at
    /// most `timeout`.
    #[must_use]
    pub fn new(url: Option<&str>, key: Option<Key>, timeout: Duration) -> Self {
        Self { client: Client::new(timeout), url: url.unwrap_or(GOOGLE_LEGACY_URL).into(), key }
    }
}

impl Source for GoogleLegacy {
    fn blocks(&self) -> bool {
        true
    }

    /// Each fetch costs, and brings up to 20 results whatever is asked.
    fn least_bound(&self) -> u8 {
        herd::places::MOST_RESULTS
    }

    fn nearby(&self, query: &Query) -> Result<Places, Unavailable> {
        // Google wants a radius of more than 0. What is within a metre is what is there.
        let metres = query.radius.metres().max(1.0);
        let mut request = self
            .client
            .agent()
            .get(&self.url)
            .query_raw("location", format!("{},{}", query.at.latitude(), query.at.longitude()))
            .query_raw("radius", metres.to_string());
        if let Some(key) = &self.key {
            request = request.query("key", key.expose());
        }
        places(request.call()).map_err(|error| self.without_key(error))
    }
}

impl GoogleLegacy {
    /// A source may repeat what it was asked; the key goes no further.
    fn without_key(&self, mut error: Unavailable) -> Unavailable {
        if let Some(key) = &self.key {
            error.message = error.message.replace(key.expose(), "(key)");
        }
        error
    }
}
