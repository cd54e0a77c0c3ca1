//! What is answered.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// A reply on its way out.
pub(crate) type Reply = Response<Content>;

/// The body of a reply.
pub(crate) enum Content {
    /// All of it.
    Whole(Option<Bytes>),
    /// What comes, until it ends.
    Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = Infallible> + Send>>),
}

/// A reply that is all there, of that media type.
pub(crate) fn reply(status: StatusCode, media_type: &'static str, content: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Content::Whole(Some(content.into())));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // What it tells is of this moment.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// JSON.
pub(crate) fn json(content: impl Into<Bytes>) -> Reply {
    reply(StatusCode::OK, "application/json", content)
}

/// A text of a line or more.
pub(crate) fn text(status: StatusCode, content: impl Into<Bytes>) -> Reply {
    reply(status, "text/plain; charset=utf-8", content)
}

impl HttpBody for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Poll::Ready(whole.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => stream.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.as_ref().is_none_or(Bytes::is_empty),
            Self::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => SizeHint::with_exact(whole.as_ref().map_or(0, Bytes::len) as u64),
            Self::Stream(stream) => stream.size_hint(),
        }
    }
}

impl Content {
    /// As the reply to a HEAD has it: nothing, though its headers say how much it would be.
    pub(crate) fn without_data(self) -> Self {
        match self {
            // hyper itself leaves the body of a reply to HEAD out.
            Self::Whole(whole) => Self::Whole(whole),
            Self::Stream(_) => Self::Whole(None),
        }
    }
}
