//! TLS on the connections of a load.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

/// How the connections to a server are encrypted.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// What is spoken, and whose certificates are believed.
    pub config: Arc<ClientConfig>,
    /// For whom the server's certificate has to be.
    pub name: ServerName<'static>,
}

/// How much ciphertext is read at once.
const READ: usize = 16 << 10;

/// The TLS of one connection. The handshake is done beside all else: until then requests wait.
pub(crate) struct Tls {
    connection: ClientConnection,
    ciphertext: Box<[u8]>,
}

impl Tls {
    /// That of a new connection.
    pub(crate) fn new(encryption: &Encryption) -> io::Result<Self> {
        let Encryption { config, name } = encryption.clone();
        let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        connection.set_buffer_limit(None);
        Ok(Self { connection, ciphertext: vec![0; READ].into() })
    }

    /// Takes all that is to be said.
    pub(crate) fn say(&mut self, plaintext: &[u8]) -> io::Result<()> {
        self.connection.writer().write_all(plaintext)
    }

    /// Whether there is something to write.
    pub(crate) fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Writes what the system takes now.
    pub(crate) fn write(&mut self, stream: &mut impl Write) -> io::Result<usize> {
        self.connection.write_tls(stream)
    }

    /// Reads once, and appends what it held to `plaintext`; whether there may be more, or nothing where the server has
    /// closed.
    pub(crate) fn read(&mut self, stream: &mut impl Read, plaintext: &mut Vec<u8>) -> io::Result<Option<bool>> {
        let len = stream.read(&mut self.ciphertext)?;
        let mut rest = &self.ciphertext[..len];
        while !rest.is_empty() && self.connection.read_tls(&mut rest)? > 0 {
            let state = self.connection.process_new_packets().map_err(io::Error::other)?;
            let start = plaintext.len();
            plaintext.resize(start + state.plaintext_bytes_to_read(), 0);
            self.connection.reader().read_exact(&mut plaintext[start..])?;
        }
        Ok((len > 0).then_some(len == self.ciphertext.len()))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
