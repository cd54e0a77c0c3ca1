//! Which herd.

use std::ffi::OsString;

use clap::Args;
use herd_host::config::{Environment, Flags, ServerList};

use crate::failure::Failure;

/// The option that says which herd.
#[derive(Args)]
pub(crate) struct HerdFile {
    #[arg(long, help = "The herd's config file [default: the built-in herd] [env: HERD_CONFIG]", value_name = "FILE")]
    config: Option<OsString>,
}

impl HerdFile {
    /// The servers that it lists.
    pub(crate) fn servers(&self, environment: &Environment) -> Result<ServerList, Failure> {
        let mut flags = Flags::default();
        if let Some(config) = &self.config {
            flags.set("config", config);
        }
        ServerList::find(&flags, environment).map_err(|error| Failure::Usage(error.to_string()))
    }
}
