//! Where HTTP is spoken, and how.

use std::sync::Arc;

use herd::ServerId;
use herd_web::Tiles;

use super::file::{ConfigFile, HttpTable, ServerTable};
use super::layers::{Given, Layers};
use super::{ConfigError, Warning, address, devices, share};

/// Where the built-in herd has its door, unless something else is there.
pub(crate) const BUILT_IN: &str = "127.0.0.1:12890";

/// What is written where there is to be no door.
const OFF: &str = "off";

/// Where servers have their HTTP doors, and what is set of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// What flag or variable say, of a process's first server.
    given: Option<String>,
    /// What the file says of each server, by [`ServerId::index`].
    own: Vec<Option<String>>,
    /// What the file says of whichever server is a process's first.
    shared: Option<String>,
    /// Whether the herd is the built-in one.
    is_built_in: bool,
    /// What is set of each door.
    pub door: Arc<herd_web::Settings>,
}

/// A door that is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HttpListen<'a> {
    /// Where, as `HOST:PORT`.
    pub(crate) address: &'a str,
    /// Whether somebody has asked for it: where nobody has, it is left out if it cannot be there.
    pub(crate) is_asked_for: bool,
}

impl HttpSettings {
    /// Where that server has its door, if it has one; a process's `first` server, or only one, is the one that is meant
    /// where no server is named.
    #[must_use]
    pub fn listen(&self, server: ServerId, is_first: bool) -> Option<&str> {
        let own = self.own.get(server.index()).and_then(Option::as_ref);
        let (given, shared) = if is_first { (self.given.as_ref(), self.shared.as_ref()) } else { (None, None) };
        let text = given.or(own).or(shared)?;
        (text != OFF).then_some(text)
    }

    /// As [`listen`](Self::listen), for a process that runs the `whole` herd or one server: the whole built-in herd has a
    /// door though nobody has asked for it.
    pub(crate) fn open(&self, server: ServerId, is_first: bool, is_whole: bool) -> Option<HttpListen<'_>> {
        let asked_for = self.listen(server, is_first).map(|address| HttpListen { address, is_asked_for: true });
        let is_default = is_first && is_whole && self.is_built_in && self.given.is_none();
        asked_for.or(is_default.then_some(HttpListen { address: BUILT_IN, is_asked_for: false }))
    }

    /// One door for whichever server is started.
    pub fn set_listen(&mut self, address: impl Into<String>) {
        self.given = Some(address.into());
    }
}

/// What flags, environment and file say.
pub(super) fn find(
    layers: &Layers<'_>,
    file: Option<(&ConfigFile, &HttpTable, &[ServerTable])>,
    warnings: &mut Vec<Warning>,
) -> Result<HttpSettings, ConfigError> {
    let given = layers.flag("http").or_else(|| layers.variable("http"));
    let mut http = HttpSettings { given: given.as_ref().map(listen).transpose()?, ..HttpSettings::default() };
    let Some((file, table, servers)) = file else {
        http.is_built_in = true;
        return Ok(http);
    };
    let own = servers.iter().map(|server| server.http.as_ref().map(|text| listen(&file.given(text))).transpose());
    http.own = own.collect::<Result<_, _>>()?;
    http.shared = table.listen.as_ref().map(|text| listen(&file.given(text))).transpose()?;
    http.door = Arc::new(door(file, table, warnings)?);
    Ok(http)
}

/// Where the file says that each server has its door, for whoever only talks to them.
pub(super) fn doors(table: &HttpTable, servers: &[ServerTable]) -> Vec<Option<String>> {
    let own = servers.iter().map(|server| server.http.as_ref().or(table.listen.as_ref()));
    own.map(|listen| listen.map(|text| text.get_ref().clone()).filter(|text| text != OFF)).collect()
}

fn listen(given: &Given) -> Result<String, ConfigError> {
    let text = given.as_text()?;
    if text != OFF {
        address::check(text).map_err(|what| given.fault(format!("http: {what}, or \"off\"")))?;
    }
    Ok(text.to_owned())
}

fn door(file: &ConfigFile, table: &HttpTable, warnings: &mut Vec<Warning>) -> Result<herd_web::Settings, ConfigError> {
    let (devices, share) = (devices::find(file, &table.devices)?, share::find(file, table, warnings)?);
    let mut door = herd_web::Settings { devices, share, ..herd_web::Settings::default() };
    // Whoever follows a link asks by the name in it.
    door.hosts.extend(door.share.public_host().map(str::to_lowercase));
    for host in &table.hosts {
        let name = host.get_ref();
        if name.is_empty() || name.contains([':', '/', ' ', '@']) {
            return Err(file.fault(
                &host.span(),
                &format!("hosts: expected a name alone, as in herd.example.com, found {name:?}"),
            ));
        }
        door.hosts.push(name.to_lowercase());
    }
    for origin in &table.origins {
        let is_origin = origin.get_ref().split_once("://").is_some_and(|(scheme, host)| {
            matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '*', ' '])
        });
        if !is_origin {
            let expected = "a scheme and a host, and perhaps a port, as in https://maps.example.com";
            return Err(
                file.fault(&origin.span(), &format!("origins: expected {expected}, found {:?}", origin.get_ref()))
            );
        }
        door.origins.push(origin.get_ref().clone());
    }
    if let Some(given) = &table.max_body {
        door.max_body = max_body(&file.given_scalar(given))?;
    }
    door.tiles = tiles(file, table)?;
    Ok(door)
}

fn max_body(given: &Given) -> Result<usize, ConfigError> {
    const MOST: u64 = 64 << 20;
    let text = given.as_text()?;
    let bytes = text.parse::<bytesize::ByteSize>().ok().map(|size| size.as_u64());
    let bytes = bytes.filter(|bytes| (1..=MOST).contains(bytes)).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| {
        given.fault(format!("max-body: expected a size from 1 to 64MiB, found {text:?} (default: 1MiB)"))
    })
}

fn tiles(file: &ConfigFile, table: &HttpTable) -> Result<Option<Tiles>, ConfigError> {
    let Some(url) = &table.tiles else { return Ok(None) };
    let is_template = url.get_ref().starts_with("https://") || url.get_ref().starts_with("http://");
    if !is_template || !["{z}", "{x}", "{y}"].iter().all(|part| url.get_ref().contains(part)) {
        return Err(file.fault(
            &url.span(),
            "tiles: expected a URL with {z}, {x} and {y} in it, as in https://tiles.example.com/{z}/{x}/{y}.png",
        ));
    }
    let attribution = table.tiles_attribution.as_ref().map(|text| text.get_ref().clone()).unwrap_or_default();
    Ok(Some(Tiles { url: url.get_ref().clone(), attribution }))
}
