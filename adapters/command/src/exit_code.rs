//! What the exit codes of all programs of a herd mean.

/// A request was refused, a server could not be reached, or something else failed or is wrong.
pub const FAILURE: u8 = 1;
/// The command line, a setting or a file cannot be used as it is; nothing was done.
pub const USAGE: u8 = 2;
/// A bug of the program's own: `EX_SOFTWARE` of `sysexits.h`.
pub const BUG: u8 = 70;

/// The table for `--help`.
pub const HELP: &str = "\
Exit codes:
  0   success
  1   a request was refused, a server was not reached, or something is wrong
  2   wrong use; nothing was done
  70  a bug: please report what the program printed";
