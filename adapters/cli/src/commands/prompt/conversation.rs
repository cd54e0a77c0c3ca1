//! A connection of the prompt: requests are answered, and the lines of watches are shown as they come.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::connection::{Connection, is_timeout};
use crate::reply::{Expected, Replies, Reply};
use crate::text::escaped;
use crate::transport::Transport;

/// Where lines go that come while somebody may be typing.
pub(super) type Aside = Sender<String>;

/// A connection, and the thread that reads it.
pub(super) struct Conversation {
    transport: Transport,
    replies: Arc<Mutex<Replies>>,
    said: Receiver<io::Result<Option<Reply>>>,
    /// How many bytes have come.
    come: Arc<AtomicU64>,
    timeout: Duration,
}

impl Conversation {
    /// Carries a connection on.
    pub(super) fn over(connection: Connection, timeout: Duration, aside: Aside) -> Self {
        let transport = connection.into_transport();
        // Where that cannot be, an end without a word is found out by the next request.
        let _ = transport.keep_alive();
        let (reader, replies) = (transport.clone(), Arc::<Mutex<Replies>>::default());
        let come = Arc::<AtomicU64>::default();
        let (expected, count, (say, said)) = (Arc::clone(&replies), Arc::clone(&come), channel());
        thread::spawn(move || read(&reader, (&expected, &count), &say, &aside));
        Self { transport, replies, said, come, timeout }
    }

    /// Sends one request and waits for its reply; `None` where the server closed instead, or where a blank line has none.
    pub(super) fn ask(&mut self, request: &[u8]) -> io::Result<Option<Reply>> {
        let Some(expected) = Expected::of(request) else { return Ok(None) };
        lock(&self.replies).expect(expected);
        self.transport.write_all(&[request, b"\n"].concat())?;
        loop {
            let before = self.come.load(Ordering::Relaxed);
            match self.said.recv_timeout(self.timeout) {
                Ok(said) => return said,
                // Many may be there where a watch begins.
                Err(RecvTimeoutError::Timeout) if self.come.load(Ordering::Relaxed) != before => {}
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.transport.close();
    }
}

/// Reads to the end.
fn read(
    reader: &Transport,
    (replies, come): (&Mutex<Replies>, &AtomicU64),
    say: &Sender<io::Result<Option<Reply>>>,
    aside: &Aside,
) {
    let (mut buffer, mut watches) = ([0; 16 << 10], false);
    loop {
        let end = match reader.read(&mut buffer) {
            Ok(0) => Ok(None),
            Ok(len) => {
                come.fetch_add(len as u64, Ordering::Relaxed);
                lock(replies).take(&buffer[..len]);
                while let Some(reply) = { lock(replies).next() } {
                    let is_said = match reply {
                        Reply::Told(line) => aside.send(shown(&line)).is_ok(),
                        reply => {
                            watches |= matches!(&reply, Reply::Line(line) if line.starts_with(b"WATCHING "));
                            say.send(Ok(Some(reply))).is_ok()
                        }
                    };
                    if !is_said {
                        return;
                    }
                }
                continue;
            }
            Err(error) if is_timeout(&error) || error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        if watches {
            let _ = aside.send("The connection is closed, and its watches are over.\n".into());
        }
        // The next request will find out, if it is not waiting already.
        let _ = say.send(end);
        return;
    }
}

/// A line of others' making, for a terminal.
pub(super) fn shown(line: &[u8]) -> String {
    escaped(&String::from_utf8_lossy(line)) + "\n"
}

/// A thread that writes what comes by `printer`, so that nobody who has something to say waits for a terminal.
pub(super) fn aside(mut printer: impl FnMut(String) -> io::Result<()> + Send + 'static) -> Aside {
    let (aside, lines) = channel::<String>();
    thread::spawn(move || {
        while let Ok(mut text) = lines.recv() {
            text.extend(lines.try_iter());
            if printer(text).is_err() {
                return;
            }
        }
    });
    aside
}

/// Writes to standard output, where no terminal has to be kept whole.
pub(super) fn plainly(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
