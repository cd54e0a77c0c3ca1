//! The live map's page, and what it has to know of its server.

use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, Uri};
use serde::Serialize;

use crate::assets::Asset;
use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::router::Call;
use crate::settings::Settings;

/// `GET /`: the page.
pub(crate) fn get(call: &Call<'_>) -> Reply {
    page(&call.head.headers, &call.door.host.settings())
}

/// The page. What it shows is for its own script to find out.
pub(crate) fn page(headers: &HeaderMap, settings: &Settings) -> Reply {
    let mut reply = Asset::find("index.html").expect("build.rs has it").reply(headers);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy(settings));
    if settings.tiles.is_some() {
        // OpenStreetMap's servers, and others, refuse tiles to pages that do not say where they are. The path, which may be
        // a link, stays here.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    }
    headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    reply
}

/// What the page may load: what is its own, and tiles. No script or style that stands in the page itself is run.
fn policy(settings: &Settings) -> HeaderValue {
    let tiles = settings.tiles.as_ref().and_then(|tiles| origin(&tiles.url)).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{tiles}; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("an origin is of visible characters")
}

/// A blank, and the scheme and host of an address of tiles; `None` where it is a path of this server, or no address.
fn origin(tiles: &str) -> Option<String> {
    let url: Uri = tiles.replace(['{', '}'], "").parse().ok()?;
    let is_plain = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let authority = url.authority()?.as_str();
    is_plain(authority).then(|| format!(" {}://{authority}", url.scheme_str().unwrap_or("https")))
}

#[derive(Serialize)]
struct Map<'a> {
    server: &'a str,
    tiles: Option<&'a str>,
    attribution: Option<&'a str>,
    share: bool,
}

/// `GET /v1/map`: whose page it is, where tiles are, and whether links can be made. It needs no right, as the page needs none.
pub(crate) fn settings(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    let settings = call.door.host.settings();
    let tiles = settings.tiles.as_ref();
    let server = call.door.server();
    let map = Map {
        server: server.as_str(),
        tiles: tiles.map(|tiles| tiles.url.as_str()),
        attribution: tiles.map(|tiles| tiles.attribution.as_str()),
        share: !settings.share.keys.is_empty(),
    };
    Ok(json(serde_json::to_vec(&map).expect("it is text")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Tiles;

    #[test]
    fn the_policy_names_the_tiles_host_and_nothing_that_is_inline() {
        let with = |url: &str| {
            let tiles = Some(Tiles { url: url.into(), attribution: String::new() });
            let policy = policy(&Settings { tiles, ..Settings::default() });
            let policy = policy.to_str().expect("text").to_owned();
            assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none'"), "{policy}");
            policy.split("; ").find_map(|rule| rule.strip_prefix("img-src ")).expect("a rule").to_owned()
        };
        assert_eq!(with("https://tiles.example:8443/{z}/{x}/{y}.png"), "'self' data: https://tiles.example:8443");
        assert_eq!(with("/tiles/{z}/{x}/{y}.png"), "'self' data:");
        for evil in ["https://a;script-src *", "https://a b/{z}", "https://*/{z}", "https://u:p@evil/{z}"] {
            assert_eq!(with(evil), "'self' data:", "{evil}");
        }
    }
}
