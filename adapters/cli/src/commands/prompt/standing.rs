//! The prompt that stands while somebody may be typing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::conversation::Aside;

/// What is shown in front of what is typed, if anything is. Only a dumb terminal needs it: there Ctrl-C takes away what was
/// typed, and nobody else draws the prompt anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing(Arc<Mutex<Option<String>>>);

impl Standing {
    /// It stands from now on.
    pub(super) fn begin(&self, prompt: &str) {
        *self.lock() = Some(prompt.to_owned());
    }

    /// A line was typed, or there are no more.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    /// Draws it on a new line, if it stands.
    pub(super) fn draw_anew(&self, aside: &Aside) {
        if let Some(prompt) = &*self.lock() {
            // Nobody is left to draw where all is over.
            let _ = aside.send(format!("\n{prompt}"));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
