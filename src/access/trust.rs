//! Who is believed to be a neighbour.

use core::fmt;

use super::secret::Secret;
use crate::values::ServerName;
use crate::wire::Stranger;

/// What a server asks of whoever says that it is a neighbour. By default it is enough to connect from the neighbour's
/// address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Secrets of the herd: the first proves, all are accepted. Where there are any, a neighbour has to prove that it
    /// knows one.
    pub secrets: Vec<Secret>,
    /// Whether one that proves nothing is believed by its address all the same, and told of: for changing over.
    pub addresses: bool,
    /// What certificates count for.
    pub certificates: Certificates,
    /// Neighbours that can prove nothing and are believed by their addresses, whatever the others have to show.
    pub plain: Vec<ServerName>,
}

/// What certificates count for between servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// Nothing.
    #[default]
    Off,
    /// A neighbour that shows one has proved who it is; one on plain text is judged as if there were none.
    Optional,
    /// A neighbour has to show one.
    Required,
}

/// What the other end of an encrypted connection has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// None.
    Absent,
    /// A valid one of the herd's authority, for these names.
    Of(Vec<ServerName>),
    /// One that is not to be believed: the log of whoever judged it says why.
    Invalid,
}

impl Certificate {
    /// Whether it is one of that server. Names of certificates are the same in upper and lower case.
    pub(crate) fn is_of(&self, server: &[u8]) -> bool {
        match self {
            Self::Of(names) => names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(server)),
            Self::Absent | Self::Invalid => false,
        }
    }
}

/// Why a neighbour is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// It has shown a certificate.
    Certificate,
    /// It has proved that it knows the secret of that id.
    Secret(u32),
    /// It is at its address.
    Address,
}

/// What somebody has proved of the herd's secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Proved {
    /// It has not tried.
    #[default]
    Nothing,
    /// It knows the one of that id.
    Secret(u32),
    /// It has tried, and knows none.
    Wrong,
}

/// What somebody has shown who says that it is a neighbour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    /// Who it says that it is.
    pub(crate) name: &'a ServerName,
    /// Whether it has shown a certificate of that name; nothing where it has shown none.
    pub(crate) certificate: Option<bool>,
    pub(crate) proved: Proved,
    /// Whether it is at its address.
    pub(crate) is_there: bool,
}

impl Trust {
    /// The one place that decides whether a neighbour is believed.
    ///
    /// # Errors
    /// What it lacks.
    pub(crate) fn judge(&self, claim: &Claim<'_>) -> Result<Basis, Stranger> {
        let &Claim { name, certificate, proved, is_there } = claim;
        match certificate.filter(|_| self.certificates != Certificates::Off) {
            Some(true) => return Ok(Basis::Certificate),
            Some(false) => return Err(Stranger::Certificate),
            None => {}
        }
        if !self.is_plain(name) {
            if self.certificates == Certificates::Required {
                return Err(Stranger::Certificate);
            }
            match proved {
                Proved::Secret(id) if self.accepts(id) => return Ok(Basis::Secret(id)),
                Proved::Nothing if self.addresses => {}
                _ if self.secrets.is_empty() => {}
                _ => return Err(Stranger::Secret),
            }
        }
        if is_there { Ok(Basis::Address) } else { Err(Stranger::Address) }
    }

    /// Whether that neighbour may be one that knows nothing but AT lines.
    pub(crate) fn takes_plain(&self, name: &ServerName) -> bool {
        let claim = Claim { name, certificate: None, proved: Proved::Nothing, is_there: true };
        self.judge(&claim).is_ok()
    }

    /// Whether people are to be told that a neighbour is believed for so little.
    pub(crate) fn is_too_little(&self, name: &ServerName, basis: Basis) -> bool {
        basis == Basis::Address && !self.secrets.is_empty() && !self.is_plain(name)
    }

    fn accepts(&self, id: u32) -> bool {
        self.secrets.iter().any(|secret| secret.id() == id)
    }

    /// Whether that neighbour is listed as one that can prove nothing.
    pub(crate) fn is_plain(&self, name: &ServerName) -> bool {
        self.plain.contains(name)
    }
}

/// As a status says it.
impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate => f.write_str("certificate"),
            Self::Secret(id) => write!(f, "secret {id:08x}"),
            Self::Address => f.write_str("address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is judged of a neighbour that shows each of these, by itself and with its address.
    fn verdicts(trust: &Trust, secret: &Secret) -> [Result<Basis, Stranger>; 6] {
        let name = ServerName::new("Ball").expect("a name");
        let claim = Claim { name: &name, certificate: None, proved: Proved::Nothing, is_there: false };
        [
            claim,
            Claim { is_there: true, ..claim },
            Claim { proved: Proved::Secret(secret.id()), ..claim },
            Claim { proved: Proved::Wrong, is_there: true, ..claim },
            Claim { certificate: Some(true), ..claim },
            Claim { certificate: Some(false), proved: Proved::Secret(secret.id()), is_there: true, ..claim },
        ]
        .map(|claim| trust.judge(&claim))
    }

    #[test]
    fn what_each_way_of_believing_asks_for() {
        use Stranger::{Address, Certificate, Secret as NoSecret};
        let (secret, name) = (Secret::new(&[1; 32]), ServerName::new("Ball").expect("a name"));
        let (by_address, by_secret, by_certificate) =
            (Ok(Basis::Address), Ok(Basis::Secret(secret.id())), Ok(Basis::Certificate));
        let open = Trust::default();
        let secrets = Trust { secrets: vec![secret.clone()], ..Trust::default() };
        let changing = Trust { addresses: true, ..secrets.clone() };
        let optional = Trust { certificates: Certificates::Optional, ..secrets.clone() };
        let required = Trust { certificates: Certificates::Required, ..secrets.clone() };
        let plain = Trust { plain: vec![name.clone()], ..required.clone() };
        let none = Err(Address);
        for (trust, expected) in [
            (&open, [none, by_address, none, by_address, none, by_address]),
            (&secrets, [Err(NoSecret), Err(NoSecret), by_secret, Err(NoSecret), Err(NoSecret), by_secret]),
            (&changing, [none, by_address, by_secret, Err(NoSecret), none, by_secret]),
            (&optional, [Err(NoSecret), Err(NoSecret), by_secret, Err(NoSecret), by_certificate, Err(Certificate)]),
            (
                &required,
                [
                    Err(Certificate),
                    Err(Certificate),
                    Err(Certificate),
                    Err(Certificate),
                    by_certificate,
                    Err(Certificate),
                ],
            ),
            (&plain, [none, by_address, none, by_address, by_certificate, Err(Certificate)]),
        ] {
            assert_eq!(verdicts(trust, &secret), expected, "{trust:?}");
        }
        assert!([&open, &changing, &plain].iter().all(|trust| trust.takes_plain(&name)));
        assert!(![&secrets, &optional, &required].iter().any(|trust| trust.takes_plain(&name)));
        assert!(changing.is_too_little(&name, Basis::Address) && !plain.is_too_little(&name, Basis::Address));
    }

    #[test]
    fn a_certificate_is_of_each_of_its_names_in_whatever_case() {
        let names = ["ball", "localhost"].map(|name| ServerName::new(name).expect("a name")).to_vec();
        let certificate = Certificate::Of(names);
        assert!(certificate.is_of(b"Ball") && certificate.is_of(b"LOCALHOST"));
        assert!(!certificate.is_of(b"Bal") && !certificate.is_of(b"Alford") && !Certificate::Absent.is_of(b"Ball"));
    }
}
