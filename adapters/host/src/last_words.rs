//! What a program says when it ends for a fault.

use std::io::{self, Write};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use herd_command::{Bug, exit_code};

use crate::logs::Log;

/// How long the log may take to be written on the way out. One that does not work keeps nobody.
pub(crate) const FLUSH: Duration = Duration::from_secs(1);

/// Has a panic, on whatever thread, end the process: with a part of it gone a server looks alive and is not, and whoever
/// supervises it can start it anew.
pub fn end_at_a_panic(program: &'static str, log: Option<Log>) {
    static IS_ENDING: AtomicBool = AtomicBool::new(false);
    std::panic::set_hook(Box::new(move |panic| {
        if IS_ENDING.swap(true, Ordering::AcqRel) {
            // Another thread is at it.
            loop {
                thread::park();
            }
        }
        let bug = Bug::of(panic);
        tell(log.as_ref(), format!("{program}: {bug}"), move || {
            tracing::error!(target: "herd::server", panic = bug.message, place = bug.place, "bug, exiting");
        });
        process::exit(exit_code::BUG.into());
    }));
}

/// Logs what `log_it` does, flushes the log, and prints a line to standard error. It takes no longer than a moment,
/// whatever is behind those two, and whatever the thread that ends holds: it is done on another one.
pub(crate) fn tell(log: Option<&Log>, text: String, log_it: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel::<()>();
    let log = log.cloned();
    let told = thread::Builder::new().name("last-words".into()).spawn(move || {
        log_it();
        log.inspect(|log| log.flush(FLUSH));
        let _ = writeln!(io::stderr(), "{text}");
        drop(done);
    });
    if told.is_ok() {
        let _ = wait.recv_timeout(2 * FLUSH);
    }
}
