//! Certificates and keys, read from files in PEM form. No error shows what is in a file.

use std::ffi::OsStr;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::bounded::read_at_most;

/// Far more than a chain of certificates takes, or all authorities that there are.
const MOST_BYTES: u64 = 4 << 20;

/// The chain in that file, the server's own certificate first.
pub(crate) fn chain(path: &OsStr) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = certificates(path, "certificate")?;
    webpki::EndEntityCert::try_from(&chain[0])
        .map_err(|why| format!("the certificate in {} cannot be used: {why}", path.display()))?;
    Ok(chain)
}

/// The authorities in that file.
pub(crate) fn authorities(path: &OsStr) -> Result<RootCertStore, String> {
    let mut authorities = RootCertStore::empty();
    for (index, certificate) in certificates(path, "authority")?.into_iter().enumerate() {
        authorities
            .add(certificate)
            .map_err(|why| format!("certificate {} in {} is no authority's: {why}", index + 1, path.display()))?;
    }
    Ok(authorities)
}

/// The private key in that file.
pub(crate) fn key(path: &OsStr) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = read(path, "key")?;
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| format!("{} holds no private key in PEM form, which begins with -----BEGIN", path.display()))
}

fn certificates(path: &OsStr, what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(path, what)?;
    let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|why| format!("{} is not in PEM form: {why}", path.display()))?;
    if certificates.is_empty() {
        let shown = path.display();
        return Err(format!("{shown} holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----"));
    }
    Ok(certificates)
}

fn read(path: &OsStr, what: &str) -> Result<Vec<u8>, String> {
    let fault = |why: &dyn std::fmt::Display| {
        format!("the {what} file {} cannot be read: {why}; `herd certs` makes one", path.display())
    };
    let bytes = read_at_most(path, MOST_BYTES).map_err(|why| fault(&why))?;
    if bytes.len() as u64 > MOST_BYTES { Err(fault(&"it is larger than 4MiB")) } else { Ok(bytes) }
}
