//! One connection, and all that connections share.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use herd::ServerName;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::Service;

use crate::devices;
use crate::host::Host;
use crate::metrics::Requests;
use crate::reply::{Content, Reply};
use crate::router;

/// The longest head of a request, in bytes: a path with an ID of `max-line` bytes, each percent-encoded, and as many bytes
/// of headers.
const MOST_HEAD: usize = 32 << 10;

/// The most headers of a request.
const MOST_HEADERS: usize = 64;

/// A server's HTTP door.
pub struct Door {
    pub(crate) host: Arc<dyn Host>,
    /// How long requests took.
    pub(crate) requests: Requests,
    /// What became of what devices told.
    pub(crate) devices: devices::Counts,
}

/// The other end of a connection.
#[derive(Debug)]
pub struct Peer {
    /// Where it connected from.
    pub remote: SocketAddr,
    is_encrypted: AtomicBool,
    /// Requests that are under way.
    under_way: AtomicU64,
    /// How many were answered.
    answered: AtomicU64,
}

impl Peer {
    /// One that connected from there.
    #[must_use]
    pub fn new(remote: SocketAddr) -> Self {
        let (is_encrypted, under_way, answered) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        Self { remote, is_encrypted, under_way, answered }
    }

    /// The connection is encrypted from here on.
    pub fn encrypted(&self) {
        self.is_encrypted.store(true, Ordering::Relaxed);
    }

    /// Whether it is.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted.load(Ordering::Relaxed)
    }

    /// While no request is under way, how many were answered: a connection on which that stays the same for long has no whole
    /// request to say, and is to be closed.
    #[must_use]
    pub fn rests_at(&self) -> Option<u64> {
        (self.under_way.load(Ordering::Relaxed) == 0).then(|| self.answered.load(Ordering::Relaxed))
    }

    /// How many requests were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }
}

/// A request that is under way until this is dropped.
struct UnderWay(Arc<Peer>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.answered.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Door {
    /// The door of that server.
    #[must_use]
    pub fn new(host: Arc<dyn Host>) -> Arc<Self> {
        Arc::new(Self { host, requests: Requests::default(), devices: devices::Counts::default() })
    }

    /// The server's name.
    pub(crate) fn server(&self) -> ServerName {
        let node = self.host.node();
        node.name(node.me())
    }

    /// Serves a connection: what comes of it is to be polled until it is ready.
    #[must_use]
    pub fn accept<I: Read + Write + Unpin>(self: &Arc<Self>, stream: I, peer: Arc<Peer>) -> Connection<I> {
        let serving = Serving { door: Arc::clone(self), peer };
        let mut http = http1::Builder::new();
        http.max_headers(MOST_HEADERS).max_buf_size(MOST_HEAD).half_close(false);
        Connection(http.serve_connection(stream, serving))
    }
}

/// A connection that is served.
pub struct Connection<I: Read + Write + Unpin>(http1::Connection<I, Serving>);

impl<I: Read + Write + Unpin> Connection<I> {
    /// Takes no request any more but those that have begun, and ends when these have their replies.
    pub fn stop(&mut self) {
        Pin::new(&mut self.0).graceful_shutdown();
    }

    /// Ready when it is over: in order, so that the stream is to be [closed](Self::into_stream), or not.
    ///
    /// # Errors
    /// Why it was not in order.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_without_shutdown(context)
    }

    /// The stream, once it is over.
    #[must_use]
    pub fn into_stream(self) -> I {
        self.0.into_parts().io
    }
}

/// What hyper calls for each request.
struct Serving {
    door: Arc<Door>,
    peer: Arc<Peer>,
}

impl Service<Request<Incoming>> for Serving {
    type Response = Response<Tracked>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Tracked>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (door, peer, under_way) = (Arc::clone(&self.door), Arc::clone(&self.peer), self.peer.begin());
        Box::pin(async move {
            let reply: Reply = router::serve(&door, &peer, request).await;
            Ok(reply.map(|content| Tracked { content, _under_way: under_way }))
        })
    }
}

/// A reply's body, with which its request ends.
pub(crate) struct Tracked {
    content: Content,
    _under_way: UnderWay,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.get_mut().content).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}
