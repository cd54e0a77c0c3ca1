//! Which server to talk to.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use herd::{Member, Token};
use herd_bench::{Encryption, Endpoint};
use herd_host::config::Environment;
use rustls::ClientConfig;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::herd_file::HerdFile;
use crate::reply::Reply;
use crate::tls::{TlsOptions, encryption};
use crate::token;

/// Options that say which server.
#[derive(Args)]
pub(crate) struct ServerOptions {
    // The variable is not clap's to read: to clap an empty one is a name.
    #[arg(
        long,
        help = "The server: its name in the herd, or ADDR:PORT [default: the herd's first] [env: HERD_TO]",
        value_name = "NAME|ADDR:PORT"
    )]
    to: Option<OsString>,
    #[command(flatten)]
    herd: HerdFile,
    /// How long to wait for the server at a time
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    #[arg(
        long,
        help = "The file of the token to say first on each connection [see also: HERD_TOKEN]",
        value_name = "FILE"
    )]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsOptions,
}

/// A server to talk to.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Its name, where it was called by one.
    pub(crate) name: String,
    address: String,
    timeout: Duration,
    /// What is said first on each connection, for rights of one's own.
    token: Option<Token>,
    tls: Option<Arc<ClientConfig>>,
}

impl ServerOptions {
    /// Finds the server: the one that is named, or the herd's first.
    pub(crate) fn server(&self) -> Result<Server, Failure> {
        Ok(self.servers()?.swap_remove(0))
    }

    /// Finds the one that is named, or all of the herd.
    pub(crate) fn servers(&self) -> Result<Vec<Server>, Failure> {
        let timeout = self.timeout;
        if timeout.is_zero() {
            return Err(Failure::Usage("--timeout must be more than 0".into()));
        }
        let environment = Environment::process();
        let (token, tls) = (token::find(self.token_file.as_deref(), &environment)?, self.tls.config(&environment)?);
        let to = self.to.clone().or_else(|| environment.get("HERD_TO"));
        let to = to.map(|to| to.to_string_lossy().into_owned());
        if let Some(address) = to.as_ref().filter(|to| to.contains(':')) {
            return Ok(vec![Server { name: address.clone(), address: address.clone(), timeout, token, tls }]);
        }
        let herd = self.herd.servers(&environment)?.herd;
        let is_meant = |server: &&Member| to.as_ref().is_none_or(|to| server.name.as_str() == to);
        let server = |server: &Member| Server {
            name: server.name.to_string(),
            address: server.address.clone(),
            timeout,
            token: token.clone(),
            tls: tls.clone(),
        };
        let servers: Vec<_> = herd.members().iter().filter(is_meant).map(server).collect();
        if !servers.is_empty() {
            return Ok(servers);
        }
        let to = to.as_deref().unwrap_or_default();
        let names: Vec<&str> = herd.members().iter().map(|server| server.name.as_str()).collect();
        let known = names.join(", ");
        Err(Failure::Usage(format!("{to:?} is no server of this herd (servers: {known}), nor ADDR:PORT")))
    }
}

impl Server {
    /// What a load has to know of it.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        let Self { address, timeout, token, .. } = self.clone();
        Ok(Endpoint { name: self.to_string(), address, timeout, token, encryption: self.encryption()? })
    }

    /// Whether a token is said to it.
    pub(crate) const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether it is talked to within TLS.
    pub(crate) const fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    fn encryption(&self) -> Result<Option<Encryption>, Failure> {
        let encryption = self.tls.as_ref().map(|config| encryption(config, &self.address)).transpose();
        encryption.map_err(|why| self.unreachable(why))
    }

    fn unreachable(&self, why: io::Error) -> Failure {
        Failure::Unreachable { server: self.to_string(), why }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Connects to it, and says the token if there is one.
    pub(crate) fn connect(&self) -> Result<Connection, Failure> {
        let mut connection =
            Connection::open(&self.address, self.timeout, self.encryption()?).map_err(|why| self.unreachable(why))?;
        let Some(token) = &self.token else { return Ok(connection) };
        let request = format!("AUTH {}", token.as_str());
        match connection.ask(request.as_bytes()).map_err(|error| self.broken(&error))? {
            Some(Reply::Line(line)) if line == b"OK" => Ok(connection),
            Some(Reply::Refused(_)) => Err(Failure::WrongToken { server: self.to_string() }),
            Some(_) => Err(self.broken(&io::Error::other("its answer to AUTH is not what a herd says"))),
            None => Err(self.broken(&io::Error::other("it closed the connection without an answer to AUTH"))),
        }
    }

    /// What went wrong while it was talked to.
    pub(crate) fn broken(&self, error: &std::io::Error) -> Failure {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        let why = match error.kind() {
            TimedOut | WouldBlock => format!("no answer within {}", humantime::format_duration(self.timeout)),
            _ => error.to_string(),
        };
        Failure::Broken { server: self.to_string(), why }
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.name == self.address { f.write_str(&self.name) } else { write!(f, "{} at {}", self.name, self.address) }
    }
}
