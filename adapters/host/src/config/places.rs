//! Where places come from.

use std::path::PathBuf;

use herd_command::did_you_mean;
use herd_places::{FileOptions, Key};

use super::layers::{Given, Layers};
use super::{ConfigError, Environment, Origin};
use crate::bounded::read_at_most;

/// Where places come from, and what it takes to have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesSettings {
    /// Which source.
    pub source: PlacesSource,
    /// Where to fetch from, in place of Google's own address: `http://` or `https://`.
    pub url: Option<String>,
    /// What the source is shown as a key.
    pub key: Option<Key>,
    /// The file of the source `file`.
    pub file: Option<PathBuf>,
    /// How that file is read.
    pub file_options: FileOptions,
    /// The certificates to believe when fetching, in place of Mozilla's list: a PEM file.
    pub ca_file: Option<PathBuf>,
}

/// A source of places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlacesSource {
    /// The data that the program brings along.
    #[default]
    Embedded,
    /// Google's Places API (New).
    Google,
    /// A server that speaks Google's legacy Nearby Search.
    GoogleLegacy,
    /// A GeoJSON file of points.
    File,
}

impl PlacesSource {
    const ALL: [Self; 4] = [Self::Embedded, Self::Google, Self::GoogleLegacy, Self::File];

    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Google => "google",
            Self::GoogleLegacy => "google-legacy",
            Self::File => "file",
        }
    }

    /// Whether it asks somebody else, who may want a key.
    #[must_use]
    pub const fn is_remote(self) -> bool {
        matches!(self, Self::Google | Self::GoogleLegacy)
    }
}

const KEY_MOST_BYTES: u64 = Key::MOST_BYTES as u64 + 64;

pub(super) fn find(layers: &Layers<'_>, environment: &Environment) -> Result<PlacesSettings, ConfigError> {
    let given = layers.given("places");
    let source = given.as_ref().map_or(Ok(PlacesSource::Embedded), source)?;
    let is_file = source == PlacesSource::File;
    let path = |name, is_used| layers.given(name).filter(|_| is_used).map(|given| readable(&given)).transpose();
    let settings = PlacesSettings {
        source,
        url: layers.given("places-url").map(|given| url(&given)).transpose()?,
        key: key(layers, environment, source)?,
        file: path("places-file", is_file)?,
        file_options: file_options(layers)?,
        ca_file: path("places-ca-file", source.is_remote())?,
    };
    match given {
        Some(given) if source.is_remote() && settings.url.is_none() && settings.key.is_none() => {
            let what = "needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file";
            Err(given.fault(format!("{} {what}", source.name())))
        }
        Some(given) if is_file && settings.file.is_none() => {
            Err(given.fault("file needs a file: name a GeoJSON file with --places-file"))
        }
        _ => Ok(settings),
    }
}

fn file_options(layers: &Layers<'_>) -> Result<FileOptions, ConfigError> {
    let mut options = FileOptions::default();
    if let Some(given) = layers.given("places-name") {
        let name = given.as_text()?;
        if name.is_empty() {
            return Err(given.fault("places-name: expected the name of a property (default: name)"));
        }
        name.clone_into(&mut options.name);
    }
    if let Some(given) = layers.given("places-strict") {
        let text = given.as_text()?;
        let wrong = |_| given.fault(format!("places-strict: expected true or false, found {text:?} (default: false)"));
        options.strict = text.parse().map_err(wrong)?;
    }
    Ok(options)
}

/// The path of a file that can be opened: it is read later.
fn readable(given: &Given) -> Result<PathBuf, ConfigError> {
    let path = PathBuf::from(&given.text);
    let opened = std::fs::File::open(&path);
    opened.map_err(|why| given.fault(format!("{} cannot be read: {why}; check its path", path.display())))?;
    Ok(path)
}

fn source(given: &Given) -> Result<PlacesSource, ConfigError> {
    let text = given.as_text()?;
    let names = PlacesSource::ALL.map(PlacesSource::name);
    PlacesSource::ALL.into_iter().find(|source| source.name() == text).ok_or_else(|| {
        let meant = did_you_mean(text, names);
        given.fault(format!("unknown places source {text:?}{meant} (known: {})", names.join(", ")))
    })
}

fn url(given: &Given) -> Result<String, ConfigError> {
    let text = given.as_text()?;
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']));
    if has_host && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Ok(text.into())
    } else {
        Err(given.fault(format!("places-url: expected http://HOST/PATH or https://HOST/PATH, found {text:?}")))
    }
}

/// The key, from the first that has it: a flag's file, the variable, a variable's file, and, where
/// the source has a use for it, the config file's file.
fn key(layers: &Layers<'_>, environment: &Environment, source: PlacesSource) -> Result<Option<Key>, ConfigError> {
    if let Some(given) = layers.flag("places-key-file") {
        return key_of_file(&given).map(Some);
    }
    if let Some(text) = environment.get("HERD_PLACES_KEY") {
        let origin = Origin::Variable("HERD_PLACES_KEY".into());
        return key_of(text.to_str()).map(Some).map_err(|what| ConfigError::new(origin, &what));
    }
    match layers.given("places-key-file") {
        Some(Given { origin: Origin::File(_), .. }) if !source.is_remote() => Ok(None),
        Some(given) => key_of_file(&given).map(Some),
        None => Ok(None),
    }
}

fn key_of_file(given: &Given) -> Result<Key, ConfigError> {
    let path = given.text.display();
    let bytes = read_at_most(&given.text, KEY_MOST_BYTES)
        .map_err(|why| given.fault(format!("the key file {path} cannot be read: {why}; check its path")))?;
    key_of(str::from_utf8(&bytes).ok()).map_err(|what| given.fault(format!("{path}: {what}")))
}

fn key_of(text: Option<&str>) -> Result<Key, String> {
    text.ok_or_else(|| "the key is not UTF-8".into()).and_then(|text| Key::new(text).map_err(|error| error.to_string()))
}
