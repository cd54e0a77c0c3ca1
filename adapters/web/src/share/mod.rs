//! Links that show where one client is, until they end, to people without a token.
//!
//! A link carries whom it shows and until when, signed with a key of the herd's. Nothing is stored: any server that has the
//! key knows it, and a new key ends all of them. It is a secret of whoever shares: it stands in paths alone, and paths
//! are never logged.

mod keys;
mod link;
mod make;
mod show;

use std::time::Duration;

pub use self::keys::{ShareKey, ShareKeys};
pub(crate) use self::make::post;
pub(crate) use self::show::{Guest, client, page, watch};

/// What can be set of links, in `[http]` of the herd's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareSettings {
    /// The keys; without one there are no links.
    pub keys: ShareKeys,
    /// How long a link may show a client.
    pub at_most: Duration,
    /// What links begin with, as in `https://herd.example`: the URL by which people reach the door. Without it that by which
    /// whoever made the link did.
    pub public_url: Option<String>,
}

impl ShareSettings {
    /// The name in the URL by which people reach the door, without its port.
    #[must_use]
    pub fn public_host(&self) -> Option<&str> {
        let (_, rest) = self.public_url.as_ref()?.split_once("://")?;
        let authority = rest.split('/').next()?;
        Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
    }
}

impl Default for ShareSettings {
    fn default() -> Self {
        Self { keys: ShareKeys::default(), at_most: Duration::from_hours(7 * 24), public_url: None }
    }
}
