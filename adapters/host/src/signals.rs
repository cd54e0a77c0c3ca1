//! What a process of servers does on a signal.

use std::future::poll_fn;
use std::io;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use atomic_waker::AtomicWaker;
use herd_places::Source;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::last_words;
use crate::logs::Log;

/// The signal that stops the process, once it has come.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    signal: AtomicUsize,
    waker: AtomicWaker,
}

impl StopSignal {
    /// Listens to signals from here on, on a thread of its own: Ctrl-C and SIGTERM stop the servers in order, and a second
    /// one ends the process at once; SIGHUP has the places read again.
    pub(crate) fn listen(source: &Arc<dyn Source>, log: &Log) -> io::Result<Arc<Self>> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let stop = Arc::new(Self::default());
        let (listener, source, log) = (Arc::clone(&stop), Arc::clone(source), log.clone());
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGHUP => reload(source.as_ref()),
                    _ => listener.came(signal, &log),
                }
            }
        })?;
        Ok(stop)
    }

    fn came(&self, signal: i32, log: &Log) {
        let signal_name = name(signal);
        if self.signal.swap(usize::try_from(signal).unwrap_or(usize::MAX), Ordering::AcqRel) != 0 {
            tracing::warn!(target: "herd::server", signal = signal_name, "second signal, exiting at once");
            log.flush(last_words::FLUSH);
            // What a shell says of a program that a signal ended.
            exit(128 + signal);
        }
        tracing::info!(target: "herd::server", signal = signal_name, "signal received");
        self.waker.wake();
    }

    /// Waits for the first.
    pub(crate) async fn first(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            if self.signal.load(Ordering::Acquire) == 0 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}

const fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        _ => "SIGTERM",
    }
}

fn reload(source: &dyn Source) {
    match source.reload() {
        Ok(Some(places)) => tracing::info!(target: "herd::places", places, "places read again"),
        Ok(None) => tracing::info!(target: "herd::places", "SIGHUP: this places source has nothing to read again"),
        Err(errors) => {
            for error in &errors {
                tracing::error!(target: "herd::places", error, "bad places");
            }
            tracing::error!(target: "herd::places", errors = errors.len(), "the new places are bad; the old ones stay");
        }
    }
}
