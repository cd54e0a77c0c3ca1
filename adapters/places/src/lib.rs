//! Where a herd's places come from.
//!
//! A [`Source`] answers a [`Query`] with [`Places`], in the shape of a Google Places Nearby Search
//! reply, or says why it cannot.
//!
//! | source | where from |
//! | --- | --- |
//! | [`Embedded`] | the populated places of the world, in the program itself |
//! | [`File`] | points of one's own, a GeoJSON file |
//! | [`Google`] | Google's Places API (New), turned into the legacy shape |
//! | [`GoogleLegacy`] | Google's legacy Nearby Search, passed on byte for byte |

mod embedded;
mod file;
mod google;
mod google_legacy;
mod http;
mod index;
mod key;
mod lenient;
mod result;
pub mod table;
mod told;
mod trust;

use herd::{Places, Query, Unavailable};

pub use embedded::Embedded;
pub use file::{File, FileError, FileOptions};
pub use google::{GOOGLE_URL, Google};
pub use google_legacy::{GOOGLE_LEGACY_URL, GoogleLegacy};
pub use key::{Key, KeyError};
pub use trust::{RootCerts, TrustError, trust};

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

    /// Reads its data again; how many places it has then, or `None` where there is nothing to read.
    ///
    /// # Errors
    /// What is wrong with the new data, a line each. The old data is kept.
    fn reload(&self) -> Result<Option<usize>, Vec<String>> {
        Ok(None)
    }

    /// What a person should mend in its data, in one line. It is as good as it can be all the same.
    fn warning(&self) -> Option<String> {
        None
    }
}

/// Where a source that is asked over the network is, and how it knows us.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    /// The whole address of the endpoint, in place of Google's own: `http://` or `https://`.
    pub url: Option<String>,
    /// What it is shown as a key.
    pub key: Option<Key>,
    /// Whose certificates are believed, in place of Mozilla's list.
    pub trust: Option<RootCerts>,
}
