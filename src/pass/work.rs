//! What takes how much of a processor's time, counted and not measured: so that turns end alike on every machine, and in
//! the simulator.

/// An amount of work. A unit is about what an IAMAT takes that came among many, a fifth of a microsecond.
///
/// The figures are rounded from `docs/notebook.md`. They depend on the bytes of a request alone, never on how it was
/// read, so that passes end behind the same line whichever way that was.
#[derive(Debug)]
pub(crate) enum Work {}

impl Work {
    /// What one pass takes in: about a tenth of a millisecond.
    pub(crate) const PASS: u64 = 512;

    /// A greeting: it holds what all sessions share.
    pub(crate) const ALONE: u64 = 8;

    /// A call to the system.
    pub(crate) const CALL: u64 = 32;

    /// A line of that length, and what is replied to it at once.
    pub(crate) const fn line(len: usize) -> u64 {
        1 + (len / 256) as u64
    }

    /// A WHATSAT with that bound: its report, its places where the source has them in memory, and both of them written
    /// out.
    pub(crate) const fn whatsat(bound: u8) -> u64 {
        4 + 3 * bound as u64
    }

    /// A NEAR with that bound, where the nearest are found at once. What it takes besides is counted as it is done.
    pub(crate) const fn near(bound: u16) -> u64 {
        8 + bound as u64 / 4
    }

    /// What so many watchers are told.
    pub(crate) const fn told(watchers: u64) -> u64 {
        watchers / 4
    }

    /// What a pass takes in where each report is told to so many watchers, on average.
    pub(crate) const fn pass_told(watchers: u64) -> u64 {
        let pass = Self::PASS / (1 + Self::told(watchers));
        if pass > 0 { pass } else { 1 }
    }

    /// Bytes that are copied and handed to the system, or got from it.
    pub(crate) const fn bytes(len: usize) -> u64 {
        (len / 512) as u64
    }

    /// Bytes of answers on a link: short lines, each of which is looked at alone.
    pub(crate) const fn answers(len: usize) -> u64 {
        (len / 32) as u64
    }
}
