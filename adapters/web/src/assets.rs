//! The page's files, which `build.rs` has compressed.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::problem::Problem;
use crate::reply::{Content, Reply, reply};
use crate::router::Call;

/// A file of the page.
pub(crate) struct Asset {
    /// Its path under `/assets/`.
    name: &'static str,
    media_type: &'static str,
    /// Another one whenever the file is another, in quotation marks.
    tag: &'static str,
    gzip: &'static [u8],
}

/// All of them, in the order of their names.
const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /assets/NAME`, or `/assets/vendor/NAME`.
pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    let name = call.head.uri.path().trim_start_matches("/assets/");
    let asset = Asset::find(name).ok_or_else(|| Problem::not_found("the page has no such file"))?;
    Ok(asset.reply(&call.head.headers))
}

impl Asset {
    /// The file of that name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.name == name)
    }

    /// The file, or that the browser has it already. It asks each time, since another version of the server has another page.
    pub(crate) fn reply(&self, headers: &HeaderMap) -> Reply {
        let has_it = headers.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == self.tag.as_bytes());
        let is_gzip = takes_gzip(headers);
        let mut reply = match (has_it, is_gzip) {
            (true, _) => not_modified(),
            (false, true) => reply(StatusCode::OK, self.media_type, self.gzip),
            (false, false) => reply(StatusCode::OK, self.media_type, self.plain()),
        };
        let headers = reply.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(ETAG, HeaderValue::from_static(self.tag));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if is_gzip && !has_it {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        reply
    }

    fn plain(&self) -> Bytes {
        let mut plain = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut plain).expect("build.rs has compressed it");
        plain.into()
    }
}

fn not_modified() -> Reply {
    let mut reply = Reply::new(Content::Whole(None));
    *reply.status_mut() = StatusCode::NOT_MODIFIED;
    reply
}

/// Whether `Accept-Encoding` names gzip without refusing it.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (coding, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
        coding.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the issue of the map allows: 400 KB for all that a browser fetches.
    #[test]
    fn the_page_stays_small() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.gzip.len()).sum();
        assert!(bytes <= 400_000, "{bytes} bytes compressed");
    }

    /// A file that is named and not there would be an error in the browser's console.
    #[test]
    fn every_file_that_is_named_is_there() {
        let named = |text: &str| -> Vec<String> {
            let quoted = text.split('"').skip(1).step_by(2);
            quoted
                .filter_map(|path| path.strip_prefix("/assets/").or(path.strip_prefix("./")))
                .map(str::to_owned)
                .collect()
        };
        let mut count = 0;
        for asset in ASSETS.iter().filter(|asset| !asset.name.starts_with("vendor/")) {
            let text = String::from_utf8(asset.plain().to_vec()).expect("text");
            for name in named(&text) {
                assert!(Asset::find(&name).is_some(), "{} names {name}", asset.name);
                count += 1;
            }
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn files_are_compressed_for_those_that_take_it() {
        let headers = |pairs: &[(http::HeaderName, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect::<HeaderMap>()
        };
        let asset = Asset::find("index.html").expect("the page");
        for (accepted, encoding) in
            [("gzip, br", Some("gzip")), ("br, GZIP;q=0.5", Some("gzip")), ("gzip;q=0", None), ("", None)]
        {
            let reply = asset.reply(&headers(&[(ACCEPT_ENCODING, accepted)]));
            let said = reply.headers().get(CONTENT_ENCODING).map(|value| value.to_str().expect("text"));
            assert_eq!(said, encoding, "{accepted}");
        }
        let again = asset.reply(&headers(&[(IF_NONE_MATCH, asset.tag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
