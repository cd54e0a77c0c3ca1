//! `/v1/openapi.json`: what all paths take and answer, for programs.
//!
//! It is written by hand, and held against the routes and the answers of a running server by tests.

use bytes::Bytes;

use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::router::Call;

const DESCRIPTION: &str = include_str!("openapi.json");

/// `GET /v1/openapi.json`.
pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    Ok(json(Bytes::from_static(DESCRIPTION.as_bytes())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use http::Method;
    use serde_json::Value;

    use super::*;
    use crate::router::ROUTES;

    /// What is for people's browsers alone.
    fn is_for_browsers(path: &str) -> bool {
        path == "/" || path.starts_with("/assets/")
    }

    /// Every path and method is described, and what is described is there. HEAD is GET without a body.
    #[test]
    fn routes_and_description_agree() {
        let routed: BTreeSet<(String, String)> = ROUTES
            .iter()
            .flat_map(|route| {
                route.endpoints.iter().flat_map(|endpoint| endpoint.methods()).map(|method| (route.path, method))
            })
            .filter(|(path, method)| **method != Method::HEAD && !is_for_browsers(path))
            .map(|(path, method)| (path.to_owned(), method.as_str().to_ascii_lowercase()))
            .collect();
        let description: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
        let mut described = BTreeSet::new();
        for (path, item) in description["paths"].as_object().expect("paths") {
            let methods = item.as_object().expect("methods").keys().filter(|key| *key != "parameters");
            described.extend(methods.map(|method| (path.clone(), method.clone())));
        }
        assert_eq!(routed, described);
    }
}
