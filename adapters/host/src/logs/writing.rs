//! The thread that writes the log.
//!
//! What is behind a log fails: a disk fills up, the reader of a pipe goes away or does not read, a terminal is closed.
//! Nobody who logs may wait for that, let alone fail or panic by it. tracing-appender's writer has a thread too, but no
//! more than that: its queue is bounded in lines of any length, a line that cannot be written is gone and not counted,
//! and it prints to standard output where its thread does not stop. So this is our own.

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use super::queue::{Queue, Work};

/// What the thread tells, by logging it.
pub(super) trait Tell {
    /// So many lines were lost.
    fn lost(&self, lines: u64);

    /// Lines were left out, if any were.
    fn left_out(&self);
}

/// What the log is written to.
pub(super) type Sink = Box<dyn Write + Send>;

/// Writes what is put into the queue until that is closed. What fails is tried again, in another file where there is one
/// by then; what does not fit into the queue meanwhile is lost, and that is told once it works again.
pub(super) fn run(queue: &Arc<Queue>, mut sink: Sink, tell: &impl Tell) {
    let mut lines = Vec::new();
    loop {
        match queue.next(&mut lines) {
            Work::Write { lost } => {
                if !write(queue, &mut sink, &lines) {
                    return;
                }
                if lost > 0 {
                    tell.lost(lost);
                }
            }
            Work::Switch(file) => sink = Box::new(file),
            Work::Tell => tell.left_out(),
            Work::End => return,
        }
    }
}

/// Writes it all, however often that fails; false where nobody is left to wait for that.
fn write(queue: &Queue, sink: &mut Sink, lines: &[u8]) -> bool {
    let mut written = 0;
    while written < lines.len() {
        match sink.write(&lines[written..]) {
            Ok(more) if more > 0 => written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => {
                if !queue.pause() {
                    return false;
                }
                if let Some(file) = queue.take_file() {
                    *sink = Box::new(file);
                    // What was cut off in the old file is whole in the new one.
                    written = lines[..written].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
                }
            }
        }
    }
    true
}
