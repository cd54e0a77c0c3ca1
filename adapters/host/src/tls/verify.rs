//! Whose certificate is valid.
//!
//! Whoever connects is asked for a certificate and need not have one, and any passes the handshake if its holder has the
//! key to it. Only then it is judged: so a neighbour whose certificate is not valid still greets, and is told why it is
//! not believed, as for any other reason; and a client whose certificate means nothing here is a client like any other.

use std::sync::Arc;

use herd::Certificate;
use herd::ServerName;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// Has any certificate pass the handshake, but no signature that was not made with its key.
#[derive(Debug)]
pub(super) struct AskForAny(pub(super) Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AskForAny {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// What a chain of certificates shows now.
///
/// # Errors
/// Why it is not valid.
pub(super) fn judge(verifier: &dyn ClientCertVerifier, chain: &[CertificateDer<'_>]) -> Result<Certificate, Error> {
    let Some((first, others)) = chain.split_first() else { return Ok(Certificate::Absent) };
    verifier.verify_client_cert(first, others, UnixTime::now())?;
    Ok(Certificate::Of(names(first)))
}

/// The DNS names that a certificate is for, as far as servers can have them.
fn names(certificate: &CertificateDer<'_>) -> Vec<ServerName> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return Vec::new() };
    // One with a `*` is nobody's name.
    let names = certificate.valid_dns_names().filter(|name| !name.contains('*'));
    names.filter_map(|name| ServerName::new(name).ok()).collect()
}
