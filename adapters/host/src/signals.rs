//! What a process of servers does on a signal.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXFSZ};
use signal_hook::iterator::Signals as Incoming;
use signal_hook::low_level::signal_name;

use crate::last_words;
use crate::logs::Log;
use crate::wake_flag::WakeFlag;

/// Signals that end a process which does not look at them, see signal(7), and that say nothing to a server: whoever sends
/// one means another program, or asks for something that other servers have. The rest of that list is left as it is. Some
/// say that the program itself is broken, some are for a terminal's jobs; with SIGQUIT or SIGXCPU somebody wants it to
/// end; and SIGPIPE is ignored by every program in Rust.
///
/// SIGXFSZ is among them since a file that has become too large is then an error of the write, as on a full disk.
const IGNORED: [i32; 7] = [SIGALRM, SIGIO, SIGPROF, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXFSZ];

/// Of those that only Linux has, the power that fails, the coprocessor that nobody has, and those of real time but for
/// the ones that the C library keeps for itself.
#[cfg(target_os = "linux")]
fn ignored_here() -> impl Iterator<Item = i32> {
    use rustix::process::Signal;

    const FIRST: i32 = if cfg!(target_env = "gnu") { 34 } else { 35 };
    let named = [
        Signal::POWER,
        #[cfg(not(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64")))]
        Signal::STKFLT,
    ];
    named.into_iter().map(Signal::as_raw).chain(FIRST..=64)
}

#[cfg(not(target_os = "linux"))]
fn ignored_here() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

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
    /// one ends the process at once; SIGHUP has settings and places read again; what is [ignored](IGNORED) is told the
    /// first time that it comes. To be called before others can know that the process is there: until then a signal ends
    /// it.
    pub(crate) fn listen() -> io::Result<Arc<Self>> {
        let mut incoming = Incoming::new([SIGINT, SIGTERM, SIGHUP].into_iter().chain(IGNORED).chain(ignored_here()))?;
        let signals = Arc::new(Self::default());
        let listener = Arc::clone(&signals);
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            let mut told = BTreeSet::new();
            for signal in incoming.forever() {
                match signal {
                    SIGHUP => listener.hangup.set(),
                    SIGINT | SIGTERM => listener.stop(signal),
                    // Without a log nobody would hear of it.
                    _ if listener.log.get().is_some() && told.insert(signal) => {
                        tracing::info!(target: "herd::server", signal = %name(signal), "signal ignored");
                    }
                    _ => {}
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
        if self.stop.swap(usize::try_from(signal).unwrap_or(usize::MAX), Ordering::AcqRel) != 0 {
            tracing::warn!(target: "herd::server", signal = %name(signal), "second signal, exiting at once");
            if let Some(log) = self.log.get() {
                log.flush(last_words::FLUSH);
            }
            // What a shell says of a program that a signal ended.
            exit(128 + signal);
        }
        tracing::info!(target: "herd::server", signal = %name(signal), "signal received");
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

/// Its name, or its number where it has none.
fn name(signal: i32) -> Cow<'static, str> {
    signal_name(signal).map_or_else(|| signal.to_string().into(), Cow::from)
}
