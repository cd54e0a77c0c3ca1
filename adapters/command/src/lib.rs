//! What the command lines of all programs share: one table of exit codes, and how wrong use and bugs are told.
//!
//! Whatever goes wrong is one line on standard error, `PROGRAM: error: ...`, which says what is wrong, what is allowed, and
//! the nearest name where one may be misspelt.

mod bug;
pub mod exit_code;
mod nearest;
mod number;
mod one_line;
pub mod syntax;

pub use bug::{Bug, exit_at_a_panic};
pub use nearest::{did_you_mean, listed, nearest};
pub use number::number;
pub use one_line::one_line;
