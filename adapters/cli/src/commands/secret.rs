//! `herd secret`: makes a secret, or a key.

use std::io::{self, Write};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use herd::HashKey;
use serde_json::json;

use crate::failure::Failure;
use crate::format::{self, Format};

/// Make a random secret, for secret-file, hash-key-file or share-key-file
///
/// Write it to a file that only the servers of the herd can read, and name the file in the herd's config file: `secret-file`
/// or `hash-key-file` in [herd], `share-key-file` in [http].
#[derive(Args)]
pub(crate) struct Secret {}

impl Secret {
    #[expect(clippy::unused_self, reason = "as each command")]
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let mut key = [0; HashKey::BYTES];
        getrandom::fill(&mut key).map_err(io::Error::from)?;
        let secret = URL_SAFE_NO_PAD.encode(key);
        match format {
            Format::Text => writeln!(io::stdout(), "{secret}")?,
            Format::Json => writeln!(io::stdout(), "{}", format::line(&json!({ "secret": secret })))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
