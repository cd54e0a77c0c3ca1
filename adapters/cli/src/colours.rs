//! Colours, where there is a terminal that shows them and somebody who wants them.

use std::env;
use std::io::{self, IsTerminal};

/// Whether the terminal understands nothing but text.
pub(crate) fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Whether standard output may have colours.
pub(crate) fn are_shown() -> bool {
    io::stdout().is_terminal() && !is_dumb() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
