//! TLS to a server.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use herd_bench::Encryption;
use herd_host::config::{Environment, host_of};
use herd_host::{is_not_spoken, is_of_other_authority, is_of_other_name};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use crate::failure::Failure;

/// Options for TLS.
#[derive(Args)]
pub(crate) struct TlsOptions {
    /// Use TLS, and require a certificate for the server's host name
    #[arg(long)]
    tls: bool,
    #[arg(
        long,
        help = "The CA certificates (PEM) to trust in place of the public ones [env: HERD_CA]",
        value_name = "FILE",
        requires = "tls"
    )]
    ca: Option<OsString>,
}

impl TlsOptions {
    /// What is spoken to servers: TLS, if that was asked for.
    pub(crate) fn config(&self, environment: &Environment) -> Result<Option<Arc<ClientConfig>>, Failure> {
        if !self.tls {
            return Ok(None);
        }
        let file = self.ca.clone().or_else(|| environment.get("HERD_CA")).map(PathBuf::from);
        let authorities = match file {
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
            Some(path) => read(&path).map_err(|why| Failure::Usage(format!("--ca {}: {why}", path.display())))?,
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|why| Failure::Usage(why.to_string()))?;
        let mut config = config.with_root_certificates(authorities).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Some(Arc::new(config)))
    }
}

/// What a connection to the server at `HOST:PORT` is encrypted by.
pub(crate) fn encryption(config: &Arc<ClientConfig>, address: &str) -> io::Result<Encryption> {
    let host = host_of(address);
    let no_host = |_| io::Error::new(io::ErrorKind::InvalidInput, format!("{host:?} cannot stand in a certificate"));
    let name = ServerName::try_from(host.to_owned()).map_err(no_host)?;
    Ok(Encryption { config: Arc::clone(config), name })
}

/// What a handshake that failed means, and what to do.
pub(crate) fn explained(error: io::Error) -> io::Error {
    let what = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        _ if is_not_spoken(&error) => NOT_SPOKEN.into(),
        None => return error,
        Some(Error::InvalidCertificate(why)) => of_certificate(why),
        Some(error) => error.to_string(),
    };
    io::Error::other(what)
}

const NOT_SPOKEN: &str = "the server does not speak TLS; leave --tls out, or give it [tls]";

fn of_certificate(why: &CertificateError) -> String {
    match why {
        why if is_of_other_authority(why) => {
            "its certificate is of an authority that is not trusted; name the herd's with --ca ca.pem".into()
        }
        why if is_of_other_name(why) => {
            "its certificate is not for this host; call it by a host of its certificate, or make it another one with \
             `herd certs`"
                .into()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; make it another one with `herd certs --force`".into()
        }
        why => format!("its certificate is refused: {why}"),
    }
}

fn read(path: &PathBuf) -> Result<RootCertStore, String> {
    let bytes = std::fs::read(path).map_err(|why| why.to_string())?;
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|why| format!("this is not PEM: {why}"))?;
        authorities.add(certificate).map_err(|why| format!("this is no authority's certificate: {why}"))?;
    }
    if authorities.is_empty() { Err("there is no certificate in PEM form in it".into()) } else { Ok(authorities) }
}
