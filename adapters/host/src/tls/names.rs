//! Servers' names in certificates.

use std::collections::BTreeMap;

use rustls::pki_types::DnsName;

/// A name that no server of a herd with TLS can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitName {
    /// It is no DNS name, so it cannot stand in a certificate.
    #[error(
        "{name:?} cannot stand in a certificate: with TLS a server's name is a DNS name, of letters, digits, hyphens and \
         dots; rename it"
    )]
    NotDns {
        /// The name.
        name: String,
    },
    /// Another server's name differs from it in capitals alone, which certificates do not tell apart.
    #[error("{first} and {name} are one name to certificates; rename one of them")]
    Alike {
        /// The name.
        name: String,
        /// The other one's.
        first: String,
    },
}

/// Whether the servers of these names can have certificates.
///
/// # Errors
/// The first name that cannot stand beside those before it, and its index.
pub fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), (usize, UnfitName)> {
    let mut known = BTreeMap::new();
    for (index, name) in names.enumerate() {
        if DnsName::try_from(name).is_err() {
            return Err((index, UnfitName::NotDns { name: name.into() }));
        }
        if let Some(first) = known.insert(name.to_ascii_lowercase(), name) {
            return Err((index, UnfitName::Alike { name: name.into(), first: first.into() }));
        }
    }
    Ok(())
}
