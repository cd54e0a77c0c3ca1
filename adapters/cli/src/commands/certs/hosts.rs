//! The hosts at which servers are reached, which their certificates are for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herd_host::config::{ServerList, host_of, ip_of};

/// A host's name, or its IP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Ip(IpAddr),
}

/// The hosts of each server, by its index in the list: those of its `address` and of its `listen`, and in a herd on
/// loopback all that stand for this machine.
///
/// # Errors
/// Where the certificate of one server would be good for another one: a host of the one is the name of the other.
pub(super) fn hosts(servers: &ServerList) -> Result<Vec<Vec<Host>>, String> {
    let members = servers.herd.members();
    let of = |index: usize| [members[index].address.as_str(), servers.listen[index].as_str()].map(Host::of);
    let mut hosts: Vec<Vec<Host>> = (0..members.len()).map(|index| unlike(of(index))).collect();
    if hosts.iter().flatten().all(Host::is_loopback) {
        let here = [
            Host::Name("localhost".into()),
            Host::Ip(Ipv4Addr::LOCALHOST.into()),
            Host::Ip(Ipv6Addr::LOCALHOST.into()),
        ];
        for hosts in &mut hosts {
            *hosts = unlike(hosts.drain(..).chain(here.clone()));
        }
    }
    for hosts in &mut hosts {
        // What listens on every interface is reached at its address.
        hosts.retain(|host| !matches!(host, Host::Ip(ip) if ip.is_unspecified()));
    }
    for (member, hosts) in members.iter().zip(&hosts) {
        let is_named = |host: &Host, name: &str| matches!(host, Host::Name(host) if host.eq_ignore_ascii_case(name));
        let other = members.iter().filter(|other| other.name != member.name);
        if let Some(other) =
            other.into_iter().find(|other| hosts.iter().any(|host| is_named(host, other.name.as_str())))
        {
            return Err(format!(
                "{} is reached at a host named {1}, and another server is named {1}: each would pass for the other; \
                 rename the server, or write the host's IP address",
                member.name, other.name
            ));
        }
    }
    Ok(hosts)
}

fn unlike(hosts: impl IntoIterator<Item = Host>) -> Vec<Host> {
    let mut unlike = Vec::new();
    for host in hosts {
        if !unlike.contains(&host) {
            unlike.push(host);
        }
    }
    unlike
}

impl Host {
    /// That of `HOST:PORT`.
    fn of(address: &str) -> Self {
        let host = host_of(address);
        ip_of(host).map_or_else(|| Self::Name(host.to_ascii_lowercase()), Self::Ip)
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost",
            Self::Ip(ip) => ip.is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use herd::{Herd, Member, ServerName};

    use super::*;

    fn list(servers: &[(&str, &str, &str)]) -> ServerList {
        let links = |index: usize| if index == 0 { Vec::new() } else { vec![servers[0].0.to_owned()] };
        let member = |(index, &(name, address, _)): (usize, &(&str, &str, &str))| Member {
            name: ServerName::new(name).expect("a name"),
            address: address.into(),
            links: links(index),
        };
        let members = servers.iter().enumerate().map(member).collect();
        let listen = servers.iter().map(|&(_, _, listen)| listen.to_owned()).collect();
        ServerList { herd: Herd::new(members).expect("a herd"), listen, http: Vec::new() }
    }

    fn shown(servers: &[(&str, &str, &str)]) -> Vec<String> {
        let hosts = hosts(&list(servers)).expect("hosts");
        hosts.iter().map(|hosts| hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_herd_on_loopback_is_this_machine() {
        let servers = [("a", "127.0.0.1:1", "127.0.0.1:1"), ("b", "127.0.0.2:1", "localhost:1")];
        assert_eq!(shown(&servers), ["127.0.0.1 localhost ::1", "127.0.0.2 localhost 127.0.0.1 ::1"]);
    }

    #[test]
    fn other_herds_are_where_they_are_reached() {
        let servers = [("a", "Eu.example:1", "0.0.0.0:1"), ("b", "[2001:db8::1]:1", "[fe80::1%eth0]:1")];
        assert_eq!(shown(&servers), ["eu.example", "2001:db8::1 fe80::1"]);
    }

    #[test]
    fn no_server_is_reached_at_the_name_of_another() {
        let told = hosts(&list(&[("a", "B.example:1", "0.0.0.0:1"), ("b.example", "10.0.0.1:1", "0.0.0.0:1")]));
        assert!(told.expect_err("refused").starts_with("a is reached at a host named b.example, and another"));
        assert_eq!(shown(&[("a.example", "a.example:1", "0.0.0.0:1")]), ["a.example"]);
    }
}
