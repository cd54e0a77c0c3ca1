//! From settings to a source of places.

use std::sync::Arc;

use herd_places::{Embedded, File, Google, GoogleLegacy, Remote, Source};

use crate::config::{PlacesSettings, PlacesSource, Settings};

/// Why a source of places cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// Its own file is missing, or bad.
    #[error(transparent)]
    File(#[from] herd_places::FileError),
    /// The certificates to believe cannot be read.
    #[error(transparent)]
    Trust(#[from] herd_places::TrustError),
}

impl Settings {
    /// Opens the source of places that these settings describe: for one server, or for several that share it. It reads
    /// the files that are named, and asks nobody.
    ///
    /// # Errors
    /// A [`PlacesError`], where such a file cannot be used.
    pub fn open_places(&self) -> Result<Arc<dyn Source>, PlacesError> {
        let (places, timeout) = (&self.places, self.limits.places_timeout);
        Ok(match places.source {
            PlacesSource::Embedded => Arc::new(Embedded::new()),
            PlacesSource::Google => Arc::new(Google::new(remote(places)?, timeout)),
            PlacesSource::GoogleLegacy => Arc::new(GoogleLegacy::new(remote(places)?, timeout)),
            PlacesSource::File => {
                Arc::new(File::load(places.file.clone().unwrap_or_default(), places.file_options.clone())?)
            }
        })
    }
}

fn remote(places: &PlacesSettings) -> Result<Remote, PlacesError> {
    let trust = places.ca_file.as_deref().map(herd_places::trust).transpose()?;
    Ok(Remote { url: places.url.clone(), key: places.key.clone(), trust })
}
