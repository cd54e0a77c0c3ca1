//! The token that a client says.

use std::path::Path;

use herd::Token;
use herd_host::config::Environment;
use herd_host::read_at_most;

use crate::failure::Failure;

/// More than a token has, with white space around it.
const MOST_BYTES: u64 = 256;

/// The token of that file, else the one that the environment holds, if any. No error shows it.
pub(crate) fn find(file: Option<&Path>, environment: &Environment) -> Result<Option<Token>, Failure> {
    let (text, origin) = match (file, environment.get("HERD_TOKEN")) {
        (Some(path), _) => {
            let shown = path.display();
            let unreadable =
                |why| Failure::Usage(format!("--token-file: {shown} cannot be read: {why}; check its path"));
            (read_at_most(path, MOST_BYTES).map_err(unreadable)?, format!("--token-file: {shown}"))
        }
        (None, Some(token)) => (token.into_encoded_bytes(), "HERD_TOKEN".into()),
        (None, None) => return Ok(None),
    };
    let wrong =
        || Failure::Usage(format!("{origin}: a token is 43 characters of base64url, as `herd token` prints it"));
    Token::parse(text.trim_ascii()).map(Some).ok_or_else(wrong)
}
