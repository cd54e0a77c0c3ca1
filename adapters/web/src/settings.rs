//! What can be set of the door, and changed while the server runs.

use crate::devices::DeviceSettings;
use crate::share::ShareSettings;

/// The settings of a server's door: `[http]` in the herd's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Names by which it is asked, besides IP addresses and `localhost`: in lower case.
    pub hosts: Vec<String>,
    /// Pages of others that may use it, as browsers name them: `https://example.com`.
    pub origins: Vec<String>,
    /// The longest body of a request, in bytes.
    pub max_body: usize,
    /// The map's tiles; without them it draws land alone.
    pub tiles: Option<Tiles>,
    /// Phones and trackers.
    pub devices: DeviceSettings,
    /// Links that show one client for a while.
    pub share: ShareSettings,
}

/// Tiles for the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// Where each is, with `{z}`, `{x}` and `{y}`.
    pub url: String,
    /// Whom the map is to name for them.
    pub attribution: String,
}

impl Default for Settings {
    fn default() -> Self {
        let (devices, share) = (DeviceSettings::default(), ShareSettings::default());
        Self { hosts: Vec::new(), origins: Vec::new(), max_body: 1 << 20, tiles: None, devices, share }
    }
}
