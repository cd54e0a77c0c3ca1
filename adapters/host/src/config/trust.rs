//! Who is believed to be a neighbour.

use herd::{Certificates, ServerName, Trust};

use super::layers::Layers;
use super::{ConfigError, TlsSettings, Warning, secrets};

/// What flags, environment and file say of it, and the file's `plain` servers.
pub(super) fn find(
    layers: &Layers<'_>,
    plain: Vec<ServerName>,
    tls: Option<&TlsSettings>,
    warnings: &mut Vec<Warning>,
) -> Result<Trust, ConfigError> {
    let secrets = secrets::find(layers, warnings)?;
    let certificates = tls.map_or(Certificates::Off, |tls| tls.neighbours);
    Ok(Trust { secrets, addresses: addresses(layers)?, certificates, plain })
}

/// Whether one that proves nothing is believed by its address.
fn addresses(layers: &Layers<'_>) -> Result<bool, ConfigError> {
    let Some(given) = layers.given("trust-addresses") else { return Ok(false) };
    let text = given.as_text()?;
    let wrong = |_| given.fault(format!("trust-addresses: expected true or false, found {text:?} (default: false)"));
    text.parse().map_err(wrong)
}
