//! What is to be said of a server's own certificate: above all that it expires.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use herd::ServerName;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, DnsName, ServerName as PeerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

use super::fault::{date, in_words, is_of_other_authority, is_of_other_name};
use super::material::Tls;
use crate::config::Warning;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::shutdown::Task;

/// How long before a certificate expires that is told.
const WARNING: Duration = Duration::from_hours(14 * 24);

/// How often.
const DAY: Duration = Duration::from_hours(24);

/// The 1st of January 10000: every certificate has expired by then.
const NEVER: Duration = Duration::from_hours(70_389_528);

/// What is known of the server's own certificate.
#[derive(Debug)]
pub(crate) struct Own {
    /// When it expires, in time since the POSIX epoch.
    expires: Option<Duration>,
    /// What is wrong with it at any time.
    faults: Vec<OwnFault>,
}

/// Something that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnFault {
    /// In a few words, for logs.
    pub(crate) event: &'static str,
    /// In a sentence that says what to do.
    pub(crate) remedy: String,
}

impl Own {
    /// Looks at it as a neighbour will that trusts the same authorities.
    pub(super) fn new(
        chain: &[CertificateDer<'_>],
        authorities: &Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
        name: &ServerName,
    ) -> Self {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::clone(authorities), Arc::clone(provider));
        let (Ok(verifier), Some((first, others))) = (builder.build(), chain.split_first()) else {
            return Self { expires: None, faults: Vec::new() };
        };
        let verify = |at| {
            let name = DnsName::try_from(name.as_str().to_owned()).map_err(|why| Error::General(why.to_string()))?;
            verifier.verify_server_cert(first, others, &PeerName::DnsName(name), &[], at).map(drop)
        };
        let expires = match verify(UnixTime::since_unix_epoch(NEVER)) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Some(Duration::from_secs(not_after.as_secs()))
            }
            _ => None,
        };
        // As it was while it was valid, so that what else is wrong with it is not hidden behind that.
        let at = expires.map_or_else(UnixTime::now, UnixTime::since_unix_epoch);
        Self { expires, faults: verify(at).err().map(|why| OwnFault::of(&why, name)).into_iter().collect() }
    }

    /// And this is to be said of its key.
    pub(super) fn with(mut self, warning: Option<Warning>) -> Self {
        self.faults.extend(warning.map(|warning| OwnFault { event: warning.as_str(), remedy: warning.to_string() }));
        self
    }

    /// What is wrong with it at that time.
    pub(crate) fn wrong(&self, now: SystemTime) -> impl Iterator<Item = OwnFault> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let expiry = self.expires.and_then(|expires| OwnFault::expiry(expires, now));
        self.faults.iter().cloned().chain(expiry)
    }
}

impl OwnFault {
    fn of(why: &Error, name: &ServerName) -> Self {
        let remedy = match why {
            Error::InvalidCertificate(why) if is_of_other_authority(why) => {
                "the server's certificate is not of an authority in ca, and whoever trusts those refuses it: make one \
                 with `herd certs`"
                    .into()
            }
            Error::InvalidCertificate(why) if is_of_other_name(why) => {
                format!(
                    "the server's certificate is not for {name}, and neighbours refuse it: make one with `herd certs`"
                )
            }
            why => format!("the server's certificate is refused by whoever connects: {}", in_words(why)),
        };
        Self { event: "certificate is not valid", remedy }
    }

    fn expiry(expires: Duration, now: Duration) -> Option<Self> {
        let date = date(UnixTime::since_unix_epoch(expires));
        let remedy = "make another one, with `herd certs` if that made this one, and reload";
        if expires < now {
            let remedy = format!("the server's certificate expired at {date}, and is refused: {remedy}");
            return Some(Self { event: "certificate has expired", remedy });
        }
        (expires < now + WARNING).then(|| Self {
            event: "certificate expires soon",
            remedy: format!("the server's certificate expires at {date}: {remedy}"),
        })
    }
}

/// Logs what is wrong with a server's own certificate.
pub(crate) fn tell(server: &str, tls: &Tls) {
    for OwnFault { event, remedy } in tls.own().wrong(SystemTime::now()) {
        tracing::warn!(target: "herd::server", server, remedy, "{event}");
    }
}

/// Does so once a day.
pub(crate) async fn watch<R: Runtime>(shared: Arc<Shared<R>>, mut task: Task) {
    while task.until_stop(R::sleep(DAY)).await.is_some() {
        if let Some(tls) = shared.tls.get() {
            tell(shared.name(), &tls);
        }
    }
}
