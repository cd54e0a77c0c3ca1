//! The herd's hash key.

use herd::HashKey;

use super::layers::{Given, Layers};
use super::{ConfigError, secrets};
use crate::bounded::read_at_most;

/// More than a key has, with white space around it.
const MOST_BYTES: u64 = 256;

/// The hash key of the file that is named, or the hash that everybody knows. No error shows what is in the file.
pub(super) fn find(layers: &Layers<'_>) -> Result<HashKey, ConfigError> {
    layers.given("hash-key-file").map_or_else(|| Ok(HashKey::default()), |given| of_file(&given))
}

fn of_file(given: &Given) -> Result<HashKey, ConfigError> {
    let path = given.text.display();
    let text = read_at_most(&given.text, MOST_BYTES)
        .map_err(|why| given.fault(format!("the hash key file {path} cannot be read: {why}; check its path")))?;
    let key = secrets::decode(text.trim_ascii()).ok_or_else(|| {
        given.fault(format!("{path}: a hash key is 43 characters of base64url; make one with `herd secret`"))
    })?;
    Ok(HashKey::new(&key))
}
