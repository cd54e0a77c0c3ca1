//! `[http.devices]`: what of what phones and trackers tell is taken.

use std::time::Duration;

use herd::values::Pattern;
use herd_web::{DeviceFilter, DeviceSettings};

use herd_command::parse_time;

use super::ConfigError;
use super::file::{ConfigFile, DevicesTable};
use super::layers::Given;

/// The file's settings of devices.
pub(super) fn find(file: &ConfigFile, table: &DevicesTable) -> Result<DeviceSettings, ConfigError> {
    let mut filter = DeviceFilter::default();
    if let Some(given) = &table.max_ahead {
        filter.max_ahead = time_or_off("max-ahead", &file.given_scalar(given), "1d")?;
    }
    if let Some(given) = &table.max_age {
        filter.max_age = time_or_off("max-age", &file.given_scalar(given), "365d")?;
    }
    if let Some(given) = &table.max_accuracy {
        filter.max_accuracy = metres_or_off(&file.given_scalar(given))?;
    }
    filter.zero = table.zero.unwrap_or(filter.zero);
    let friends = table.friends.as_ref().map(|text| {
        text.get_ref().parse::<Pattern>().map_err(|error| file.fault(&text.span(), &format!("friends: {error}")))
    });
    Ok(DeviceSettings { filter, friends: friends.transpose()? })
}

fn time_or_off(name: &str, given: &Given, default: &str) -> Result<Option<Duration>, ConfigError> {
    let text = given.as_text()?;
    if text == "off" {
        return Ok(None);
    }
    let time = parse_time(text).filter(|time| !time.is_zero());
    time.map(Some).ok_or_else(|| {
        given.fault(format!(
            "{name}: expected a time above 0, as in 10m or 30d, or \"off\", found {text:?} (default: {default})"
        ))
    })
}

fn metres_or_off(given: &Given) -> Result<Option<u32>, ConfigError> {
    let text = given.as_text()?;
    let metres = if text == "off" { Some(None) } else { text.parse().ok().map(Some) };
    metres.ok_or_else(|| {
        given.fault(format!(
            "max-accuracy: expected a whole number of metres, or \"off\", found {text:?} (default: off)"
        ))
    })
}
