//! What a server shows, and whom it trusts.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::sync::Arc;

use herd::ServerName;
use herd::{Certificate, Certificates};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, Error, RootCertStore, ServerConfig};

use super::expiry::Own;
use super::pem;
use super::verify::{AskForAny, judge};
use crate::config::{ClientTls, Warning};

/// The TLS of a server: what it shows to whoever connects and to neighbours, and how it judges what these show. It is
/// made as a whole, and a reload puts another one in its place.
pub(crate) struct Tls {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    judge: Arc<dyn ClientCertVerifier>,
    own: Own,
    /// Whether neighbours speak it.
    pub(crate) neighbours: Certificates,
    /// Whether clients do.
    pub(crate) clients: ClientTls,
}

/// The files that it is made of.
pub(crate) struct Files<'a> {
    pub(crate) cert: &'a OsStr,
    pub(crate) key: &'a OsStr,
    pub(crate) ca: &'a OsStr,
}

/// Which of the files cannot be used, and why.
pub(crate) enum BadFile {
    Cert(String),
    Key(String),
    Ca(String),
}

impl Tls {
    /// That of the server of that name, of these files.
    pub(crate) fn read(
        files: &Files<'_>,
        name: &ServerName,
        spoken: (Certificates, ClientTls),
        warning: Option<Warning>,
    ) -> Result<Self, BadFile> {
        let chain = pem::chain(files.cert).map_err(BadFile::Cert)?;
        let key = pem::key(files.key).map_err(BadFile::Key)?;
        let authorities = Arc::new(pem::authorities(files.ca).map_err(BadFile::Ca)?);
        let provider = Arc::new(ring::default_provider());
        let shown = CertifiedKey::from_der(chain, key, &provider).map_err(|why| BadFile::Key(unfit(files, &why)))?;
        let own = Own::new(&shown.cert, &authorities, &provider, name).with(warning);
        let failed = |why: String| BadFile::Ca(format!("{} cannot be used: {why}", files.ca.display()));
        Self::new(shown, own, authorities, provider, spoken).map_err(|why| failed(why.to_string()))
    }

    fn new(
        shown: CertifiedKey,
        own: Own,
        authorities: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
        (neighbours, clients): (Certificates, ClientTls),
    ) -> Result<Self, Error> {
        let shown = Arc::new(SingleCertAndKey::from(shown));
        let judge = WebPkiClientVerifier::builder_with_provider(Arc::clone(&authorities), Arc::clone(&provider))
            .build()
            .map_err(|why| Error::General(why.to_string()))?;
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(AskForAny(Arc::clone(&judge))))
            .with_cert_resolver(Arc::clone(&shown) as _);
        // A resumed connection would show what was judged before.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities)
            .with_client_cert_resolver(shown);
        client.resumption = Resumption::disabled();
        Ok(Self { server: Arc::new(server), client: Arc::new(client), judge, own, neighbours, clients })
    }

    pub(super) const fn server(&self) -> &Arc<ServerConfig> {
        &self.server
    }

    pub(super) const fn client(&self) -> &Arc<ClientConfig> {
        &self.client
    }

    /// What a chain of certificates shows now.
    ///
    /// # Errors
    /// Why it is not valid.
    pub(super) fn judge(&self, chain: &[CertificateDer<'_>]) -> Result<Certificate, Error> {
        judge(&*self.judge, chain)
    }

    /// What is to be said of the server's own certificate.
    pub(crate) const fn own(&self) -> &Own {
        &self.own
    }
}

/// Without keys.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { neighbours, clients, own, .. } = self;
        let mut tls = f.debug_struct("Tls");
        tls.field("neighbours", neighbours).field("clients", clients).field("own", own).finish_non_exhaustive()
    }
}

fn unfit(files: &Files<'_>, why: &Error) -> String {
    let (key, cert) = (files.key.display(), files.cert.display());
    match why {
        Error::InconsistentKeys(_) => format!("the key in {key} does not fit the certificate in {cert}"),
        why => format!("the key in {key} cannot be used: {why}"),
    }
}

/// A path with the server's name in it.
pub(crate) fn path_of(path: &OsStr, name: &ServerName) -> OsString {
    match path.to_str() {
        Some(text) => text.replace(NAME, &super::file_name(name.as_str())).into(),
        // What is not UTF-8 is taken as it is.
        None => path.to_owned(),
    }
}

/// What stands for the server's name in a path.
const NAME: &str = "{name}";
