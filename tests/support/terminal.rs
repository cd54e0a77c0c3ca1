//! Terminals that are nobody's.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal: the side of whoever sits before it, and the side that a program has. Dropping the first closes it.
///
/// # Panics
/// Where the system has none.
#[must_use]
pub fn terminal() -> (File, File) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&keyboard).expect("ours");
    unlockpt(&keyboard).expect("ours");
    let path = ptsname(&keyboard, Vec::new()).expect("it has a name");
    let path = Path::new(OsStr::from_bytes(path.as_bytes()));
    // It is not to become the one that the test itself is controlled by.
    let no_ctty = i32::try_from(OFlags::NOCTTY.bits()).expect("a flag");
    let other_side = OpenOptions::new().read(true).write(true).custom_flags(no_ctty).open(path);
    (File::from(keyboard), other_side.expect("its other side"))
}
