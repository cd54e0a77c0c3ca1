//! A connection of the prompt: requests are answered, and the lines of watches are shown as they come.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::connection::{Connection, is_timeout};
use crate::reply::{Expected, Replies, Reply};
use crate::transport::Transport;
use herd_command::readable;

/// Where lines go that come while somebody may be typing.
pub(super) type Aside = Sender<String>;

/// A connection, and the thread that reads it.
pub(super) struct Conversation {
    transport: Transport,
    replies: Arc<Mutex<Replies>>,
    /// How many bytes have come.
    come: Arc<AtomicU64>,
}

impl Conversation {
    /// Carries a connection on. Replies go to `say`, until it wants no more; nothing, or an error, is the last.
    pub(super) fn over(
        connection: Connection,
        say: impl Fn(io::Result<Option<Reply>>) -> bool + Send + 'static,
        aside: Aside,
    ) -> Self {
        let transport = connection.into_transport();
        // Where that cannot be, an end without a word is found out by the next request.
        let _ = transport.keep_alive();
        let (reader, replies) = (transport.clone(), Arc::<Mutex<Replies>>::default());
        let come = Arc::<AtomicU64>::default();
        let (expected, count) = (Arc::clone(&replies), Arc::clone(&come));
        thread::spawn(move || read(&reader, (&expected, &count), &say, &aside));
        Self { transport, replies, come }
    }

    /// Sends one request.
    pub(super) fn send(&self, request: &[u8]) -> io::Result<()> {
        if let Some(expected) = Expected::of(request) {
            lock(&self.replies).expect(expected);
        }
        self.transport.write_all(&[request, b"\n"].concat())
    }

    /// How many bytes have come.
    pub(super) fn come(&self) -> u64 {
        self.come.load(Ordering::Relaxed)
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
    say: &impl Fn(io::Result<Option<Reply>>) -> bool,
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
                        Reply::Told(line) => aside.send(readable(&line) + "\n").is_ok(),
                        reply => {
                            watches |= matches!(&reply, Reply::Line(line) if line.starts_with(b"WATCHING "));
                            say(Ok(Some(reply)))
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
        say(end);
        return;
    }
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
