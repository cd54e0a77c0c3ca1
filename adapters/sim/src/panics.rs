//! Panics of what is played: they are violations, too.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static PLAYING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread plays a run: a panic of it is caught then, and told as what did not hold.
#[must_use]
pub fn is_playing() -> bool {
    PLAYING.get()
}

/// Plays; what it panicked with, if it did.
pub(crate) fn caught(play: impl FnOnce()) -> Option<String> {
    let playing = PLAYING.replace(true);
    let played = catch_unwind(AssertUnwindSafe(play));
    PLAYING.set(playing);
    let panic = played.err()?;
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
    Some(format!("panicked: {text}"))
}
