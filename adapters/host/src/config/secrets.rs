//! The secrets by which the servers of a herd know each other.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use herd::Secret;

use super::layers::{Given, Layers};
use super::{ConfigError, Origin, Warning};
use crate::bounded::read_at_most;

/// More than any change from one to the next needs.
const MOST: usize = 16;

/// So many with some words on each.
const MOST_BYTES: u64 = 16 << 10;

/// The secrets, from the first that has them: a flag's file, the variable, a variable's file, the config file's file. No
/// error shows any of them.
pub(super) fn find(layers: &Layers<'_>, warnings: &mut Vec<Warning>) -> Result<Vec<Secret>, ConfigError> {
    let file = layers.given("secret-file");
    match layers.variable("secret") {
        Some(secret) if !matches!(&file, Some(Given { origin: Origin::Flag(_), .. })) => {
            read(secret.text.as_encoded_bytes()).map_err(|what| secret.fault(what))
        }
        _ => file.map_or(Ok(Vec::new()), |given| of_file(&given, warnings)),
    }
}

fn of_file(given: &Given, warnings: &mut Vec<Warning>) -> Result<Vec<Secret>, ConfigError> {
    let path = given.text.display();
    let text = read_at_most(&given.text, MOST_BYTES)
        .map_err(|why| given.fault(format!("the secret file {path} cannot be read: {why}; check its path")))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(given.fault(format!("{path}: a secret file has at most 16KiB; is this one?")));
    }
    let secrets = read(&text).map_err(|what| given.fault(format!("{path}: {what}")))?;
    warnings.extend(Warning::of_secret(Path::new(&given.text)));
    Ok(secrets)
}

/// The 32 bytes of a secret, or of a hash key, as `herd secret` writes them.
pub(super) fn decode(text: &[u8]) -> Option<[u8; Secret::BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Reads secrets, one a line; empty lines, and those that begin with `#`, are skipped.
fn read(text: &[u8]) -> Result<Vec<Secret>, String> {
    let mut secrets: Vec<(usize, [u8; 32])> = Vec::new();
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let secret = decode(line).ok_or_else(|| {
            format!("line {number}: a secret is 43 characters of base64url; make one with `herd secret`")
        })?;
        if let Some((first, _)) = secrets.iter().find(|(_, other)| *other == secret) {
            return Err(format!("line {number}: this secret stands on line {first} already; take one of the two out"));
        }
        secrets.push((number, secret));
    }
    match secrets.len() {
        0 => Err("there is no secret in it; make one with `herd secret`".into()),
        count if count > MOST => Err(format!("{count} secrets are too many (at most {MOST}); take the old ones out")),
        _ => Ok(secrets.iter().map(|(_, secret)| Secret::new(secret)).collect()),
    }
}
