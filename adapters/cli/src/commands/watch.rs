//! `herd watch`: tells what happens to clients.

use std::process::ExitCode;

use clap::Args;
use herd::values::{Pattern, Radius};
use herd_command::decimal;

use crate::failure::Failure;
use crate::format::Format;
use crate::target::{kilometres, position};
use crate::watching::{Kind, Subject, WatchOptions};

/// Show where clients are, and every change
///
/// For example `herd watch 'truck-*'`, or `herd watch --near 34.07 -118.44 --radius 5`. Ctrl-C ends it.
///
/// Events: `seen` (the client is there, or has moved), `left` (it has left the circle), `forgotten`, `expired`; `watching`
/// (everyone who was there at the start has been shown), `again` (the server dropped lines that were not read in time, and
/// starts over), `gap` (the connection was lost). After `again` and `gap` only what has changed is shown; `gone` are clients
/// that are no longer there, whether they left, were forgotten or expired.
#[derive(Args)]
#[command(
    override_usage = "herd watch [OPTIONS] <PATTERN>\n       herd watch [OPTIONS] --near <LAT> <LNG> --radius <KM>"
)]
pub(crate) struct Watch {
    /// The clients: an ID, a prefix followed by *, or * for all
    #[arg(value_name = "PATTERN", required_unless_present = "near")]
    target: Option<Pattern>,
    /// Clients within --radius of a place, in degrees north and degrees east
    #[arg(long, value_names = ["LAT", "LNG"], num_args = 2, allow_negative_numbers = true, value_parser = decimal(-180.0..=180.0), requires = "radius", conflicts_with = "target")]
    near: Option<Vec<f64>>,
    /// How far from the place, 0 to 20016 km
    #[arg(long, value_name = "KM", requires = "near", conflicts_with = "target", value_parser = kilometres(Radius::MOST_NEAR_KM))]
    radius: Option<String>,
    /// Only clients that match, as in 'truck-*'
    #[arg(long = "match", value_name = "PATTERN", requires = "near", conflicts_with = "target")]
    pattern: Option<Pattern>,
    #[command(flatten)]
    options: WatchOptions,
}

impl Watch {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let subject = match (&self.near.as_deref(), &self.radius, &self.target) {
            (Some([lat, lng]), Some(radius), _) => {
                let centre = position(*lat, *lng)?;
                let pattern = self.pattern.map(|pattern| format!(" {pattern}")).unwrap_or_default();
                let target = format!("{centre} {radius}{pattern}");
                Subject::new(Kind::Watch, target, Some(centre))?
            }
            (_, _, Some(target)) => Subject::new(Kind::Watch, target.to_string(), None)?,
            _ => return Err(Failure::Usage("name clients, or a place with --near and --radius".into())),
        };
        self.options.follow(&subject, format)
    }
}
