//! Places of one's own: the points of a GeoJSON file.

mod feature;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use herd::{Places, Query, Unavailable};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::feature::{BadFeature, Feature};
use crate::Source;
use crate::index::Index;

/// Points of a GeoJSON `FeatureCollection` (RFC 7946), nearest first, as the embedded places are.
///
/// A feature is a `Point` with a name among its properties. `vicinity`, `types`, `place_id` (or the
/// feature's `id`), `rating`, `user_ratings_total`, `price_level`, `business_status` and `open_now` are
/// taken where they are there and have the type that Google's have, a number also as a text; other properties are left
/// alone. A feature that is no place is skipped, and told by [`warning`](Source::warning), unless [`FileOptions::strict`].
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    options: FileOptions,
    loaded: RwLock<Arc<Loaded>>,
}

/// How a file of places is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Which property is a place's name: `name` by default.
    pub name: String,
    /// Whether a file is refused for one feature that is no place.
    pub strict: bool,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { name: "name".into(), strict: false }
    }
}

#[derive(Debug)]
struct Loaded {
    index: Index,
    results: Vec<Box<[u8]>>,
    /// What was skipped.
    warning: Option<String>,
}

/// Why a file of places cannot be used. What was loaded before is kept.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there, or may not be read.
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It is not JSON, or no `FeatureCollection`.
    #[error("{} is no GeoJSON FeatureCollection: {why}", path.display())]
    NoCollection {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        why: String,
    },
    /// None of its features is a place, or some are not and the file is read strictly; each of these is told.
    #[error("{}: {}{}", path.display(), bad[0], and_more(bad.len() - 1))]
    BadFeatures {
        /// The file.
        path: PathBuf,
        /// What is wrong with each, one at least.
        bad: Vec<BadFeature>,
    },
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => " (and 1 feature more)".into(),
        more => format!(" (and {more} features more)"),
    }
}

impl File {
    /// Loads a file.
    ///
    /// # Errors
    /// A [`FileError`].
    pub fn load(path: impl Into<PathBuf>, options: FileOptions) -> Result<Self, FileError> {
        let path = path.into();
        let loaded = RwLock::new(Arc::new(Loaded::read(&path, &options)?));
        Ok(Self { path, options, loaded })
    }

    /// How many places it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.current().results.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Source for File {
    fn blocks(&self) -> bool {
        false
    }

    fn least_bound(&self) -> u8 {
        0
    }

    fn nearby(&self, query: &Query) -> Result<Places, Unavailable> {
        let loaded = self.current();
        let mut reply = Places::builder(&[]);
        for index in loaded.index.near(query) {
            reply.result(|out| out.extend_from_slice(&loaded.results[index as usize]));
        }
        Ok(reply.finish())
    }

    fn reload(&self) -> Result<Option<usize>, Vec<String>> {
        match Loaded::read(&self.path, &self.options) {
            Ok(loaded) => {
                let len = loaded.results.len();
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                Ok(Some(len))
            }
            Err(FileError::BadFeatures { path, bad }) => {
                Err(bad.iter().map(|bad| format!("{}: {bad}", path.display())).collect())
            }
            Err(error) => Err(vec![error.to_string()]),
        }
    }

    fn warning(&self) -> Option<String> {
        self.current().warning.clone()
    }
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

impl Loaded {
    fn read(path: &PathBuf, options: &FileOptions) -> Result<Self, FileError> {
        let text = fs::read_to_string(path).map_err(|why| FileError::Unreadable { path: path.clone(), why })?;
        let no_collection = |why: String| FileError::NoCollection { path: path.clone(), why };
        let collection: Collection<'_> =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|why| no_collection(why.to_string()))?;
        if collection.kind != "FeatureCollection" {
            return Err(no_collection(format!("its type is {:?}", collection.kind)));
        }
        let mut features = Vec::with_capacity(collection.features.len());
        let mut bad = Vec::new();
        for (index, raw) in collection.features.iter().enumerate() {
            match Feature::parse(raw.get(), &options.name) {
                Ok(feature) => features.push(feature),
                Err(why) => {
                    let before = raw.get().as_ptr() as usize - text.as_ptr() as usize;
                    let line = 1 + text[..before].matches('\n').count();
                    bad.push(BadFeature { number: index + 1, line, why });
                }
            }
        }
        if !bad.is_empty() && (options.strict || features.is_empty()) {
            return Err(FileError::BadFeatures { path: path.clone(), bad });
        }
        let warning = bad.first().map(|first| {
            let (skipped, all) = (bad.len(), collection.features.len());
            format!("{}: {skipped} of {all} features skipped; the first is on {first}", path.display())
        });
        Ok(Self::new(&features, warning))
    }

    fn new(features: &[Feature], warning: Option<String>) -> Self {
        let results = features.iter().map(|feature| {
            let mut out = Vec::new();
            feature.result.write(&mut out);
            out.into()
        });
        let points = features.iter().map(|feature| (feature.result.location.lat, feature.result.location.lng));
        Self { index: Index::new(points), results: results.collect(), warning }
    }
}
