//! Writing certificates and keys.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::authority::Made;

/// Whether any of these files is there.
pub(super) fn is_there(paths: &[&Path]) -> bool {
    paths.iter().any(|path| path.exists())
}

/// Writes a certificate and its key, the key first.
pub(super) fn write_pair(made: &Made, certificate: &Path, key: &Path) -> io::Result<()> {
    write(key, &made.key, true)?;
    write(certificate, &made.certificate, false)
}

/// Writes a file whole or not at all. One that is secret is for its owner only, from the start.
fn write(path: &Path, text: &str, is_secret: bool) -> io::Result<()> {
    let new = path.with_added_extension("new");
    // What an earlier run left behind may have other permissions.
    let _ = fs::remove_file(&new);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if is_secret { 0o600 } else { 0o644 });
    }
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}
