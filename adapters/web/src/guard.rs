//! Who may ask at all: a page of somebody else's, open in a browser on this machine, is to read and to move nothing.
//!
//! - A page cannot read what comes from another origin, unless that names it (CORS). By having its own name resolve to this
//!   machine (DNS rebinding) it could make the door its own origin: so a request has to ask for an IP address, for
//!   `localhost`, or for a name that the settings know.
//! - A page can send what it cannot read the reply to: forms, images. So what changes something is refused where the
//!   browser says that it comes from elsewhere (`Origin`, `Sec-Fetch-Site`, or where there is neither, `Referer`).

use std::net::{IpAddr, Ipv6Addr};

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    HOST, HeaderName, ORIGIN, REFERER, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::problem::Problem;
use crate::reply::{Content, Reply};
use crate::router::Route;
use crate::settings::Settings;

const SEC_FETCH_SITE: &str = "sec-fetch-site";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What browsers are to make of each reply: it is what it says it is, for pages of its own origin, and nobody is told of it
/// unless it says so itself.
pub(crate) fn harden(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
}

/// Whether a request asks for this server by a name that is its own.
///
/// # Errors
/// 421 where it does not, 400 where it does not say.
pub(crate) fn check_host(head: &Parts, settings: &Settings) -> Result<(), Problem> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    let host = host.ok_or_else(|| Problem::bad("a request has one Host header").and_close())?;
    // With an absolute URL that is what counts (RFC 9112, 3.2.2).
    let asked = head.uri.authority().map_or(host, http::uri::Authority::as_str);
    if [host, asked].iter().all(|host| is_own(name_of(host), settings)) {
        return Ok(());
    }
    let detail = format!("this server is not known as {:?}: add it to hosts in [http], if it is", name_of(asked));
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail).and_close())
}

/// The host of an authority, without its port and the brackets of IPv6.
fn name_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Nobody can have an address, nor `localhost`, resolve to another place.
fn is_own(name: &str, settings: &Settings) -> bool {
    let is_address = name.parse::<IpAddr>().is_ok() || name.parse::<Ipv6Addr>().is_ok();
    let name = name.strip_suffix('.').unwrap_or(name);
    is_address
        || name.eq_ignore_ascii_case("localhost")
        || settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a request that changes something may come from where it does.
///
/// # Errors
/// 403 where a page of somebody else's sends it.
pub(crate) fn check_change(head: &Parts, settings: &Settings) -> Result<(), Problem> {
    let text = |name: &str| head.headers.get(name).map(HeaderValue::as_bytes);
    let foreign =
        || Problem::forbidden("a page of another origin may not do this: name it in origins in [http], if it may");
    if let Some(origin) = head.headers.get(ORIGIN) {
        return if is_same(origin, head) || is_allowed(origin, settings) { Ok(()) } else { Err(foreign()) };
    }
    match (text(SEC_FETCH_SITE), head.headers.get(REFERER)) {
        (Some(b"same-origin" | b"none"), _) | (None, None) => Ok(()),
        (None, Some(referer)) if is_same(referer, head) => Ok(()),
        _ => Err(foreign()),
    }
}

/// Whether a URL is of the host that the request asks for.
fn is_same(url: &HeaderValue, head: &Parts) -> bool {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
    let url: Option<Uri> = url.to_str().ok().and_then(|url| url.parse().ok());
    let authority = url.as_ref().and_then(Uri::authority);
    authority.is_some_and(|authority| host.is_some_and(|host| authority.as_str().eq_ignore_ascii_case(host)))
}

fn is_allowed(origin: &HeaderValue, settings: &Settings) -> bool {
    settings.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
}

/// Lets a page of an origin that the settings name read the reply.
pub(crate) fn allow_origin(head: &Parts, settings: &Settings, headers: &mut HeaderMap) {
    if settings.origins.is_empty() {
        return;
    }
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = head.headers.get(ORIGIN).filter(|origin| is_allowed(origin, settings)) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
}

/// What a browser asks before a page of another origin may send something.
pub(crate) fn preflight(head: &Parts, settings: &Settings, route: &Route) -> Option<Reply> {
    let asks = head.method == Method::OPTIONS && head.headers.contains_key("access-control-request-method");
    let is_allowed = head.headers.get(ORIGIN).is_some_and(|origin| is_allowed(origin, settings));
    (asks && is_allowed).then(|| {
        let mut reply = Reply::new(Content::Whole(None));
        *reply.status_mut() = StatusCode::NO_CONTENT;
        let headers = reply.headers_mut();
        let methods = HeaderValue::from_str(&route.methods()).expect("methods are words");
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = HeaderValue::from_static("authorization, content-type, last-event-id");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        reply
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/v1/clients/kiwi");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn settings() -> Settings {
        let (hosts, origins) = (vec!["herd.example".into()], vec!["https://maps.example".into()]);
        Settings { hosts, origins, ..Settings::default() }
    }

    #[test]
    fn a_server_is_asked_by_addresses_localhost_and_names_of_its_own() {
        for own in ["127.0.0.1:12890", "[::1]:12890", "10.0.0.1", "localhost:1", "LOCALHOST", "Herd.example:443"] {
            assert!(check_host(&head("GET", &[("host", own)]), &settings()).is_ok(), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:12890", "", "herd.example.x"] {
            let problem = check_host(&head("GET", &[("host", other)]), &settings()).expect_err(other);
            assert_eq!(problem.status(), StatusCode::MISDIRECTED_REQUEST, "{other}");
        }
        for wrong in [&[][..], &[("host", "localhost"), ("host", "localhost")]] {
            let problem = check_host(&head("GET", wrong), &settings()).expect_err("not one");
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn what_changes_something_comes_from_no_page_of_another_origin() {
        let host = ("host", "127.0.0.1:12890");
        for fine in [
            &[][..],
            &[("origin", "http://127.0.0.1:12890")],
            &[("origin", "https://maps.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("referer", "http://127.0.0.1:12890/")],
        ] {
            assert!(check_change(&head("PUT", &[&[host], fine].concat()), &settings()).is_ok(), "{fine:?}");
        }
        for foreign in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:8000")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("referer", "http://evil.example/127.0.0.1:12890/")],
            &[("sec-fetch-site", "cross-site"), ("referer", "http://127.0.0.1:12890/")],
        ] {
            let problem = check_change(&head("PUT", &[&[host], foreign].concat()), &settings()).expect_err("foreign");
            assert_eq!(problem.status(), StatusCode::FORBIDDEN, "{foreign:?}");
        }
    }
}
