//! What is wrong with a certificate.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

/// What is wrong with the other end's certificate, if that is why a handshake failed: in a few words for people.
pub(crate) fn certificate_fault(error: &io::Error) -> Option<String> {
    match tls_error(error)? {
        error @ Error::InvalidCertificate(_) => Some(in_words(error)),
        Error::NoCertificatesPresented => Some("there is none".into()),
        _ => None,
    }
}

/// Whether a handshake failed because the other end did not accept this server's certificate.
pub(crate) fn is_about_own_certificate(error: &io::Error) -> bool {
    use AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRevoked, CertificateUnknown, DecryptError, UnknownCA,
        UnsupportedCertificate,
    };
    let Some(Error::AlertReceived(alert)) = tls_error(error) else { return false };
    matches!(
        alert,
        BadCertificate
            | CertificateExpired
            | CertificateRevoked
            | CertificateUnknown
            | DecryptError
            | UnknownCA
            | UnsupportedCertificate
    )
}

/// Whether a handshake failed because the other end does not speak TLS, if nothing came of it before: it closed the
/// connection, or answered with something that is none.
#[must_use]
pub fn is_not_spoken(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match tls_error(error) {
        Some(error) => matches!(error, Error::InvalidMessage(_)),
        None => matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof),
    }
}

/// What is wrong with a certificate, in a few words for people.
pub(crate) fn in_words(error: &Error) -> String {
    let Error::InvalidCertificate(why) = error else { return error.to_string() };
    match why {
        CertificateError::ExpiredContext { not_after, .. } => format!("it expired at {}", date(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid before {}: is the clock right?", date(*not_before))
        }
        _ if is_of_other_name(why) => "it is for another name".into(),
        _ if is_of_other_authority(why) => "it is of another authority".into(),
        why => why.to_string(),
    }
}

/// Whether a certificate is not for the name, or the host, that was asked for.
#[must_use]
pub const fn is_of_other_name(why: &CertificateError) -> bool {
    matches!(why, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// Whether a certificate is of an authority that is not trusted. One of another authority that has the same name is one
/// whose signature is wrong.
#[must_use]
pub const fn is_of_other_authority(why: &CertificateError) -> bool {
    matches!(why, CertificateError::UnknownIssuer | CertificateError::BadSignature)
}

pub(super) fn date(time: UnixTime) -> impl std::fmt::Display {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}
