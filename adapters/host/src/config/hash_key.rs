//! The herd's hash key.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use herd::HashKey;

use super::ConfigError;
use super::layers::{Given, Layers};

/// More than a key has, with white space around it.
const MOST_BYTES: u64 = 256;

/// The hash key of the file that is named, or the hash that everybody knows. No error shows what is in the file.
pub(super) fn find(layers: &Layers<'_>) -> Result<HashKey, ConfigError> {
    layers.given("hash-key-file").map_or_else(|| Ok(HashKey::default()), |given| of_file(&given))
}

fn of_file(given: &Given) -> Result<HashKey, ConfigError> {
    let path = given.text.display();
    let text = read(&given.text)
        .map_err(|why| given.fault(format!("the hash key file {path} cannot be read: {why}; check its path")))?;
    let key = URL_SAFE_NO_PAD.decode(text.trim_ascii()).ok().and_then(|key| key.try_into().ok());
    let key = key.ok_or_else(|| {
        given.fault(format!("{path}: a hash key is 43 characters of base64url; make one with `herd secret`"))
    })?;
    Ok(HashKey::new(&key))
}

fn read(path: &OsStr) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
