//! Where a herd's places come from.
//!
//! A [`Source`] answers a [`Query`] with [`Places`], in the shape of a Google Places Nearby Search
//! reply, or says why it cannot. [`Embedded`] has the populated places of the world in the program
//! itself; [`GoogleLegacy`] asks a server that speaks Google's legacy Nearby Search.

mod embedded;
mod google_legacy;
mod http;
mod index;
mod key;
pub mod table;

use herd::{Places, Query, Unavailable};

pub use embedded::Embedded;
pub use google_legacy::{GOOGLE_LEGACY_URL, GoogleLegacy};
pub use key::{Key, KeyError};

/// A source of places, as the host sees it.
pub trait Source: Send + Sync + 'static {
    /// Whether [`nearby`](Self::nearby) may wait for somebody else. If so it is called on a thread
    /// where that is allowed, else in the middle of a pass.
    fn blocks(&self) -> bool;

    /// How many results every query should ask for at least, so that one fetch serves many WHATSATs
    /// with bounds of their own: 0 where each result costs, 20 where each fetch does.
    fn least_bound(&self) -> u8;

    /// The places near [`Query::at`], nearest first where the source decides.
    ///
    /// # Errors
    /// [`Unavailable`], which is shown to clients: it says what happened and holds no key.
    fn nearby(&self, query: &Query) -> Result<Places, Unavailable>;
}
