//! An authority, and the certificates that it signs.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::format_description::well_known::Iso8601;
use time::{Duration, OffsetDateTime};

use super::hosts::Host;

/// How long an authority is valid.
const AUTHORITY_DAYS: u32 = 3_650;

/// How long ago a certificate became valid: clocks differ.
const BEFORE: Duration = Duration::days(1);

/// A certificate and its key, in PEM form.
pub(super) struct Made {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// Whoever trusts its certificate trusts those that it signs.
pub(super) struct Authority(Issuer<'static, KeyPair>);

impl Authority {
    /// A new one, whose name no other one has.
    pub(super) fn new() -> Result<(Self, Made), Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("herd authority {}", mark(&key)));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, AUTHORITY_DAYS);
        let made = Made { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() };
        Ok((Self(Issuer::new(params, key)), made))
    }

    /// The one of these files.
    pub(super) fn read(certificate: &str, key: &str) -> Result<Self, String> {
        let key = KeyPair::from_pem(key).map_err(|why| format!("its key cannot be used: {why}"))?;
        let issuer = Issuer::from_ca_cert_pem(certificate, key);
        Ok(Self(issuer.map_err(|why| format!("it is no authority's certificate: {why}"))?))
    }

    /// A certificate for the server of that name and its hosts, for so many days.
    pub(super) fn certify(&self, name: &str, hosts: &[Host], days: u32) -> Result<Made, Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = vec![SanType::DnsName(name.try_into()?)];
        for host in hosts {
            params.subject_alt_names.push(match host {
                Host::Name(name) => SanType::DnsName(name.as_str().try_into()?),
                Host::Ip(ip) => SanType::IpAddress(*ip),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, days);
        Ok(Made { certificate: params.signed_by(&key, &self.0)?.pem(), key: key.serialize_pem() })
    }
}

/// The date on which what is made today for so many days expires.
pub(super) fn expiry(days: u32) -> String {
    let date = (OffsetDateTime::now_utc() + Duration::days(days.into())).date();
    date.format(&Iso8601::DATE).unwrap_or_default()
}

fn set_validity(params: &mut CertificateParams, days: u32) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - BEFORE;
    params.not_after = now + Duration::days(days.into());
}

/// The first bytes of what tells its key from others.
fn mark(key: &KeyPair) -> String {
    let id = CertificateParams::default().key_identifier(key);
    id.first_chunk().map_or_else(String::new, |&first| format!("{:08x}", u32::from_be_bytes(first)))
}
