//! Google's legacy Nearby Search, or whatever speaks it.

use std::time::Duration;

use herd::values::MOST_RESULTS;
use herd::{Places, Query, Unavailable};

use crate::http::Client;
use crate::{Remote, Source};

/// Google's own endpoint
/// (<https://developers.google.com/maps/documentation/places/web-service/legacy/search-nearby>).
pub const GOOGLE_LEGACY_URL: &str = "https://maps.googleapis.com/maps/api/place/nearbysearch/json";

/// Fetches `GET URL?location=LAT,LNG&radius=METRES&key=KEY` and passes the reply on byte for byte.
#[derive(Debug)]
pub struct GoogleLegacy {
    client: Client,
    url: String,
}

impl GoogleLegacy {
    /// A source at `remote`, by default Google's own. A fetch takes at most `timeout`, retries
    /// included.
    #[must_use]
    pub fn new(remote: Remote, timeout: Duration) -> Self {
        let url = remote.url.unwrap_or_else(|| GOOGLE_LEGACY_URL.into());
        Self { client: Client::new(remote.key, timeout, remote.trust), url }
    }
}

impl Source for GoogleLegacy {
    fn blocks(&self) -> bool {
        true
    }

    /// Each fetch costs, and brings up to 20 results whatever is asked.
    fn least_bound(&self) -> u8 {
        MOST_RESULTS
    }

    fn nearby(&self, query: &Query) -> Result<Places, Unavailable> {
        let location = format!("{},{}", query.at.latitude(), query.at.longitude());
        let radius = metres(query).to_string();
        self.client.fetch(Places::parse, |agent, timeout| {
            let request = agent.get(&self.url).query_raw("location", &location).query_raw("radius", &radius);
            let request = self.client.key().into_iter().fold(request, |request, key| request.query("key", key));
            request.config().timeout_global(Some(timeout)).build().call()
        })
    }
}

/// The radius to ask Google for, which must be more than 0: what is within a metre is what is there.
pub(crate) fn metres(query: &Query) -> f64 {
    query.radius.metres().max(1.0)
}
