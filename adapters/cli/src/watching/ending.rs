//! Ctrl-C, and the end of the time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::SyncSender;
use std::thread;

use signal_hook::consts::SIGINT;
use signal_hook::flag;
use signal_hook::iterator::Signals;

/// The exit code of a program that a second Ctrl-C ends at once, as shells have it.
const INTERRUPTED: i32 = 128 + SIGINT;

/// Says `what` at the first Ctrl-C. The second ends the process at once: whoever reads its output may have stopped.
pub(super) fn on_interrupt<T: Send + 'static>(
    sender: SyncSender<T>,
    what: impl Fn() -> T + Send + 'static,
) -> io::Result<()> {
    let has_come = Arc::new(AtomicBool::new(false));
    flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&has_come))?;
    flag::register(SIGINT, has_come)?;
    let mut signals = Signals::new([SIGINT])?;
    thread::spawn(move || signals.forever().try_for_each(|_| sender.send(what())));
    Ok(())
}
