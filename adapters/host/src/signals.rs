//! What a process of servers does on a signal.

use std::future::poll_fn;
use std::io;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Incoming;

use crate::last_words;
use crate::logs::Log;
use crate::wake_flag::WakeFlag;

/// The signals that have come and were not heeded yet.
#[derive(Default)]
pub(crate) struct Signals {
    /// The one that stops the process, once it has come.
    stop: AtomicUsize,
    stop_waker: AtomicWaker,
    hangup: WakeFlag,
    /// What a process that exits at once writes out before, once it has a log.
    log: OnceLock<Log>,
}

impl Signals {
    /// Listens to signals from here on, on a thread of its own: Ctrl-C and SIGTERM stop the servers in order, and a second
    /// one ends the process at once; SIGHUP has settings and places read again. To be called before others can know that
    /// the process is there: until then a signal ends it.
    pub(crate) fn listen() -> io::Result<Arc<Self>> {
        let mut incoming = Incoming::new([SIGINT, SIGTERM, SIGHUP])?;
        let signals = Arc::new(Self::default());
        let listener = Arc::clone(&signals);
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in incoming.forever() {
                match signal {
                    SIGHUP => listener.hangup.set(),
                    _ => listener.stop(signal),
                }
            }
        })?;
        Ok(signals)
    }

    /// The process has a log.
    pub(crate) fn flush_at_exit(&self, log: &Log) {
        let _ = self.log.set(log.clone());
    }

    fn stop(&self, signal: i32) {
        let signal_name = name(signal);
        if self.stop.swap(usize::try_from(signal).unwrap_or(usize::MAX), Ordering::AcqRel) != 0 {
            tracing::warn!(target: "herd::server", signal = signal_name, "second signal, exiting at once");
            if let Some(log) = self.log.get() {
                log.flush(last_words::FLUSH);
            }
            // What a shell says of a program that a signal ended.
            exit(128 + signal);
        }
        tracing::info!(target: "herd::server", signal = signal_name, "signal received");
        self.stop_waker.wake();
    }

    /// Ready when the process is to stop.
    pub(crate) fn poll_stop(&self, context: &mut Context<'_>) -> Poll<()> {
        self.stop_waker.register(context.waker());
        if self.stop.load(Ordering::Acquire) == 0 { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Waits for a SIGHUP. Some that come one behind the other may be one.
    pub(crate) async fn hangup(&self) {
        poll_fn(|context| if self.hangup.take(context.waker()) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

const fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        _ => "SIGTERM",
    }
}
