//! A server on hyper and tokio that answers a `PUT` of a client as a herd does, and keeps nothing: what the HTTP door cannot
//! do without. `herd bench compare --only http` starts it. `cargo run --release -p herd-benches --example bare-hyper -- ADDR:PORT`.

use std::io;
use std::thread::available_parallelism;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// The headers of a herd's reply, but for those that hyper itself writes.
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "application/geo+json"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
];

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:12991".into());
    // As many as a herd's server has, which leaves one processor to the kernel.
    let workers = available_parallelism()?.get().saturating_sub(1).max(1);
    Builder::new_multi_thread().worker_threads(workers).enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream));
        }
    })
}

async fn serve(stream: TcpStream) {
    // Whoever measures sees a connection that breaks.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

/// The feature that a herd answers with, put together from the path and the body as they stand.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let client = head.uri.path().rsplit('/').next().unwrap_or_default();
    let [lat, lng, time] = ["\"lat\":", "\"lng\":", "\"time\":"].map(|member| value(&body, member));
    let feature = format!(
        r#"{{"type":"Feature","id":"{client}","geometry":{{"type":"Point","coordinates":[{lng},{lat}]}},"properties":{{"origin":"Alford","skew":"+0.000263873","time":"{time}"}}}}"#
    );
    let mut response = Response::new(Full::new(feature.into()));
    let headers = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    Ok(response)
}

/// A member's value in JSON without white space.
fn value<'a>(json: &'a [u8], member: &str) -> &'a str {
    let json = std::str::from_utf8(json).unwrap_or_default();
    let rest = json.split_once(member).map_or("", |(_, rest)| rest);
    rest.split([',', '}']).next().unwrap_or_default()
}
