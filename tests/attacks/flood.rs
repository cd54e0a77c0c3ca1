//! One connection's part in an attack: a thread that says the same again and again, as fast as it is taken.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the attacker does with replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replies {
    /// Reads and forgets them.
    Read,
    /// Leaves them where they are.
    Left,
}

/// A connection that talks without end, and is opened again when the server closes it. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Flood {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    replies: Replies,
    stopped: AtomicBool,
    stream: Mutex<Option<TcpStream>>,
    said: AtomicU64,
}

impl Flood {
    /// Says to the server what `say` gives for 0, 1, 2 and so on.
    pub(crate) fn start(
        server: SocketAddr,
        replies: Replies,
        mut say: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let (stopped, said) = (AtomicBool::new(false), AtomicU64::new(0));
        let shared = Arc::new(Shared { server, replies, stopped, stream: Mutex::new(None), said });
        let running = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let mut round = 0;
            while !running.is_stopped() {
                running.talk(|| {
                    round += 1;
                    say(round - 1)
                });
            }
        });
        Self { shared, thread: Some(thread) }
    }

    /// How many bytes were said until now.
    pub(crate) fn said(&self) -> u64 {
        self.shared.said.load(Ordering::Relaxed)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if let Some(stream) = &*self.shared.stream.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// One connection, to its end.
    fn talk(&self, mut say: impl FnMut() -> Vec<u8>) {
        let Ok(mut stream) = TcpStream::connect(self.server) else { return thread::sleep(Duration::from_millis(10)) };
        *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = stream.try_clone().ok();
        let reading = stream.try_clone().ok().filter(|_| self.replies == Replies::Read);
        let reader = reading.map(|stream| thread::spawn(move || forget(stream)));
        while !self.is_stopped() {
            let bytes = say();
            if stream.write_all(&bytes).is_err() {
                break;
            }
            self.said.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
        let _ = stream.shutdown(Shutdown::Both);
        let _ = reader.map(JoinHandle::join);
    }
}

fn forget(mut stream: TcpStream) {
    let mut bytes = vec![0; 64 << 10];
    while stream.read(&mut bytes).is_ok_and(|len| len > 0) {}
}
