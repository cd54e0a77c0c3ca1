//! What the command lines of all programs share: one table of exit codes, and how wrong use and bugs are told.
//!
//! Whatever goes wrong is one line on standard error, `PROGRAM: error: ...`, which says what is wrong, what is allowed, and
//! the nearest name where one may be misspelt.

mod bug;
mod decimal;
pub mod exit_code;
mod nearest;
mod number;
mod one_line;
pub mod syntax;
mod text;
mod time;

pub use bug::{Bug, exit_at_a_panic};
pub use decimal::decimal;
pub use nearest::{did_you_mean, listed, nearest};
pub use number::number;
pub use one_line::one_line;
pub use text::{escaped, readable, readable_lines};
pub use time::{TIME, any_time, parse_time, time};
