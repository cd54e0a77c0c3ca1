//! TLS: what a server shows, whom it trusts, and who has to speak it.

use std::path::Path;
use std::sync::Arc;

use herd::{Access, Certificates, Grant, Rights, ServerName};
use herd_command::did_you_mean;

use super::layers::{Given, Layers};
use super::{ConfigError, Origin, Place, Warning};
use crate::tls::{BadFile, Files, Tls, path_of};

/// The settings of `[tls]`.
///
/// What they ask of neighbours and clients stands in the herd too, as the core has to know it: its
/// [trust](herd::Herd::with_trust) has the same `certificates`, and its [access](herd::Herd::with_access) says whether it
/// is for encrypted connections only. [`Settings::find`](super::Settings::find) sees to that.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    cert: Given,
    key: Given,
    ca: Given,
    /// Whether neighbours have to speak TLS, and to show a certificate.
    pub neighbours: Certificates,
    /// Whether clients have to.
    pub clients: ClientTls,
}

/// Who of the clients speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientTls {
    /// None may.
    Off,
    /// Who wants to.
    #[default]
    Optional,
    /// Everybody has to.
    Required,
}

impl ClientTls {
    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

/// The name of the same for neighbours.
pub(super) const fn name_of(neighbours: Certificates) -> &'static str {
    match neighbours {
        Certificates::Off => "off",
        Certificates::Optional => "optional",
        Certificates::Required => "required",
    }
}

const MISSING: &str = "TLS needs three files: cert, key and ca of [tls], or --tls-cert, --tls-key and --tls-ca; \
    `herd certs` makes them";

const FILES: [&str; 3] = ["tls-cert", "tls-key", "tls-ca"];
const CHOICES: [&str; 2] = ["tls-neighbours", "tls-clients"];

/// The settings, where there are any; `table` is where the file's `[tls]` stands.
pub(super) fn find(layers: &Layers<'_>, table: Option<&Given>) -> Result<Option<TlsSettings>, ConfigError> {
    let first = FILES.iter().chain(&CHOICES).find_map(|name| layers.given(name));
    let Some(first) = first.or_else(|| table.cloned()) else { return Ok(None) };
    let [Some(cert), Some(key), Some(ca)] = FILES.map(|name| layers.given(name)) else {
        return Err(first.fault(MISSING));
    };
    let [neighbours, clients] = CHOICES.map(|name| layers.given(name));
    Ok(Some(TlsSettings {
        cert,
        key,
        ca,
        neighbours: neighbours.map_or(Ok(Certificates::Required), |given| of_neighbours(&given))?,
        clients: clients.map_or(Ok(ClientTls::default()), |given| of_clients(&given))?,
    }))
}

/// Whether clients have to speak TLS.
pub(super) fn is_demanded_of_clients(tls: Option<&TlsSettings>) -> bool {
    tls.is_some_and(|tls| tls.clients == ClientTls::Required)
}

/// What clients may do where nothing else says so: everything, within TLS if that is demanded.
pub(super) fn access_of_all(tls: Option<&TlsSettings>) -> Access {
    let everything = Grant { rights: Rights::all(), ..Grant::default() };
    Access::new(everything, [], is_demanded_of_clients(tls)).expect("there are no tokens")
}

impl TlsSettings {
    /// The server's certificate with those between it and the authority, its key, and the authorities that it trusts: PEM
    /// files, in whose paths `{name}` stands for the server's name. Neighbours have to speak TLS, and clients may.
    #[must_use]
    pub fn new(cert: impl AsRef<Path>, key: impl AsRef<Path>, ca: impl AsRef<Path>) -> Self {
        let given = |path: &Path| Given {
            text: path.into(),
            origin: Origin::File(Place { file: path.to_string_lossy().into_owned(), at: None }),
        };
        Self {
            cert: given(cert.as_ref()),
            key: given(key.as_ref()),
            ca: given(ca.as_ref()),
            neighbours: Certificates::Required,
            clients: ClientTls::default(),
        }
    }

    /// Reads the files of the server of that name.
    ///
    /// # Errors
    /// Which of them cannot be used, and why.
    pub(crate) fn load(&self, name: &ServerName) -> Result<Arc<Tls>, ConfigError> {
        let [cert, key, ca] = [&self.cert, &self.key, &self.ca].map(|given| path_of(&given.text, name));
        let files = Files { cert: &cert, key: &key, ca: &ca };
        let warning = Warning::of_secret(Path::new(&key));
        let tls = Tls::read(&files, name, (self.neighbours, self.clients), warning).map_err(|bad| match bad {
            BadFile::Cert(what) => self.cert.fault(what),
            BadFile::Key(what) => self.key.fault(what),
            BadFile::Ca(what) => self.ca.fault(what),
        })?;
        Ok(Arc::new(tls))
    }

    /// The file of the authorities that are trusted.
    pub(crate) fn authorities(&self) -> &Path {
        Path::new(&self.ca.text)
    }

    /// Whether that server's own files are not on this machine, which is another server's.
    pub(crate) fn is_elsewhere(&self, name: &ServerName) -> bool {
        let is_missing = |given: &Given| !Path::new(&path_of(&given.text, name)).exists();
        is_missing(&self.cert) && is_missing(&self.key)
    }
}

fn of_neighbours(given: &Given) -> Result<Certificates, ConfigError> {
    let known = [Certificates::Off, Certificates::Optional, Certificates::Required];
    choose(given, known.map(|choice| (name_of(choice), choice)))
}

fn of_clients(given: &Given) -> Result<ClientTls, ConfigError> {
    let known = [ClientTls::Off, ClientTls::Optional, ClientTls::Required];
    choose(given, known.map(|choice| (choice.name(), choice)))
}

fn choose<T: Copy>(given: &Given, known: [(&str, T); 3]) -> Result<T, ConfigError> {
    let text = given.as_text()?;
    let chosen = known.iter().find(|(name, _)| *name == text).map(|&(_, choice)| choice);
    chosen.ok_or_else(|| {
        let names = known.map(|(name, _)| name);
        given.fault(format!("unknown choice {text:?}{} (known: {})", did_you_mean(text, names), names.join(", ")))
    })
}
