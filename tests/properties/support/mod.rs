//! What the properties and the fuzz targets share: small worlds to put the core in. They touch
//! nothing but the core's public door, have no clock of their own, and decide nothing by chance: what
//! looks random comes from a seed or from the input.

pub(crate) mod conversation;
pub(crate) mod driver;
pub(crate) mod herds;
pub(crate) mod network;
pub(crate) mod nonsense;
pub(crate) mod oracle;
pub(crate) mod pair;
pub(crate) mod program;
pub(crate) mod proving;
pub(crate) mod rights;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod targets;
