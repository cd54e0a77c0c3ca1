//! The body of a request, read within bounds of size and time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use http::StatusCode;
use http_body::Body as HttpBody;
use hyper::body::Incoming;

use crate::door::Door;
use crate::host::Sleep;
use crate::problem::Problem;

/// As much of a body as is not worth counting.
const SMALL: usize = 4 << 10;

impl Door {
    /// All of a request's body.
    ///
    /// # Errors
    /// 413 where it is too long, 408 where it is not there within the time that a line may take, 400 where it breaks off.
    pub(crate) async fn read(&self, body: &mut Incoming) -> Result<Bytes, Problem> {
        let most = self.host.settings().max_body;
        let too_long = || {
            let detail = format!("the body is longer than max-body, which is {most} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).and_close()
        };
        if body.size_hint().lower() > most as u64 {
            return Err(too_long());
        }
        let (mut first, mut all, mut timeout, mut counted) = (Bytes::new(), Vec::new(), None, None);
        while let Some(frame) = self.frame(body, &mut timeout).await? {
            let Ok(data) = frame.into_data() else { continue };
            if first.is_empty() && all.is_empty() {
                first = data;
            } else {
                if all.is_empty() {
                    all.extend_from_slice(&std::mem::take(&mut first));
                }
                all.extend_from_slice(&data);
            }
            let len = first.len() + all.len();
            if len > most {
                return Err(too_long());
            }
            if len > SMALL {
                self.count(&mut counted, len)?;
            }
        }
        Ok(if all.is_empty() { first } else { all.into() })
    }

    /// What comes next of a body, and whether it does in time.
    async fn frame(
        &self,
        body: &mut Incoming,
        timeout: &mut Option<Sleep>,
    ) -> Result<Option<http_body::Frame<Bytes>>, Problem> {
        poll_fn(|context| {
            if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(context) {
                let broken = |_| Problem::bad("the body broke off").and_close();
                return Poll::Ready(frame.transpose().map_err(broken));
            }
            let timeout = timeout.get_or_insert_with(|| self.host.sleep(self.host.node().limits().line_timeout));
            timeout
                .as_mut()
                .poll(context)
                .map(|()| Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body was not there in time").and_close()))
        })
        .await
    }

    /// A body takes so many bytes.
    fn count(&self, counted: &mut Option<Counted>, len: usize) -> Result<(), Problem> {
        let counted = counted.get_or_insert_with(|| {
            let letters = self.host.letters();
            Counted { buffer: self.host.node().buffer(letters.id()), letters }
        });
        let mut turn = herd::Turn::at(self.host.now());
        counted.buffer.holds(self.host.node(), &mut turn, len);
        self.host.perform(&mut turn);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match counted.letters.poll(&mut context) {
            Poll::Ready(_) => {
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "buffers are full: try later").and_close())
            }
            Poll::Pending => Ok(()),
        }
    }
}

/// The buffer of a long body.
struct Counted {
    buffer: herd::Buffer,
    letters: Box<dyn crate::host::Letters>,
}
