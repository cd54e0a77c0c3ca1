//! Which server to talk to.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use herd::Token;
use herd_bench::{Encryption, Endpoint};
use herd_command::any_time;
use herd_host::config::Environment;
use herd_host::{did_you_mean, listed};
use rustls::ClientConfig;

use crate::client::Client;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::format::Format;
use crate::herd_file::HerdFile;
use crate::reply::Reply;
use crate::tls::{TlsOptions, encryption};
use crate::token;

/// Options that say which servers.
#[derive(Args)]
#[command(next_help_heading = "Server options")]
pub(crate) struct ServersOptions {
    // The variable is not clap's to read: to clap an empty one is a name.
    #[arg(
        long,
        help = "A server: its name in the herd, or ADDR:PORT; may be repeated [default: all servers of the herd] \
                [env: HERD_TO]",
        value_name = "NAME|ADDR:PORT"
    )]
    to: Vec<OsString>,
    #[command(flatten)]
    manner: Manner,
}

/// Options that say how servers are found and talked to.
#[derive(Args)]
struct Manner {
    #[command(flatten)]
    herd: HerdFile,
    /// How long to wait for an answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = any_time)]
    timeout: Duration,
    #[arg(
        long,
        help = "The file with the token to present on each connection [see also: HERD_TOKEN]",
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

impl ServersOptions {
    /// Finds those that are named, or all of the herd, in the order in which they are to be tried.
    pub(crate) fn servers(&self) -> Result<Vec<Server>, Failure> {
        let finder = self.manner.finder()?;
        let variable = || finder.environment.get("HERD_TO").into_iter().collect();
        let to = if self.to.is_empty() { variable() } else { self.to.clone() };
        if to.is_empty() {
            return finder.herd();
        }
        to.iter().map(|to| finder.named(&to.to_string_lossy())).collect()
    }

    /// Finds the one that is named, or the herd's first, and a server of the herd by its name or address.
    pub(crate) fn one_and(&self, other: Option<&str>) -> Result<(Server, Option<Server>), Failure> {
        if self.to.len() > 1 {
            return Err(Failure::Usage("one server at a time: name one with --to".into()));
        }
        let other = other.map(|name| self.manner.finder()?.named(name)).transpose()?;
        Ok((self.servers()?.swap_remove(0), other))
    }

    /// A client of theirs, which asks one of them at a time.
    pub(crate) fn client(&self, format: Format) -> Result<Client, Failure> {
        Ok(Client::new(self.servers()?, format))
    }
}

impl Manner {
    fn finder(&self) -> Result<Finder<'_>, Failure> {
        let environment = Environment::process();
        let token = token::find(self.token_file.as_deref(), &environment)?;
        let tls = self.tls.config(&environment)?;
        Ok(Finder { file: &self.herd, environment, timeout: self.timeout, token, tls })
    }
}

/// Finds servers by their names.
struct Finder<'a> {
    file: &'a HerdFile,
    environment: Environment,
    timeout: Duration,
    token: Option<Token>,
    tls: Option<Arc<ClientConfig>>,
}

impl Finder<'_> {
    /// All of the herd.
    fn herd(&self) -> Result<Vec<Server>, Failure> {
        let herd = self.file.servers(&self.environment)?.herd;
        Ok(herd.members().iter().map(|server| self.server(server.name.as_str(), &server.address)).collect())
    }

    /// The one of that name, or at that address.
    fn named(&self, to: &str) -> Result<Server, Failure> {
        if to.contains(':') {
            return Ok(self.server(to, to));
        }
        let herd = self.herd()?;
        let found = herd.iter().find(|server| server.name == to).cloned();
        found.ok_or_else(|| {
            let names = || herd.iter().map(|server| server.name.as_str());
            let (meant, known) = (did_you_mean(to, names()), listed(names()));
            Failure::Usage(format!("{to:?} is neither a server of this herd nor ADDR:PORT{meant} (servers: {known})"))
        })
    }

    fn server(&self, name: &str, address: &str) -> Server {
        let Self { timeout, token, tls, .. } = self;
        let (token, tls) = (token.clone(), tls.clone());
        Server { name: name.into(), address: address.into(), timeout: *timeout, token, tls }
    }
}

impl Server {
    /// What a load has to know of it.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        let Self { address, timeout, token, .. } = self.clone();
        Ok(Endpoint { name: self.to_string(), address, timeout, token, encryption: self.encryption()? })
    }

    /// How long to wait for it at a time.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
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

    /// It said nothing.
    pub(crate) fn closed(&self) -> Failure {
        self.broken(&io::Error::other("it closed the connection without an answer"))
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
