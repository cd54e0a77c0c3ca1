//! How long requests took, by what they asked for and what came of them.

use std::time::Duration;

use http::StatusCode;

use super::exposition::{Exposition, Kind};
use super::histogram::Histogram;
use crate::router::{ROUTES, Route};

/// The classes of statuses, as labels.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What a request asked for that has no route.
const NOWHERE: &str = "none";

/// A histogram for each route and class of statuses: from the head of a request to that of its reply.
#[derive(Debug)]
pub(crate) struct Requests {
    /// In the order of the routes, and one for what has none.
    routes: Box<[[Histogram; CLASSES.len()]]>,
}

impl Default for Requests {
    fn default() -> Self {
        Self { routes: (0..=ROUTES.len()).map(|_| Default::default()).collect() }
    }
}

impl Requests {
    /// A request was answered.
    pub(crate) fn observe(&self, route: Option<&'static Route>, status: StatusCode, time: Duration) {
        let index = route.and_then(|route| ROUTES.iter().position(|known| std::ptr::eq(known, route)));
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.routes[index.unwrap_or(ROUTES.len())][class].observe(time);
    }

    /// Only those that there were.
    pub(super) fn write(&self, out: &mut Exposition) {
        let help = "How long requests took, from their heads to those of their replies.";
        let mut family = out.family("herd_http_request_seconds", Kind::Histogram, help);
        let paths = ROUTES.iter().map(|route| route.path).chain([NOWHERE]);
        for (path, classes) in paths.zip(&self.routes) {
            for (class, histogram) in CLASSES.iter().zip(classes).filter(|(_, histogram)| !histogram.is_empty()) {
                family.histogram(&[("route", path), ("status", class)], histogram);
            }
        }
    }
}
