//! The API: what a herd's lines ask, in the words of HTTP. Data is JSON; clients are GeoJSON.

pub(crate) mod clients;
pub(crate) mod near;
pub(crate) mod places;
pub(crate) mod servers;
pub(crate) mod status;
pub(crate) mod watch;
