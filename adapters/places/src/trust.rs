//! Whose certificates are believed, where it is not Mozilla's list.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ureq::tls::{PemItem, parse_pem};

pub use ureq::tls::RootCerts;

/// Why a file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is not there, or may not be read.
    #[error("the certificates {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// There is no certificate in it.
    #[error("{} holds no certificate; it must be PEM, with -----BEGIN CERTIFICATE-----", .0.display())]
    NoCertificate(PathBuf),
}

/// The certificates of a PEM file, to be believed and no others.
///
/// # Errors
/// A [`TrustError`].
pub fn trust(path: &Path) -> Result<RootCerts, TrustError> {
    let pem = fs::read(path).map_err(|why| TrustError::Unreadable { path: path.into(), why })?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() { Err(TrustError::NoCertificate(path.into())) } else { Ok(certificates.into()) }
}
