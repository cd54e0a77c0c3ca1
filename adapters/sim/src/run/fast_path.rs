//! Plays with and without the fast path of sessions: they must do the same.

use std::fmt;
use std::str::FromStr;

use super::{Options, Outcome, Run};
use crate::scenario::{Nanos, SECOND};
use crate::violation::Invariant;

/// Whether sessions take the [fast path](herd::Session::set_fast) for lines as nearly everybody writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FastPath {
    /// As servers do.
    #[default]
    On,
    /// Every line goes the long way.
    Off,
    /// [`Run::play`] plays with it and, where nothing else went wrong, once more without; any difference is a
    /// [violation](Invariant::FastPath).
    Both,
}

impl FastPath {
    /// Every one.
    const ALL: [Self; 3] = [Self::Both, Self::On, Self::Off];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Both => "both",
        }
    }
}

impl fmt::Display for FastPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FastPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|way| way.name() == text).ok_or_else(|| "it is both, on, or off".into())
    }
}

impl Run {
    /// Plays once more without the fast path, and sees whether that made a difference.
    pub(super) fn play_without(&mut self, with: &Outcome) {
        let without = self.twin(FastPath::Off).play();
        if without == *with {
            return;
        }
        let what = match &without.violation {
            Some(violation) => format!("without the fast path: {violation}"),
            None if without.digest == with.digest => format!("{:?} with it, {:?} without", with.stats, without.stats),
            None => {
                let at = self.first_difference();
                let (seconds, millis) = (at / SECOND, at % SECOND / 1_000_000);
                format!("with and without the fast path, not the same is done from {seconds}.{millis:03} s on")
            }
        };
        self.violate(Invariant::FastPath, None, what);
    }

    /// This run from its start, played otherwise.
    fn twin(&self, fast: FastPath) -> Self {
        let options = Options { fast, ..self.options };
        Self::with(self.scenario.clone(), options).expect("it is a herd")
    }

    /// When two plays first do not do the same.
    fn first_difference(&self) -> Nanos {
        let [mut with, mut without] = [FastPath::On, FastPath::Off].map(|fast| self.twin(fast));
        with.start();
        without.start();
        while with.digest == without.digest && with.step() && without.step() {}
        with.now
    }
}
