//! The HTTP door of a server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use herd::{Member, Token};
use herd_command::any_time;
use herd_host::config::Environment;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, parse_pem};

use crate::failure::Failure;
use crate::herd_file::HerdFile;
use crate::token;
use herd_command::escaped;

/// Options that say which door.
#[derive(Args)]
#[command(next_help_heading = "Server options")]
pub(crate) struct DoorOptions {
    #[arg(
        long,
        help = "The server's HTTP door, as in https://herd.example [default: as in the herd's config file]",
        value_name = "URL",
        conflicts_with_all = ["to", "tls", "config"]
    )]
    http: Option<String>,
    #[arg(
        long,
        help = "The server's name in the herd [default: the first that has an HTTP door] [env: HERD_TO]",
        value_name = "NAME"
    )]
    to: Option<OsString>,
    #[command(flatten)]
    herd: HerdFile,
    /// How long to wait for an answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = any_time)]
    timeout: Duration,
    #[arg(long, help = "The file with the token to present [see also: HERD_TOKEN]", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Use TLS, and require a certificate for the server's host name
    #[arg(long)]
    tls: bool,
    #[arg(
        long,
        help = "The CA certificates (PEM) to trust in place of the public ones [env: HERD_CA]",
        value_name = "FILE"
    )]
    ca: Option<OsString>,
}

/// A door to ask.
pub(crate) struct Door {
    url: String,
    agent: Agent,
    token: Option<Token>,
}

/// The longest answer that is read.
const MOST_BYTES: u64 = 1 << 20;

/// What may stand in a path as it is.
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl DoorOptions {
    /// Finds the door.
    pub(crate) fn door(&self) -> Result<Door, Failure> {
        let environment = Environment::process();
        let token = token::find(self.token_file.as_deref(), &environment)?;
        let url = match &self.http {
            Some(url) => checked(url)?,
            None => self.of_the_herd(&environment)?,
        };
        let mut config = Agent::config_builder()
            .timeout_global(Some(self.timeout))
            .http_status_as_error(false)
            // Whoever it leads to would be shown the token.
            .max_redirects(0)
            .user_agent(concat!("herd/", env!("CARGO_PKG_VERSION")));
        if let Some(ca) = self.ca.clone().or_else(|| environment.get("HERD_CA")) {
            config = config.tls_config(TlsConfig::builder().root_certs(authorities(Path::new(&ca))?).build());
        }
        Ok(Door { url, agent: config.build().into(), token })
    }

    /// The door of the server that is named, or of the first that has one.
    fn of_the_herd(&self, environment: &Environment) -> Result<String, Failure> {
        let servers = self.herd.servers(environment)?;
        let to = self.to.clone().or_else(|| environment.get("HERD_TO")).map(|to| to.to_string_lossy().into_owned());
        let is_it =
            |member: &Member| to.as_ref().is_none_or(|to| member.name.as_str() == to.as_str() || member.address == *to);
        let mut named = servers.herd.ids().filter(|&id| is_it(servers.herd.member(id)));
        let door = named.find_map(|id| servers.door(id)).ok_or_else(|| {
            let whose = to.as_ref().map_or("no server".into(), |to| format!("{to:?} is no server that"));
            Failure::Usage(format!("{whose} has an HTTP door in the herd's file; give its URL with --http"))
        })?;
        Ok(format!("{}://{door}", if self.tls { "https" } else { "http" }))
    }
}

impl Door {
    /// Posts a JSON object to that path, of segments which need not be encoded; the answer.
    pub(crate) fn post<T: for<'de> Deserialize<'de>>(&self, path: &[&str], body: &str) -> Result<T, Failure> {
        let segments: Vec<String> = path.iter().map(|text| utf8_percent_encode(text, &PATH).to_string()).collect();
        let mut request =
            self.agent.post(format!("{}/{}", self.url, segments.join("/"))).header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.as_str()));
        }
        let mut answer = request.send(body).map_err(|why| self.unreachable(why))?;
        let text = answer.body_mut().with_config().limit(MOST_BYTES).read_to_string();
        let text = text.map_err(|why| self.unreachable(why))?;
        if !answer.status().is_success() {
            let problem: Problem = serde_json::from_str(&text).unwrap_or_default();
            let why = problem.detail.or(problem.title).unwrap_or_else(|| answer.status().to_string());
            return Err(self.broken(escaped(&why)));
        }
        serde_json::from_str(&text).map_err(|_| self.broken("its answer is not what a herd says; check --http".into()))
    }

    fn broken(&self, why: String) -> Failure {
        Failure::Broken { server: self.url.clone(), why }
    }

    fn unreachable(&self, why: ureq::Error) -> Failure {
        Failure::Unreachable { server: self.url.clone(), why: why.into_io() }
    }
}

/// Why a door did not do what it was asked.
#[derive(Default, Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
}

/// A URL without a slash at its end.
fn checked(url: &str) -> Result<String, Failure> {
    let has_host =
        ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if has_host {
        Ok(url.trim_end_matches('/').into())
    } else {
        Err(Failure::Usage(format!("--http {url:?}: expected a URL, as in https://herd.example")))
    }
}

fn authorities(file: &Path) -> Result<RootCerts, Failure> {
    let fault = |why: String| Failure::Usage(format!("--ca {}: {why}", file.display()));
    let text = std::fs::read(file).map_err(|why| fault(why.to_string()))?;
    let certificates = parse_pem(&text).filter_map(|item| match item {
        Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(why) => Some(Err(fault(format!("this is not PEM: {why}")))),
    });
    let certificates: Vec<Certificate<'static>> = certificates.collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err(fault("there is no certificate in PEM form in it".into()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
