//! A place or a client, as the command line names it.

use clap::Args;
use herd::Position;
use herd::values::Radius;
use herd_command::decimal;

use crate::commands::at::check_client;
use crate::failure::Failure;

/// A point on the globe.
#[derive(Args)]
pub(crate) struct Coordinates {
    /// Degrees north, -90 to 90
    #[arg(allow_negative_numbers = true, value_parser = decimal(-90.0..=90.0))]
    pub(crate) lat: f64,
    /// Degrees east, -180 to 180
    #[arg(allow_negative_numbers = true, value_parser = decimal(-180.0..=180.0))]
    pub(crate) lng: f64,
}

impl Coordinates {
    pub(crate) fn position(&self) -> Result<Position, Failure> {
        position(self.lat, self.lng)
    }
}

/// The position at those degrees.
pub(crate) fn position(lat: f64, lng: f64) -> Result<Position, Failure> {
    Position::new(lat, lng).ok_or_else(|| {
        Failure::Usage(format!("{lat}, {lng} is not on the globe: latitude -90 to 90, longitude -180 to 180"))
    })
}

/// Reads kilometres up to so many, as they stand in a request.
pub(crate) fn kilometres(most: u32) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| match Radius::parse_km_up_to(text.as_bytes(), most) {
        Some(_) => Ok(text.into()),
        None => Err(format!("not a distance from 0 to {most} km")),
    }
}

/// What a circle is around.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Around {
    Position(Position),
    Client(String),
}

impl Around {
    /// Reads one argument, a client's ID or a position as it is on the wire, or two, degrees.
    pub(crate) fn parse(words: &[String]) -> Result<Self, Failure> {
        match words {
            [word] => match Position::parse(word.as_bytes()) {
                Some(position) => Ok(Self::Position(position)),
                None => check_client(word).map(|()| Self::Client(word.clone())),
            },
            [lat, lng] => {
                let degrees = |text: &String, name, most: f64| {
                    let why = |why| Failure::Usage(format!("invalid {name} {text:?}: {why}"));
                    decimal(-most..=most)(text).map_err(why)
                };
                Ok(Self::Position(position(degrees(lat, "latitude", 90.0)?, degrees(lng, "longitude", 180.0)?)?))
            }
            _ => Err(Failure::Usage("name a place by its latitude and longitude, or a client by its ID".into())),
        }
    }

    /// As it stands in a request.
    pub(crate) fn field(&self) -> String {
        match self {
            Self::Position(position) => position.to_string(),
            Self::Client(client) => client.clone(),
        }
    }
}
