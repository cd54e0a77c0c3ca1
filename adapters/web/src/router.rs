//! Every path of the door, and what serves it.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;

use crate::api::{clients, near, places, servers, status, watch};
use crate::assets;
use crate::caller::Asker;
use crate::client_id::from_url;
use crate::devices::{self, Format};
use crate::door::{Door, Peer};
use crate::guard;
use crate::health;
use crate::metrics;
use crate::openapi;
use crate::page;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::Reply;
use crate::share;

/// A request on its way to what serves it.
pub(crate) struct Call<'a> {
    pub(crate) door: &'a Arc<Door>,
    pub(crate) peer: &'a Peer,
    pub(crate) head: Parts,
    pub(crate) body: Incoming,
    /// What stands in the path for each `{}` of its route, decoded.
    pub(crate) segments: Vec<Vec<u8>>,
}

impl Call<'_> {
    /// Its parameters, of which only these may be there.
    ///
    /// # Errors
    /// Where there is another one, or one twice.
    pub(crate) fn query(&self, known: &[&str]) -> Result<Query<'_>, Problem> {
        Query::parse(self.head.uri.query(), known)
    }

    /// Who asks, by its headers.
    ///
    /// # Errors
    /// Where it shows a token that is not known, or something else.
    pub(crate) fn asker(&self) -> Result<Asker, Problem> {
        self.door.asker(self.peer, &self.head.headers)
    }
}

/// A path, `{}` standing for any one segment, and what it takes.
pub(crate) struct Route {
    /// As documentation and metrics name it.
    pub(crate) path: &'static str,
    pub(crate) endpoints: &'static [Endpoint],
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Page,
    Asset,
    Map,
    Livez,
    Readyz,
    Healthz,
    Metrics,
    OpenApi,
    Status,
    Servers,
    GetClient,
    PutClient,
    DeleteClient,
    ListClients,
    Places,
    Near,
    Watch,
    Share,
    SharedPage,
    SharedClient,
    SharedWatch,
    /// What a device sends; with the token in the path, where it can be given nothing but a URL.
    Device(Format),
    DeviceWithToken(Format),
}

/// All of them.
pub(crate) static ROUTES: &[Route] = &[
    Route { path: "/", endpoints: &[Endpoint::Page] },
    Route { path: "/assets/{name}", endpoints: &[Endpoint::Asset] },
    Route { path: "/assets/vendor/{name}", endpoints: &[Endpoint::Asset] },
    Route { path: "/livez", endpoints: &[Endpoint::Livez] },
    Route { path: "/readyz", endpoints: &[Endpoint::Readyz] },
    Route { path: "/healthz", endpoints: &[Endpoint::Healthz] },
    Route { path: "/v1/map", endpoints: &[Endpoint::Map] },
    Route { path: "/metrics", endpoints: &[Endpoint::Metrics] },
    Route { path: "/v1/openapi.json", endpoints: &[Endpoint::OpenApi] },
    Route { path: "/v1/status", endpoints: &[Endpoint::Status] },
    Route { path: "/v1/servers", endpoints: &[Endpoint::Servers] },
    Route { path: "/v1/clients", endpoints: &[Endpoint::ListClients] },
    Route { path: "/v1/clients/{id}", endpoints: &[Endpoint::GetClient, Endpoint::PutClient, Endpoint::DeleteClient] },
    Route { path: "/v1/clients/{id}/places", endpoints: &[Endpoint::Places] },
    Route { path: "/v1/clients/{id}/share", endpoints: &[Endpoint::Share] },
    Route { path: "/v1/near", endpoints: &[Endpoint::Near] },
    Route { path: "/v1/watch", endpoints: &[Endpoint::Watch] },
    Route { path: "/s/{link}", endpoints: &[Endpoint::SharedPage] },
    Route { path: "/s/{link}/client", endpoints: &[Endpoint::SharedClient] },
    Route { path: "/s/{link}/watch", endpoints: &[Endpoint::SharedWatch] },
    Route { path: "/owntracks", endpoints: &[Endpoint::Device(Format::OwnTracks)] },
    Route { path: "/osmand", endpoints: &[Endpoint::Device(Format::OsmAnd)] },
    Route { path: "/overland", endpoints: &[Endpoint::Device(Format::Overland)] },
    Route { path: "/gpslogger", endpoints: &[Endpoint::Device(Format::GpsLogger)] },
    Route { path: "/d/{token}/owntracks", endpoints: &[Endpoint::DeviceWithToken(Format::OwnTracks)] },
    Route { path: "/d/{token}/osmand", endpoints: &[Endpoint::DeviceWithToken(Format::OsmAnd)] },
    Route { path: "/d/{token}/overland", endpoints: &[Endpoint::DeviceWithToken(Format::Overland)] },
    Route { path: "/d/{token}/gpslogger", endpoints: &[Endpoint::DeviceWithToken(Format::GpsLogger)] },
];

impl Endpoint {
    /// The methods that ask for it.
    pub(crate) const fn methods(self) -> &'static [Method] {
        match self {
            Self::PutClient => &[Method::PUT],
            Self::DeleteClient => &[Method::DELETE],
            Self::Share => &[Method::POST],
            // A GET of theirs reports, so it is no HEAD. GPSLogger lets people choose.
            Self::Device(Format::GpsLogger) | Self::DeviceWithToken(Format::GpsLogger) => {
                &[Method::GET, Method::POST, Method::PUT]
            }
            Self::Device(_) | Self::DeviceWithToken(_) => &[Method::GET, Method::POST],
            _ => &[Method::GET, Method::HEAD],
        }
    }

    /// Whether it may change something, so that it is not for pages of other origins.
    const fn changes(self) -> bool {
        matches!(self, Self::PutClient | Self::DeleteClient | Self::Share | Self::Device(_) | Self::DeviceWithToken(_))
    }

    async fn serve(self, call: &mut Call<'_>) -> Result<Reply, Problem> {
        match self {
            Self::Page => Ok(page::get(call)),
            Self::Asset => assets::get(call),
            Self::Map => page::settings(call),
            Self::Livez => Ok(health::live()),
            Self::Readyz => Ok(health::ready(call.door)),
            Self::Healthz => Ok(health::well(call.door)),
            Self::Metrics => metrics::get(call),
            Self::OpenApi => openapi::get(call),
            Self::Status => status::get(call),
            Self::Servers => servers::get(call),
            Self::GetClient => clients::get(call).await,
            Self::PutClient => clients::put(call).await,
            Self::DeleteClient => clients::delete(call).await,
            Self::ListClients => clients::list(call).await,
            Self::Places => places::get(call).await,
            Self::Near => near::get(call).await,
            Self::Watch => watch::get(call),
            Self::Share => share::post(call).await,
            Self::SharedPage => share::page(call),
            Self::SharedClient => share::client(call),
            Self::SharedWatch => share::watch(call),
            Self::Device(format) => devices::serve(call, format, None).await,
            Self::DeviceWithToken(format) => {
                let token = call.segments.first().cloned();
                devices::serve(call, format, token).await
            }
        }
    }
}

/// Serves one request, whatever it is.
pub(crate) async fn serve(door: &Arc<Door>, peer: &Peer, request: Request<Incoming>) -> Reply {
    let began = door.host.instant();
    let (head, body) = request.into_parts();
    let settings = door.host.settings();
    let found = find(head.uri.path());
    let route = found.as_ref().map(|(route, _)| *route);
    let (is_head, method) = (head.method == Method::HEAD, head.method.clone());
    let mut cors = http::HeaderMap::new();
    guard::allow_origin(&head, &settings, &mut cors);
    let served = match enter(&head, &settings, found) {
        Ok(Entered::Answered(reply)) => Ok(reply),
        Ok(Entered::For(endpoint, segments)) => endpoint.serve(&mut Call { door, peer, head, body, segments }).await,
        Err(problem) => Err(problem),
    };
    let mut reply = served.unwrap_or_else(Problem::into_reply);
    let headers = reply.headers_mut();
    guard::harden(headers);
    headers.extend(cors);
    if door.host.is_stopping() {
        headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    }
    log(door, peer, (&method, route), reply.status());
    door.requests.observe(route, reply.status(), door.host.instant().saturating_since(began));
    if is_head { reply.map(crate::reply::Content::without_data) } else { reply }
}

/// Logs a request by its route: the path itself may hold a token or a link.
fn log(door: &Door, peer: &Peer, (method, route): (&Method, Option<&Route>), status: StatusCode) {
    let (path, status) = (route.map(|route| route.path), status.as_u16());
    let from = peer.remote;
    if matches!(status, 401 | 403) {
        tracing::info!(target: "herd::server", server = %door.server(), %from, %method, path, status, "request denied");
    }
    tracing::debug!(target: "herd::http", server = %door.server(), %from, %method, path, status, "request");
}

/// A route, and what stands in the path where the route says `{}`.
type Found = (&'static Route, Vec<Vec<u8>>);

enum Entered {
    Answered(Reply),
    For(Endpoint, Vec<Vec<u8>>),
}

/// What a request is for, if it may come in.
fn enter(head: &Parts, settings: &crate::settings::Settings, found: Option<Found>) -> Result<Entered, Problem> {
    guard::check_host(head, settings)?;
    let (route, segments) = found
        .ok_or_else(|| Problem::not_found("there is no such path; /v1/openapi.json describes those that there are"))?;
    if let Some(reply) = guard::preflight(head, settings, route) {
        return Ok(Entered::Answered(reply));
    }
    let mut endpoints = route.endpoints.iter().copied();
    let endpoint = endpoints.find(|endpoint| endpoint.methods().contains(&head.method));
    let endpoint = endpoint.ok_or_else(|| Problem::method(&route.methods()))?;
    if endpoint.changes() {
        guard::check_change(head, settings)?;
    }
    Ok(Entered::For(endpoint, segments))
}

impl Route {
    /// The methods that it takes, as `Allow` has them.
    pub(crate) fn methods(&self) -> String {
        let methods = self.endpoints.iter().flat_map(|endpoint| endpoint.methods());
        methods.map(Method::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether a path is this one up to the first segment that may be any: that tells nearly all routes apart.
    fn begins_as(&self, path: &str) -> bool {
        let expected = self.path.bytes().take_while(|&byte| byte != b'{');
        expected.zip(path.bytes()).all(|(expected, byte)| expected == byte)
    }
}

/// The route of a path, and what stands in it where the route says `{}`.
pub(crate) fn find(path: &str) -> Option<Found> {
    ROUTES.iter().filter(|route| route.begins_as(path)).find_map(|route| {
        let (mut segments, mut parts) = (Vec::new(), path.split('/'));
        for expected in route.path.split('/') {
            let part = parts.next()?;
            if expected.starts_with('{') && !part.is_empty() {
                segments.push(from_url(part.as_bytes()).into_owned());
            } else if expected != part {
                return None;
            }
        }
        parts.next().is_none().then_some((route, segments))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_routes() {
        let found = |path: &str| find(path).map(|(route, segments)| (route.path, segments));
        assert_eq!(found("/v1/clients/a%2Fb%00"), Some(("/v1/clients/{id}", vec![b"a/b\0".to_vec()])));
        assert_eq!(found("/v1/clients/kiwi/places"), Some(("/v1/clients/{id}/places", vec![b"kiwi".to_vec()])));
        assert_eq!(found("/v1/clients"), Some(("/v1/clients", vec![])));
        assert_eq!(found("/v1/clients/{x"), Some(("/v1/clients/{id}", vec![b"{x".to_vec()])));
        for unknown in
            ["", "/v1", "/v1/clients/", "/v1/clients/a/b", "/v1//places", "/V1/clients", "/v1/clients/kiwi/places/"]
        {
            assert_eq!(found(unknown), None, "{unknown}");
        }
        assert_eq!(find("/v1/clients/kiwi").expect("a route").0.methods(), "GET, HEAD, PUT, DELETE");
    }
}
