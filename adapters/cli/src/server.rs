//! Which server to talk to.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use herd::Token;
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
    manner: Manner,
}

/// Options that say which servers, of which one is talked to at a time.
#[derive(Args)]
pub(crate) struct ServersOptions {
    #[arg(
        long,
        help = "The server: its name in the herd, or ADDR:PORT; when it is lost, the herd's others follow. Given several \
                times, only those are used, in turn [default: the herd's first] [env: HERD_TO]",
        value_name = "NAME|ADDR:PORT"
    )]
    to: Vec<OsString>,
    #[command(flatten)]
    manner: Manner,
}

/// Options that say which servers, all of which are talked to.
#[derive(Args)]
pub(crate) struct EachServerOptions {
    #[arg(
        long,
        help = "A server: its name in the herd, or ADDR:PORT; may be given several times [default: all of the herd] \
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
        let finder = self.manner.finder()?;
        let to = self.to.clone().or_else(|| finder.environment.get("HERD_TO"));
        match to {
            Some(to) => Ok(vec![finder.named(&to.to_string_lossy())?]),
            None => finder.herd(),
        }
    }
}

impl ServersOptions {
    /// Finds the servers, in the order in which they are to be tried.
    pub(crate) fn servers(&self) -> Result<Vec<Server>, Failure> {
        let finder = self.manner.finder()?;
        let variable = || finder.environment.get("HERD_TO").into_iter().collect();
        let to = if self.to.is_empty() { variable() } else { self.to.clone() };
        let named: Vec<Server> = to.iter().map(|to| finder.named(&to.to_string_lossy())).collect::<Result<_, _>>()?;
        match &named[..] {
            [] => finder.herd(),
            [first] if first.name != first.address => {
                let mut herd = finder.herd()?;
                let place = herd.iter().position(|server| server.name == first.name).unwrap_or_default();
                herd.rotate_left(place);
                Ok(herd)
            }
            _ => Ok(named),
        }
    }
}

impl EachServerOptions {
    /// Finds those that are named, or all of the herd.
    pub(crate) fn servers(&self) -> Result<Vec<Server>, Failure> {
        let finder = self.manner.finder()?;
        let variable = || finder.environment.get("HERD_TO").into_iter().collect();
        let to = if self.to.is_empty() { variable() } else { self.to.clone() };
        if to.is_empty() {
            return finder.herd();
        }
        to.iter().map(|to| finder.named(&to.to_string_lossy())).collect()
    }
}

impl Manner {
    fn finder(&self) -> Result<Finder<'_>, Failure> {
        if self.timeout.is_zero() {
            return Err(Failure::Usage("--timeout must be more than 0".into()));
        }
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
        let names: Vec<String> = herd.iter().map(|server| server.name.clone()).collect();
        herd.into_iter().find(|server| server.name == to).ok_or_else(|| {
            let known = names.join(", ");
            Failure::Usage(format!("{to:?} is no server of this herd (servers: {known}), nor ADDR:PORT"))
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
