//! From a file's `[[server]]` tables to a herd, with each fault told at its line.

use core::ops::Range;
use std::collections::BTreeMap;

use herd::{Herd, HerdError, Member, ServerName};
use herd_command::{did_you_mean, listed};
use toml::Spanned;

use super::address::{check, is_every_interface};
use super::file::{ConfigFile, ServerTable};
use super::{ConfigError, ServerList};
use crate::tls::check_names;

/// The herd of these tables, and where each server listens.
pub(super) fn list(file: &ConfigFile, tables: &[ServerTable]) -> Result<ServerList, ConfigError> {
    let servers = tables.iter().map(|table| server(file, table)).collect::<Result<_, _>>()?;
    let herd = Herd::new(servers).map_err(|error| locate(file, tables, &error))?;
    refuse_shared_listens(file, tables)?;
    if tables.len() > 1 {
        refuse_unreachable_addresses(file, tables)?;
    }
    let listen = tables.iter().map(|table| table.listen.get_ref().clone()).collect();
    Ok(ServerList { herd, listen, http: Vec::new() })
}

/// The servers that are believed by their addresses, whatever the others prove.
pub(super) fn plain(herd: &Herd, tables: &[ServerTable]) -> Vec<ServerName> {
    // A herd has its servers in the order of the file.
    let is_plain = |(_, table): &(_, &ServerTable)| table.plain;
    herd.members().iter().zip(tables).filter(is_plain).map(|(server, _)| server.name.clone()).collect()
}

impl ServerTable {
    fn address(&self) -> &Spanned<String> {
        self.address.as_ref().unwrap_or(&self.listen)
    }
}

fn server(file: &ConfigFile, table: &ServerTable) -> Result<Member, ConfigError> {
    let name =
        ServerName::new(table.name.get_ref()).map_err(|error| file.fault(&table.name.span(), &error.to_string()))?;
    check(table.listen.get_ref()).map_err(|what| file.fault(&table.listen.span(), &format!("listen: {what}")))?;
    let address = table.address();
    let (_, port) =
        check(address.get_ref()).map_err(|what| file.fault(&address.span(), &format!("address: {what}")))?;
    if port == 0 {
        let what = format!("{name} cannot be reached at port 0; give it a port from 1 to 65535");
        return Err(file.fault(&address.span(), &what));
    }
    let links = table.links.iter().map(|link| link.get_ref().clone()).collect();
    Ok(Member { name, address: address.get_ref().clone(), links })
}

/// On one machine they would collide. Servers on several machines that share a file may all listen on
/// every interface; their addresses differ.
fn refuse_shared_listens(file: &ConfigFile, tables: &[ServerTable]) -> Result<(), ConfigError> {
    let mut owners = BTreeMap::new();
    for table in tables {
        let listen = table.listen.get_ref();
        let on_all = listen.rsplit_once(':').is_some_and(|(host, _)| is_every_interface(host));
        let any_port = listen.ends_with(":0");
        if on_all || any_port {
            continue;
        }
        if let Some(first) = owners.insert(listen, table.name.get_ref()) {
            let what = format!("{first} and {} both listen on {listen}; give each its own", table.name.get_ref());
            return Err(file.fault(&table.listen.span(), &what));
        }
    }
    Ok(())
}

fn refuse_unreachable_addresses(file: &ConfigFile, tables: &[ServerTable]) -> Result<(), ConfigError> {
    for table in tables {
        let address = table.address();
        let (host, port) = address.get_ref().rsplit_once(':').unwrap_or_default();
        if is_every_interface(host) {
            let name = table.name.get_ref();
            let what =
                format!("{name} cannot be reached at {host}; add address = \"HOST:{port}\" as the others know it");
            return Err(file.fault(&address.span(), &what));
        }
    }
    Ok(())
}

/// With TLS each name has to stand in a certificate.
pub(super) fn refuse_unfit_names(file: &ConfigFile, tables: &[ServerTable]) -> Result<(), ConfigError> {
    let names = tables.iter().map(|table| table.name.get_ref().as_str());
    check_names(names).map_err(|(index, why)| file.fault(&tables[index].name.span(), &why.to_string()))
}

/// Puts a fault of the herd at the line that has it, and adds what to do.
fn locate(file: &ConfigFile, tables: &[ServerTable], error: &HerdError) -> ConfigError {
    let (span, remedy) = match error {
        HerdError::Empty => (0..0, "; add a [[server]], or leave --config out for the built-in herd".into()),
        HerdError::TooMany(_) => (0..0, String::new()),
        HerdError::NameTwice(name) => name_twice(file, tables, name),
        HerdError::AddressTwice { second, .. } => (last(tables, second).address().span(), "; give each its own".into()),
        HerdError::UnknownLink { server, link } => (link_of(tables, server, link), other_names(tables, server, link)),
        HerdError::SelfLink(name) => (link_of(tables, name, name.as_str()), "; take that link out".into()),
        HerdError::Unconnected { to, .. } => {
            (last(tables, to).name.span(), "; add a link between their two parts".into())
        }
    };
    file.fault(&span, &format!("{error}{remedy}"))
}

fn other_names(tables: &[ServerTable], server: &ServerName, link: &str) -> String {
    let names = || tables.iter().map(|table| table.name.get_ref().as_str());
    match did_you_mean(link, names().filter(|name| *name != server.as_str())) {
        none if none.is_empty() => format!("; known: {}", listed(names())),
        meant => meant,
    }
}

fn name_twice(file: &ConfigFile, tables: &[ServerTable], name: &ServerName) -> (Range<usize>, String) {
    let mut spans = tables.iter().filter(|table| table.name.get_ref() == name.as_str()).map(|table| table.name.span());
    let (first, second) = (spans.next().unwrap_or_default(), spans.next().unwrap_or_default());
    (second, format!("; rename this one or the one at line {}", file.line(&first)))
}

fn last<'a>(tables: &'a [ServerTable], name: &ServerName) -> &'a ServerTable {
    let mut named = tables.iter().rev().filter(|table| table.name.get_ref() == name.as_str());
    named.next().expect("the herd's names are those of its tables")
}

fn link_of(tables: &[ServerTable], server: &ServerName, link: &str) -> Range<usize> {
    let mut links = last(tables, server).links.iter().filter(|other| other.get_ref() == link);
    links.next().map(Spanned::span).unwrap_or_default()
}
