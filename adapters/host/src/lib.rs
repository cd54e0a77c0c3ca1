//! What every runtime of a herd shares and no runtime owns.
//!
//! The way from a command line to a running server, in the order in which it is walked:
//!
//! 1. [`command`] reads the arguments into an [`Order`](command::Order): what to do, with which
//!    settings.
//! 2. [`config`] works those [`Settings`](config::Settings) out of flags, environment, file and
//!    defaults.
//! 3. [`logs`] opens the log before anything else is started.
//!
//! Whatever is wrong with these is one [`UsageError`](command::UsageError): one line, exit code 2.

pub mod command;
pub mod config;
pub mod logs;
mod nearest;
mod one_line;
