//! The config file: TOML, read with the place of every value kept.

use core::ops::Range;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::error::Place;
use super::layers::Given;
use super::scalar::Scalar;
use super::{ConfigError, LIMITS, Origin, shape, syntax};
use crate::bounded::read_at_most;

/// A herd of as many servers as there can be fits well within this.
const MOST_BYTES: u64 = 32 << 20;

/// A config file's text, with what it takes to name a place in it.
pub(super) struct ConfigFile {
    path: PathBuf,
    text: String,
}

/// What a file may hold.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tables {
    pub(super) server: Vec<ServerTable>,
    herd: HerdTable,
    runtime: RuntimeTable,
    limits: BTreeMap<String, Spanned<Scalar>>,
    data: DataTable,
    pub(super) access: Option<Spanned<AccessTable>>,
    places: PlacesTable,
    log: LogTable,
    tls: Option<Spanned<TlsTable>>,
    pub(super) http: HttpTable,
    pub(super) region: Option<Spanned<RegionTable>>,
}

/// A `[[server]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerTable {
    pub(super) name: Spanned<String>,
    pub(super) listen: Spanned<String>,
    pub(super) address: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) links: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) plain: bool,
    pub(super) http: Option<Spanned<String>>,
}

/// `[http]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct HttpTable {
    pub(super) listen: Option<Spanned<String>>,
    pub(super) hosts: Vec<Spanned<String>>,
    pub(super) origins: Vec<Spanned<String>>,
    pub(super) max_body: Option<Spanned<Scalar>>,
    pub(super) tiles: Option<Spanned<String>>,
    pub(super) tiles_attribution: Option<Spanned<String>>,
    pub(super) public_url: Option<Spanned<String>>,
    pub(super) share_key_file: Option<Spanned<String>>,
    pub(super) share_at_most: Option<Spanned<Scalar>>,
    pub(super) devices: DevicesTable,
}

/// `[http.devices]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct DevicesTable {
    pub(super) max_ahead: Option<Spanned<Scalar>>,
    pub(super) max_age: Option<Spanned<Scalar>>,
    pub(super) max_accuracy: Option<Spanned<Scalar>>,
    pub(super) zero: Option<bool>,
    pub(super) friends: Option<Spanned<String>>,
}

/// `[region]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct RegionTable {
    pub(super) name: Option<Spanned<String>>,
    pub(super) nats: Vec<Spanned<String>>,
    pub(super) credentials_file: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) password_file: Option<Spanned<String>>,
    pub(super) ca: Option<Spanned<String>>,
    pub(super) certificate: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) prefix: Option<Spanned<String>>,
    pub(super) replicas: Option<Spanned<Scalar>>,
    timeout: Option<Spanned<Scalar>>,
    guests: Option<Spanned<Scalar>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct HerdTable {
    hash_key_file: Option<Spanned<String>>,
    secret_file: Option<Spanned<String>>,
    trust_addresses: Option<Spanned<Scalar>>,
}

/// `[access]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AccessTable {
    pub(super) anonymous: Option<Vec<Spanned<String>>>,
    pub(super) reports_per_second: Option<Spanned<Scalar>>,
    #[serde(default)]
    pub(super) token: Vec<TokenTable>,
}

/// An `[[access.token]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TokenTable {
    pub(super) name: Spanned<String>,
    pub(super) sha256: Spanned<String>,
    pub(super) may: Vec<Spanned<String>>,
    pub(super) reports_per_second: Option<Spanned<Scalar>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RuntimeTable {
    workers: Option<Spanned<Scalar>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DataTable {
    dir: Option<Spanned<String>>,
    sync: Option<Spanned<Scalar>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct PlacesTable {
    source: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    key_file: Option<Spanned<String>>,
    file: Option<Spanned<String>>,
    name: Option<Spanned<String>>,
    strict: Option<Spanned<Scalar>>,
    ca_file: Option<Spanned<String>>,
    timeout: Option<Spanned<Scalar>>,
    cache: Option<Spanned<Scalar>>,
    cache_time: Option<Spanned<Scalar>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LogTable {
    file: Option<Spanned<String>>,
    format: Option<Spanned<String>>,
    filter: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TlsTable {
    cert: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    ca: Option<Spanned<String>>,
    neighbours: Option<Spanned<String>>,
    clients: Option<Spanned<String>>,
}

impl ConfigFile {
    /// Reads the file's text.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let fault = |what: &str| ConfigError::file(path.to_string_lossy(), what);
        let bytes = read_at_most(path, MOST_BYTES).map_err(|error| fault(&unreadable(&error)))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(fault("a config file has at most 32MiB; is this one?"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { path: path.into(), text }),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
                let fault =
                    Self { path: path.into(), text }.fault(&(good..good), "this is not UTF-8; save the file as UTF-8");
                Err(fault)
            }
        }
    }

    /// The file as tables.
    pub(super) fn tables(&self) -> Result<Tables, ConfigError> {
        let document = self.document()?;
        shape::check(self, document.get_ref())?;
        Tables::deserialize(Deserializer::from(document)).map_err(|error| self.fault_of(&error))
    }

    /// The file as TOML.
    pub(super) fn document(&self) -> Result<Spanned<DeTable<'_>>, ConfigError> {
        DeTable::parse(&self.text).map_err(|error| {
            let hint = error.span().and_then(|span| self.hint(&span));
            hint.unwrap_or_else(|| self.fault_of(&error))
        })
    }

    fn hint(&self, span: &Range<usize>) -> Option<ConfigError> {
        let start = self.before(span).rfind('\n').map_or(0, |end| end + 1);
        let (at, what) = syntax::hint(self.text[start..].lines().next()?)?;
        Some(self.fault(&(start + at..start + at), &what))
    }

    fn fault_of(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or_default();
        let what = match error.message() {
            "duplicate key" => format!("{} stands here for a second time; put both in one place", self.text_at(&span)),
            other => other.trim_end().replace('\n', ", "),
        };
        self.fault(&span, &what)
    }

    /// An error at that span.
    pub(super) fn fault(&self, span: &Range<usize>, what: &str) -> ConfigError {
        ConfigError::new(self.at(span), what)
    }

    /// The line of that span, counted from 1.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.before(span).matches('\n').count() + 1
    }

    /// Where that span is.
    pub(super) fn at(&self, span: &Range<usize>) -> Origin {
        let line_start = self.before(span).rsplit('\n').next().unwrap_or_default();
        let at = Some((self.line(span), line_start.chars().count() + 1));
        Origin::File(Place { file: self.path.to_string_lossy().into_owned(), at })
    }

    fn before(&self, span: &Range<usize>) -> &str {
        self.text.get(..span.start).unwrap_or(&self.text)
    }

    pub(super) fn given(&self, text: &Spanned<String>) -> Given {
        Given { text: text.get_ref().into(), origin: self.at(&text.span()) }
    }

    /// What stands at that span.
    pub(super) fn text_at(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    pub(super) fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// A path in a file is meant from the file's own folder: it may be read from anywhere.
    pub(super) fn given_path(&self, path: &Spanned<String>) -> Given {
        Given { text: self.beside(path.get_ref()).into(), origin: self.at(&path.span()) }
    }

    pub(super) fn given_scalar(&self, value: &Spanned<Scalar>) -> Given {
        Given { text: OsString::from(&value.get_ref().0), origin: self.at(&value.span()) }
    }
}

impl Tables {
    /// What the file gives, but for its servers, by the flags' names.
    pub(super) fn values(&self, file: &ConfigFile) -> BTreeMap<&'static str, Given> {
        let limits =
            LIMITS.iter().filter_map(|limit| Some((limit.name, file.given_scalar(self.limits.get(limit.name)?))));
        let mut values: BTreeMap<_, _> = limits.collect();
        let (places, log) = (&self.places, &self.log);
        let (no_tls, no_region) = (TlsTable::default(), RegionTable::default());
        let tls = self.tls.as_ref().map_or(&no_tls, Spanned::get_ref);
        let region = self.region.as_ref().map_or(&no_region, Spanned::get_ref);
        let scalars = [
            ("trust-addresses", &self.herd.trust_addresses),
            ("workers", &self.runtime.workers),
            ("data-sync", &self.data.sync),
            ("places-strict", &places.strict),
            ("places-timeout", &places.timeout),
            ("places-cache", &places.cache),
            ("places-cache-time", &places.cache_time),
            ("region-timeout", &region.timeout),
            ("region-guests", &region.guests),
        ];
        let texts = [
            ("places", &places.source),
            ("places-url", &places.url),
            ("places-name", &places.name),
            ("log-format", &log.format),
            ("log-filter", &log.filter),
            ("tls-neighbours", &tls.neighbours),
            ("tls-clients", &tls.clients),
        ];
        let paths = [
            ("hash-key-file", &self.herd.hash_key_file),
            ("secret-file", &self.herd.secret_file),
            ("places-key-file", &places.key_file),
            ("places-file", &places.file),
            ("places-ca-file", &places.ca_file),
            ("log", &log.file),
            ("data", &self.data.dir),
            ("tls-cert", &tls.cert),
            ("tls-key", &tls.key),
            ("tls-ca", &tls.ca),
        ];
        values.extend(scalars.into_iter().filter_map(|(name, value)| Some((name, file.given_scalar(value.as_ref()?)))));
        values.extend(texts.into_iter().filter_map(|(name, text)| Some((name, file.given(text.as_ref()?)))));
        values.extend(paths.into_iter().filter_map(|(name, path)| Some((name, file.given_path(path.as_ref()?)))));
        values
    }

    /// Where `[tls]` stands, if it does.
    pub(super) fn tls_table(&self, file: &ConfigFile) -> Option<Given> {
        self.tls.as_ref().map(|table| Given { text: OsString::new(), origin: file.at(&table.span()) })
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such config file; check the path".into(),
        io::ErrorKind::IsADirectory => "this is a folder; name the config file in it".into(),
        io::ErrorKind::PermissionDenied => {
            "this config file may not be read by this user; check its permissions".into()
        }
        _ => format!("this config file cannot be read: {error}"),
    }
}
