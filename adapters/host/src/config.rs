//! What a server is told before it starts: the herd, the workers, the limits, the places source, the log.
//!
//! Each setting is looked for in four places, and the first that has it counts: the command line,
//! the environment, the config file, the default. The first three all hand over text with an
//! [`Origin`], so that a value is read by one rule wherever it stands, and an error names the flag,
//! the variable, or the file's line and column.

mod access;
mod address;
mod data;
mod description;
mod devices;
mod environment;
mod error;
mod file;
mod guard;
mod hash_key;
mod http;
mod keys;
mod layers;
mod limit;
mod log;
mod places;
mod print;
mod region;
mod scalar;
mod secrets;
mod servers;
mod shape;
mod share;
mod syntax;
mod tls;
mod trust;
mod variables;
mod warning;
mod workers;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use herd::{Herd, Limits, ServerId};
pub use herd_disk::SyncEvery;

pub use self::address::{host_of, ip_of};
pub use self::data::DataSettings;
pub(crate) use self::data::show_sync;
pub use self::description::Description;
pub use self::environment::Environment;
pub use self::error::{ConfigError, Origin, Place};
pub use self::guard::Unguarded;
pub use self::http::HttpSettings;
pub use self::layers::Flags;
pub use self::limit::{LIMITS, Limit, PLACES_LIMITS, REGION_LIMITS, every_limit};
pub use self::log::{LogFormat, LogSettings};
pub use self::places::{PlacesSettings, PlacesSource};
pub(crate) use self::print::print;
pub use self::tls::{ClientTls, TlsSettings};
pub use self::variables::unknown_variables;
pub use self::warning::Warning;

use self::file::ConfigFile;
use self::layers::Layers;

/// The servers of a herd, as its file lists them. Whoever only talks to them needs no more, and may not read the rest.
#[derive(Clone, Debug)]
pub struct ServerList {
    /// Who is in the herd, and who talks with whom.
    pub herd: Herd,
    /// Where each server binds, as `HOST:PORT`, by [`ServerId::index`].
    pub listen: Vec<String>,
    /// Where each has its HTTP door, if the file says so.
    pub http: Vec<Option<String>>,
}

impl ServerList {
    /// The servers of the config file that flags or environment name; with no config file, those of [`Herd::classic`].
    ///
    /// # Errors
    /// What is wrong with the file, and where, as far as it is about servers.
    pub fn find(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        match Layers::new(flags, environment).given("config") {
            None => Ok(Self::classic()),
            Some(path) => {
                let file = ConfigFile::read(Path::new(&path.text))?;
                let tables = file.tables()?;
                let http = http::doors(&tables.http, &tables.server);
                Ok(Self { http, ..servers::list(&file, &tables.server)? })
            }
        }
    }

    fn classic() -> Self {
        let herd = Herd::classic();
        let listen = herd.members().iter().map(|server| server.address.clone()).collect();
        Self { herd, listen, http: vec![Some(http::BUILT_IN.into())] }
    }

    /// Where a server's HTTP door is reached, as `HOST:PORT`, if it is known to have one.
    #[must_use]
    pub fn door(&self, server: ServerId) -> Option<String> {
        let (host, port) = self.http.get(server.index())?.as_ref()?.rsplit_once(':')?;
        let own = || Some(self.herd.member(server).address.rsplit_once(':')?.0);
        let host = if address::is_every_interface(host) { own()? } else { host };
        (port != "0").then(|| format!("{host}:{port}"))
    }
}

/// Everything that is settled before a server starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The config file that they were read from, if there is one.
    pub config: Option<PathBuf>,
    /// Who is in the herd, who talks with whom, who is believed, and what clients may do.
    pub herd: Arc<Herd>,
    /// Where each server binds, as `HOST:PORT`, by [`ServerId::index`].
    pub listen: Vec<String>,
    /// Whether somebody has said what clients may do, so that servers may [listen](Self::guard) beyond this machine.
    pub has_access: bool,
    /// How many threads of the runtime serve connections.
    pub workers: NonZeroUsize,
    /// The bounds of each server.
    pub limits: Limits,
    /// Where servers keep what they know, if they do on disk.
    pub data: Option<DataSettings>,
    /// Where places come from.
    pub places: PlacesSettings,
    /// Where the log goes and what is in it.
    pub log: LogSettings,
    /// Where servers speak HTTP.
    pub http: HttpSettings,
    /// Which region the herd is, and how it reaches the others, if there are any.
    pub region: Option<herd_nats::Settings>,
    /// What is not quite right.
    pub warnings: Vec<Warning>,
    /// What servers show to those who speak TLS, and whom they trust; without it they speak none.
    pub tls: Option<TlsSettings>,
}

impl Settings {
    /// The defaults, for the servers of this herd: each binds at the address at which the others reach it.
    #[must_use]
    pub fn new(herd: Arc<Herd>) -> Self {
        Self {
            listen: herd.members().iter().map(|server| server.address.clone()).collect(),
            herd,
            config: None,
            has_access: false,
            workers: workers::default(),
            limits: Limits::default(),
            data: None,
            places: PlacesSettings::default(),
            log: LogSettings::default(),
            http: HttpSettings::default(),
            region: None,
            warnings: Vec::new(),
            tls: None,
        }
    }

    /// Works the settings out of flags, environment, the config file that these name, and defaults.
    /// With no config file the herd is [`Herd::classic`].
    ///
    /// # Errors
    /// The first thing that is wrong, and where. Nothing was opened but the files to read.
    pub fn find(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        Self::find_for(flags, environment, false)
    }

    /// As [`find`](Self::find), with a log that is quiet where nobody says otherwise.
    pub(crate) fn find_quiet(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        Self::find_for(flags, environment, true)
    }

    fn find_for(flags: &Flags, environment: &Environment, is_quiet: bool) -> Result<Self, ConfigError> {
        let mut layers = Layers::new(flags, environment);
        let mut config = None;
        let (mut servers, mut plain, mut access) = (ServerList::classic(), Vec::new(), None);
        let (tls, http, region);
        let mut warnings = unknown_variables(environment);
        if let Some(path) = layers.given("config") {
            let file = ConfigFile::read(Path::new(&path.text))?;
            let tables = file.tables()?;
            layers.under(tables.values(&file));
            servers = servers::list(&file, &tables.server)?;
            plain = servers::plain(&servers.herd, &tables.server);
            tls = tls::find(&layers, tables.tls_table(&file).as_ref())?;
            if tls.is_some() {
                servers::refuse_unfit_names(&file, &tables.server)?;
            }
            http = http::find(&layers, Some((&file, &tables.http, &tables.server)), &mut warnings)?;
            region = region::find(&file, tables.region.as_ref(), &mut warnings)?;
            let encrypted_only = tls::is_demanded_of_clients(tls.as_ref());
            access = tables.access.as_ref().map(|table| access::read(&file, table, encrypted_only)).transpose()?;
            config = Some(path.text.into());
        } else {
            tls = tls::find(&layers, None)?;
            http = http::find(&layers, None, &mut warnings)?;
            region = None;
        }
        let trust = trust::find(&layers, plain, tls.as_ref(), &mut warnings)?;
        let has_access = access.is_some();
        let herd = servers.herd.with_hash_key(hash_key::find(&layers)?).with_trust(trust);
        Ok(Self {
            config,
            herd: Arc::new(herd.with_access(access.unwrap_or_else(|| tls::access_of_all(tls.as_ref())))),
            listen: servers.listen,
            has_access,
            workers: workers::find(&layers)?,
            limits: limit::find(&layers)?,
            data: data::find(&layers)?,
            places: places::find(&layers, environment)?,
            log: log::find(&layers, is_quiet)?,
            http,
            region,
            warnings,
            tls,
        })
    }

    /// Reads the files of the TLS of these servers, to see that they can be used.
    ///
    /// # Errors
    /// Which of them cannot be, and why.
    pub(crate) fn check_tls(&self, servers: &[ServerId]) -> Result<(), ConfigError> {
        let Some(tls) = &self.tls else { return Ok(()) };
        servers.iter().try_for_each(|&server| tls.load(self.herd.name(server)).map(drop))
    }

    /// Does so for those servers of the herd whose files are on this machine.
    ///
    /// # Errors
    /// Which of them cannot be used, and why; also where none is there.
    pub(crate) fn check_tls_here(&self) -> Result<(), ConfigError> {
        let Some(tls) = &self.tls else { return Ok(()) };
        let all: Vec<_> = self.herd.ids().collect();
        let here: Vec<_> = all.iter().copied().filter(|&server| !tls.is_elsewhere(self.herd.name(server))).collect();
        self.check_tls(if here.is_empty() { &all } else { &here })
    }

    /// Where that server binds.
    #[must_use]
    pub fn listen(&self, server: ServerId) -> &str {
        &self.listen[server.index()]
    }

    /// Lets `--listen` or `HERD_LISTEN`, if there is one, say where this server binds. The address
    /// at which the others reach it stays as the herd has it.
    ///
    /// # Errors
    /// Where that is no `HOST:PORT`.
    pub fn listen_elsewhere(
        &mut self,
        server: ServerId,
        flags: &Flags,
        environment: &Environment,
    ) -> Result<(), ConfigError> {
        if let Some(given) = Layers::new(flags, environment).given("listen") {
            let text = given.as_text()?;
            address::check(text).map_err(|what| given.fault(what))?;
            text.clone_into(&mut self.listen[server.index()]);
        }
        Ok(())
    }
}
