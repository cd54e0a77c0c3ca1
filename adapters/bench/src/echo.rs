//! `herd bench echo`: what a server within TLS cannot do without. It sends back what it gets.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::error::BenchError;

/// Send back whatever comes within TLS, on 127.0.0.1: rustls on bare sockets, to compare servers with
#[derive(Args)]
pub struct Echo {
    /// Where to listen
    #[arg(long)]
    port: u16,
    /// The certificate (PEM)
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// The listener's token; no connection has it.
const LISTENER: Token = Token(usize::MAX);

impl Echo {
    /// Serves until it is killed.
    ///
    /// # Errors
    /// [`Usage`](BenchError::Usage) where a file cannot be used, and [`Output`](BenchError::Output).
    pub fn run(self) -> Result<ExitCode, BenchError> {
        let config = Arc::new(self.config().map_err(|why| BenchError::Usage(why.to_string()))?);
        let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port).into())?;
        let mut poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let (mut events, mut open, mut next) = (Events::with_capacity(1024), HashMap::new(), 0);
        loop {
            poll.poll(&mut events, None)?;
            for event in &events {
                if event.token() == LISTENER {
                    while let Ok((mut stream, _)) = listener.accept() {
                        stream.set_nodelay(true)?;
                        let interest = Interest::READABLE | Interest::WRITABLE;
                        poll.registry().register(&mut stream, Token(next), interest)?;
                        let tls = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
                        open.insert(next, Connection { stream, tls });
                        next += 1;
                    }
                } else if let Some(connection) = open.get_mut(&event.token().0)
                    && !connection.serve().unwrap_or(false)
                {
                    open.remove(&event.token().0);
                }
            }
        }
    }

    fn config(&self) -> Result<ServerConfig, Box<dyn std::error::Error>> {
        let chain = CertificateDer::pem_file_iter(&self.cert)?.collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_file(&self.key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(config.with_no_client_auth().with_single_cert(chain, key)?)
    }
}

struct Connection {
    stream: TcpStream,
    tls: ServerConnection,
}

impl Connection {
    /// Reads all there is and sends it back; whether the connection goes on.
    fn serve(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        loop {
            self.write()?;
            match self.tls.read_tls(&mut self.stream) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
            let state = self.tls.process_new_packets().map_err(io::Error::other)?;
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let len = self.tls.reader().read(&mut buffer)?;
                self.tls.writer().write_all(&buffer[..len])?;
                left -= len;
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
