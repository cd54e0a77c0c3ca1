//! Phones and trackers that people have, each in the form that it speaks.
//!
//! A format is a pure function from a request to what it [tells](fix): no clock, no node. What of that is not taken decides
//! the [filter], and what became of each is [counted](outcome).

mod answer;
mod client_id;
mod filter;
mod fix;
mod friends;
mod gpslogger;
mod intake;
mod json;
mod osmand;
mod outcome;
mod overland;
mod owntracks;
mod parameters;
mod serve;
mod time;

#[cfg(test)]
mod tests;

pub use self::filter::Filter;
pub(crate) use self::outcome::Counts;
pub(crate) use self::serve::serve;

use herd::values::Pattern;

use self::fix::{Told, Unreadable};

/// What can be set of devices: `[http.devices]` in the herd's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceSettings {
    /// What is not taken.
    pub filter: Filter,
    /// Of whom phones hear that speak OwnTracks, as far as their tokens may ask; of nobody without it.
    pub friends: Option<Pattern>,
}

/// What devices speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// OwnTracks, in its HTTP mode.
    OwnTracks,
    /// OsmAnd, Traccar Client and many trackers.
    OsmAnd,
    /// Overland.
    Overland,
    /// GPSLogger, and whatever fills in a template.
    GpsLogger,
}

impl Format {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::OwnTracks, Self::OsmAnd, Self::Overland, Self::GpsLogger];

    /// Its word in paths, metrics and logs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OwnTracks => "owntracks",
            Self::OsmAnd => "osmand",
            Self::Overland => "overland",
            Self::GpsLogger => "gpslogger",
        }
    }

    /// What a request tells.
    fn read(self, asked: &Asked<'_>) -> Result<Told, Unreadable> {
        match self {
            Self::OwnTracks => owntracks::read(asked),
            Self::OsmAnd => osmand::read(asked),
            Self::Overland => overland::read(asked),
            Self::GpsLogger => gpslogger::read(asked),
        }
    }
}

/// A request, as much of it as formats look at.
#[derive(Clone, Copy, Debug, Default)]
struct Asked<'a> {
    /// What stands behind the `?`.
    query: &'a [u8],
    /// The header `X-Limit-U`.
    user: Option<&'a [u8]>,
    /// The header `X-Limit-D`.
    device: Option<&'a [u8]>,
    /// Whether its content type is JSON.
    is_json: bool,
    body: &'a [u8],
}
