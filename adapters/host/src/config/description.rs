//! Settings, told to people.

use core::fmt;

use herd::{Limits, ServerName, Trust};
use herd_command::listed;
use herd_nats::NatsUrl;

use super::tls::name_of;
use super::{Settings, every_limit, show_sync};

/// Shows settings for people, over several lines: the servers and their links, the workers, the
/// limits that are not the defaults, the places source, the log. No key is in it.
pub struct Description<'a>(pub &'a Settings);

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        servers(self.0, f)?;
        hash_key(self.0, f)?;
        trust(self.0.herd.trust(), f)?;
        access(self.0, f)?;
        writeln!(f, "workers: {}", self.0.workers)?;
        limits(&self.0.limits, f)?;
        tls(self.0, f)?;
        region(self.0, f)?;
        places(self.0, f)?;
        log(self.0, f)?;
        self.0.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))?;
        data(self.0, f)
    }
}

fn servers(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let herd = &settings.herd;
    let ends: usize = herd.ids().map(|id| herd.neighbours(id).len()).sum();
    writeln!(f, "{}, {}", count(herd.members().len(), "server"), count(ends / 2, "link"))?;
    let name_width = herd.members().iter().map(|server| server.name.as_str().chars().count()).max().unwrap_or(0);
    let address_width = herd.members().iter().map(|server| server.address.chars().count()).max().unwrap_or(0);
    for id in herd.ids() {
        let server = herd.member(id);
        write!(f, "  {:name_width$}  {:address_width$}", server.name, server.address)?;
        if settings.listen(id) != server.address {
            write!(f, "  listens on {}", settings.listen(id))?;
        }
        let names: Vec<&str> = herd.neighbours(id).iter().map(|&other| herd.name(other).as_str()).collect();
        if !names.is_empty() {
            write!(f, "  links: {}", names.join(", "))?;
        }
        writeln!(f)?;
        if let Some(http) = settings.http.listen(id, id.index() == 0) {
            writeln!(f, "  {:name_width$}  HTTP at {http}", "")?;
        }
    }
    Ok(())
}

/// What tells it from others, so that two servers' can be compared.
fn hash_key(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match settings.herd.hash_key().fingerprint() {
        Some(fingerprint) => writeln!(f, "hash key: fingerprint {fingerprint:016x}"),
        None => Ok(()),
    }
}

/// Whom neighbours are believed for. Secrets are told apart by their ids, which logs have too.
fn trust(trust: &Trust, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let ids: Vec<String> = trust.secrets.iter().map(|secret| format!("{:08x}", secret.id())).collect();
    if let [first, others @ ..] = &ids[..] {
        let others = if others.is_empty() { String::new() } else { format!(", also accepted: {}", others.join(", ")) };
        writeln!(f, "secret: {first}{others}")?;
    }
    if trust.addresses {
        writeln!(f, "neighbours that prove nothing: believed by their addresses")?;
    }
    if !trust.plain.is_empty() {
        let names: Vec<&str> = trust.plain.iter().map(ServerName::as_str).collect();
        writeln!(f, "plain servers, believed by their addresses: {}", names.join(", "))?;
    }
    Ok(())
}

fn access(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !settings.has_access {
        return Ok(());
    }
    let names: Vec<&str> = settings.herd.access().tokens().map(|grant| grant.name.as_str()).collect();
    let tokens = if names.is_empty() { "none".into() } else { listed(names.iter().copied()) };
    writeln!(f, "access: as [access] says, tokens: {tokens}")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn limits(limits: &Limits, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let default = Limits::default();
    if *limits == default {
        return writeln!(f, "limits: all as by default");
    }
    writeln!(f, "limits: as by default, but for")?;
    for limit in every_limit() {
        let (now, before) = (limit.show(limits), limit.show(&default));
        if now != before {
            writeln!(f, "  {} = {now} (default: {before})", limit.name)?;
        }
    }
    Ok(())
}

fn tls(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &settings.tls {
        Some(tls) => writeln!(f, "tls: neighbours {}, clients {}", name_of(tls.neighbours), tls.clients.name()),
        None => Ok(()),
    }
}

fn region(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &settings.region {
        Some(region) => {
            writeln!(f, "region: {}, NATS at {}", region.region, listed(region.nats.iter().map(NatsUrl::as_str)))
        }
        None => Ok(()),
    }
}

fn data(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &settings.data {
        Some(data) => writeln!(f, "data: {}, sync {}", data.dir.display(), show_sync(data.sync)),
        None => Ok(()),
    }
}

fn places(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let places = &settings.places;
    write!(f, "places: {}", places.source.name())?;
    if let Some(url) = &places.url {
        write!(f, " from {url}")?;
    }
    if let Some(file) = &places.file {
        write!(f, " {}", file.display())?;
    }
    writeln!(f, "{}", if places.key.is_some() { ", with a key" } else { "" })
}

fn log(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let log = &settings.log;
    match &log.file {
        None => write!(f, "log: standard error")?,
        Some(file) => write!(f, "log: {}", file.display())?,
    }
    writeln!(f, ", {}, {}", log.format.name(), log.filter)
}
