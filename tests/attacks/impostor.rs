//! Somebody who holds the port of a neighbour that is away.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Greets as the neighbour `B`, and answers the question for all groups without end. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Impostor {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What it says again and again.
    lines: Vec<u8>,
    stopped: AtomicBool,
    said: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

impl Impostor {
    /// Listens there, and answers with these lines.
    pub(crate) fn listen(address: SocketAddr, lines: Vec<u8>) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let (stopped, said, streams) = (AtomicBool::new(false), AtomicU64::new(0), Mutex::default());
        let shared = Arc::new(Shared { lines, stopped, said, streams });
        let running = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if running.stopped.load(Ordering::SeqCst) {
                    break;
                }
                running.streams.lock().unwrap_or_else(PoisonError::into_inner).extend(stream.try_clone());
                let serving = Arc::clone(&running);
                thread::spawn(move || serving.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// How many bytes of answers were taken until now.
    pub(crate) fn said(&self) -> u64 {
        self.shared.said.load(Ordering::Relaxed)
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for stream in &*self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // For the thread that accepts, so that it sees that.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(self: Arc<Self>, stream: TcpStream) {
        let Ok(writer) = stream.try_clone() else { return };
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if line.starts_with("HELLO ") {
                let _ = (&writer).write_all(b"HELLO B 7 v=2\n");
            } else if line.starts_with("REPAIR A groups ") {
                let (answering, Ok(stream)) = (Arc::clone(&self), writer.try_clone()) else { return };
                thread::spawn(move || answering.answer(stream));
            }
        }
    }

    fn answer(&self, mut stream: TcpStream) {
        while !self.stopped.load(Ordering::SeqCst) && stream.write_all(&self.lines).is_ok() {
            self.said.fetch_add(self.lines.len() as u64, Ordering::Relaxed);
        }
    }
}
