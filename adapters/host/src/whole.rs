//! A server runs as a whole or not at all: where one of its tasks panics, all of them end.
//!
//! The programs do not come here: there a panic ends the process (`last_words`).

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::runtime::Runtime;
use crate::shutdown::{Phase, Shutdown};
use crate::stopped::StopError;

pin_project! {
    /// A task of a server, from its root. A runtime would take a panic in it for the end of that one task.
    struct Part<R, F> {
        shutdown: Arc<Shutdown>,
        runtime: std::marker::PhantomData<fn() -> R>,
        #[pin]
        future: F,
    }
}

impl<R: Runtime, F: Future<Output = ()>> Future for Part<R, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let polled = catch_unwind(AssertUnwindSafe(|| this.future.poll(context)));
        polled.unwrap_or_else(|panic| {
            fail::<R>(this.shutdown, &*panic);
            Poll::Ready(())
        })
    }
}

/// Starts a task of that server.
pub(crate) fn spawn<R: Runtime>(shutdown: &Arc<Shutdown>, future: impl Future<Output = ()> + Send + 'static) {
    R::spawn(Part::<R, _> { shutdown: Arc::clone(shutdown), runtime: std::marker::PhantomData, future });
}

/// Runs what may block, as a part of that server.
pub(crate) fn spawn_blocking<R: Runtime>(shutdown: &Arc<Shutdown>, work: impl FnOnce() + Send + 'static) {
    let shutdown = Arc::clone(shutdown);
    R::spawn_blocking(move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            fail::<R>(&shutdown, &*panic);
        }
    });
}

/// Does something to that server for somebody else, who gets the panic as well.
pub(crate) fn within<R: Runtime, T>(shutdown: &Arc<Shutdown>, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        fail::<R>(shutdown, &*panic);
        resume_unwind(panic)
    })
}

/// Ends the server for that panic: nothing is sent any more, for what a part of it left half done nobody knows.
fn fail<R: Runtime>(shutdown: &Arc<Shutdown>, panic: &(dyn Any + Send)) {
    let message = said(panic);
    // Before anything else: whoever hears of a panic may panic too.
    shutdown.advance(Phase::Over);
    let ended = Arc::clone(shutdown);
    let outcome = StopError::Panicked { message: message.clone() };
    if shutdown.fail(outcome.clone()) {
        R::spawn(async move {
            ended.all_written().await;
            ended.stop.end(Err(outcome));
        });
    }
    tracing::error!(target: "herd::server", server = shutdown.server(), panic = message, "bug, server ended");
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
