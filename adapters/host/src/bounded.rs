//! Files that are read as a whole, up to a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What is in that file; of one that is longer than `most` bytes the first ones, and one more than that.
///
/// # Errors
/// Those of opening and reading it.
pub fn read_at_most(path: impl AsRef<Path>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
