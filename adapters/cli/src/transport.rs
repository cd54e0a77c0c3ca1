//! A connection's bytes, in plain text or within TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use herd_bench::Encryption;
use rustls::ClientConnection;
use socket2::{SockRef, TcpKeepalive};

use crate::tls::explained;

/// A connection's bytes. Its clones are the same connection: one thread may read while another one writes.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    socket: Arc<TcpStream>,
    tls: Option<Arc<Tls>>,
}

/// The TLS of a connection.
#[derive(Debug)]
struct Tls {
    connection: Mutex<ClientConnection>,
    /// Held from when something is encrypted until it is on its way, so that records stay in their order.
    writing: Mutex<()>,
}

/// How much is encrypted at once: a record.
const RECORD: usize = 16 << 10;

/// How long nothing is said before TCP asks whether the other end is there, and how long until it asks again.
const REST: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(10);

impl Transport {
    /// Over a connection that was made; with TLS the handshake is done.
    pub(crate) fn new(mut socket: TcpStream, encryption: Option<Encryption>) -> io::Result<Self> {
        let Some(Encryption { config, name }) = encryption else {
            return Ok(Self { socket: Arc::new(socket), tls: None });
        };
        let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(explained)?;
        }
        let tls = Tls { connection: Mutex::new(connection), writing: Mutex::new(()) };
        Ok(Self { socket: Arc::new(socket), tls: Some(Arc::new(tls)) })
    }

    /// Reads what is there; 0 bytes at the end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else { return (&*self.socket).read(buffer) };
        let mut ciphertext = [0; RECORD];
        loop {
            match lock(&tls.connection).reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            let len = (&*self.socket).read(&mut ciphertext)?;
            if len == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was cut off"));
            }
            let mut rest = &ciphertext[..len];
            let mut connection = lock(&tls.connection);
            while !rest.is_empty() && connection.read_tls(&mut rest)? > 0 {
                connection.process_new_packets().map_err(io::Error::other)?;
            }
        }
    }

    /// Writes all of it.
    pub(crate) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &self.tls else { return (&*self.socket).write_all(bytes) };
        for some in bytes.chunks(RECORD) {
            self.send(tls, |connection| connection.writer().write_all(some))?;
        }
        Ok(())
    }

    /// Has TCP find out when the other end is gone without a word, though nothing is said.
    pub(crate) fn keep_alive(&self) -> io::Result<()> {
        let often = TcpKeepalive::new().with_time(REST).with_interval(AGAIN);
        SockRef::from(&*self.socket).set_tcp_keepalive(&often)
    }

    /// Ends it both ways, so that whoever reads it is told.
    pub(crate) fn close(&self) {
        // It may be gone already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Says that no more will be written.
    pub(crate) fn finish(&self) -> io::Result<()> {
        if let Some(tls) = &self.tls {
            self.send(tls, |connection| {
                connection.send_close_notify();
                Ok(())
            })?;
        }
        self.socket.shutdown(Shutdown::Write)
    }

    /// Has the connection say something, and sends it.
    fn send(&self, tls: &Tls, say: impl FnOnce(&mut ClientConnection) -> io::Result<()>) -> io::Result<()> {
        let _in_order = lock(&tls.writing);
        let mut ciphertext = Vec::new();
        let mut connection = lock(&tls.connection);
        say(&mut connection)?;
        while connection.wants_write() {
            connection.write_tls(&mut ciphertext)?;
        }
        drop(connection);
        (&*self.socket).write_all(&ciphertext)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
