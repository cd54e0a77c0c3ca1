//! `herd fence`: tells who enters a circle and who leaves it.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use herd::values::{Pattern, Radius};
use herd_command::time;

use crate::failure::Failure;
use crate::format::Format;
use crate::target::{Coordinates, kilometres};
use crate::watching::{Kind, Subject, WatchOptions};

/// Show which clients enter a circle, and which leave it
///
/// For example `herd fence 34.07 -118.44 --radius 5 --match 'truck-*' --dwell 30s`. Ctrl-C ends it.
///
/// Events: `enter` (at the start, everyone who is inside), `leave` (also when a client is forgotten or expires); `watching`
/// (everyone who was inside at the start has been shown), `again` (the server dropped lines that were not read in time, and
/// starts over), `gap` (the connection was lost). After `again` and `gap`, `inside` are clients that are still inside, and
/// `gone` those that no longer are.
#[derive(Args)]
pub(crate) struct Fence {
    #[command(flatten)]
    centre: Coordinates,
    /// The circle's radius, 0 to 20016 km
    #[arg(long, value_name = "KM", value_parser = kilometres(Radius::MOST_NEAR_KM))]
    radius: String,
    /// Only clients that match: an ID, or a prefix followed by *, as in 'truck-*'
    #[arg(long = "match", value_name = "PATTERN")]
    pattern: Option<Pattern>,
    /// How long a client must stay on the other side before it counts, 1s to 24h
    #[arg(long, value_name = "TIME", value_parser = time(Duration::from_secs(1)..=Duration::from_hours(24)))]
    dwell: Option<Duration>,
    #[command(flatten)]
    options: WatchOptions,
}

impl Fence {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let centre = self.centre.position()?;
        let pattern = self.pattern.map(|pattern| format!(" {pattern}")).unwrap_or_default();
        let dwell = match self.dwell {
            Some(dwell) if dwell.subsec_nanos() > 0 => {
                return Err(Failure::Usage("--dwell must be whole seconds".into()));
            }
            Some(dwell) => format!(" DWELL {}", dwell.as_secs()),
            None => String::new(),
        };
        let target = format!("{centre} {}{pattern}{dwell}", self.radius);
        self.options.follow(&Subject::new(Kind::Fence, target, Some(centre))?, format)
    }
}
