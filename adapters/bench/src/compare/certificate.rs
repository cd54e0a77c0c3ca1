//! A certificate for servers on this machine, for as long as they are compared.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};

use crate::encryption::Encryption;

/// The files that servers are started with.
pub(super) const CERTIFICATE: &str = "tls.pem";
/// Its key.
pub(super) const KEY: &str = "tls.key";
/// The authority that has signed it.
pub(super) const AUTHORITY: &str = "ca.pem";

/// Writes the files, for a server of that name, and says how to talk to it.
pub(super) fn make(dir: &Path, name: &str) -> io::Result<Encryption> {
    try_to_make(dir, name).map_err(|why| io::Error::other(why.to_string()))
}

fn try_to_make(dir: &Path, name: &str) -> Result<Encryption, Box<dyn Error>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::DnsName(name.try_into()?), SanType::IpAddress(here)];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    std::fs::write(dir.join(CERTIFICATE), certificate.pem())?;
    std::fs::write(dir.join(KEY), key.serialize_pem())?;
    std::fs::write(dir.join(AUTHORITY), authority.pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    Ok(Encryption { config, name: ServerName::IpAddress(here.into()) })
}
