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

/// What a file holds that has keys in it, a line each, as messages call them.
#[derive(Clone, Copy)]
pub(super) struct Keys {
    /// One of them.
    pub(super) one: &'static str,
    /// Several.
    pub(super) many: &'static str,
}

const SECRETS: Keys = Keys { one: "secret", many: "secrets" };

/// The secrets, from the first that has them: a flag's file, the variable, a variable's file, the config file's file. No
/// error shows any of them.
pub(super) fn find(layers: &Layers<'_>, warnings: &mut Vec<Warning>) -> Result<Vec<Secret>, ConfigError> {
    let file = layers.given("secret-file");
    let keys = match layers.variable("secret") {
        Some(secret) if !matches!(&file, Some(Given { origin: Origin::Flag(_), .. })) => {
            SECRETS.read(secret.text.as_encoded_bytes()).map_err(|what| secret.fault(what))
        }
        _ => file.map_or(Ok(Vec::new()), |given| SECRETS.of_file(&given, warnings)),
    };
    Ok(keys?.iter().map(Secret::new).collect())
}

/// The 32 bytes of a secret, or of a hash key, as `herd secret` writes them.
pub(super) fn decode(text: &[u8]) -> Option<[u8; Secret::BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

impl Keys {
    /// Reads a file of them. No error shows any.
    pub(super) fn of_file(
        self,
        given: &Given,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<[u8; Secret::BYTES]>, ConfigError> {
        let (path, one) = (given.text.display(), self.one);
        let text = read_at_most(&given.text, MOST_BYTES)
            .map_err(|why| given.fault(format!("the {one} file {path} cannot be read: {why}; check its path")))?;
        if text.len() as u64 > MOST_BYTES {
            return Err(given.fault(format!("{path}: a {one} file has at most 16KiB; is this one?")));
        }
        let keys = self.read(&text).map_err(|what| given.fault(format!("{path}: {what}")))?;
        warnings.extend(Warning::of_secret(Path::new(&given.text)));
        Ok(keys)
    }

    /// Reads them, one a line; empty lines, and those that begin with `#`, are skipped.
    fn read(self, text: &[u8]) -> Result<Vec<[u8; Secret::BYTES]>, String> {
        let Self { one, many } = self;
        let mut keys: Vec<(usize, [u8; Secret::BYTES])> = Vec::new();
        for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let key = decode(line).ok_or_else(|| {
                format!("line {number}: a {one} is 43 characters of base64url; make one with `herd secret`")
            })?;
            if let Some((first, _)) = keys.iter().find(|(_, other)| *other == key) {
                return Err(format!(
                    "line {number}: this {one} stands on line {first} already; take one of the two out"
                ));
            }
            keys.push((number, key));
        }
        match keys.len() {
            0 => Err(format!("there is no {one} in it; make one with `herd secret`")),
            count if count > MOST => {
                Err(format!("{count} {many} are too many (at most {MOST}); take the old ones out"))
            }
            _ => Ok(keys.into_iter().map(|(_, key)| key).collect()),
        }
    }
}
