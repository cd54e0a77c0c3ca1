//! Links that show a client for a while: their keys, how long they may last, and what they begin with.

use herd_command::parse_time;
use herd_web::{ShareKey, ShareKeys, ShareSettings};

use super::file::{ConfigFile, HttpTable};
use super::secrets::Keys;
use super::{ConfigError, Warning};

const KEYS: Keys = Keys { one: "share key", many: "share keys" };

/// The file's settings of links.
pub(super) fn find(
    file: &ConfigFile,
    table: &HttpTable,
    warnings: &mut Vec<Warning>,
) -> Result<ShareSettings, ConfigError> {
    let mut share = ShareSettings::default();
    if let Some(path) = &table.share_key_file {
        let keys = KEYS.of_file(&file.given_path(path), warnings)?;
        share.keys = ShareKeys::new(keys.into_iter().map(ShareKey::new).collect());
    }
    if let Some(given) = &table.share_at_most {
        let given = file.given_scalar(given);
        let text = given.as_text()?;
        let longest = parse_time(text).filter(|time| time.as_secs() > 0);
        share.at_most = longest.ok_or_else(|| {
            given.fault(format!(
                "share-at-most: expected a time of a second or more, as in 2h, found {text:?} (default: 7d)"
            ))
        })?;
    }
    if let Some(url) = &table.public_url {
        let text = url.get_ref().trim_end_matches('/');
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['?', '#', ' ', '@'])) {
            return Err(file.fault(&url.span(), "public-url: expected a URL, as in https://herd.example.com"));
        }
        share.public_url = Some(text.to_owned());
    }
    Ok(share)
}
