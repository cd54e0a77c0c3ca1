//! What `up` says first: what runs where, and what to try.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::{ClientTls, Settings};
use crate::server::Bound;

/// The most servers that are listed.
const MOST_LISTED: usize = 12;

/// Says it on standard output.
pub(crate) fn print(settings: &Settings, bound: &[Bound], program: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let herd = &settings.herd;
    let plural = if bound.len() == 1 { "server" } else { "servers" };
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "{program} {version}: a herd of {} {plural}; Ctrl-C stops it", bound.len())?;
    let listed = || herd.ids().zip(bound).take(MOST_LISTED);
    let width = listed().map(|(id, _)| herd.name(id).as_str().chars().count()).max().unwrap_or_default();
    for (id, bound) in listed() {
        let links: Vec<&str> = herd.neighbours(id).iter().map(|&peer| herd.name(peer).as_str()).collect();
        let links = if links.is_empty() { String::new() } else { format!("  links: {}", links.join(", ")) };
        writeln!(out, "  {:width$}  {}{links}", herd.name(id), bound.address()?)?;
    }
    if bound.len() > MOST_LISTED {
        writeln!(out, "  and {} more", bound.len() - MOST_LISTED)?;
    }
    let tls = settings.tls.as_ref().filter(|tls| tls.clients == ClientTls::Required);
    let scheme = if tls.is_some() { "https" } else { "http" };
    match (bound.iter().find_map(Bound::http), bound.iter().find_map(|bound| bound.no_http.as_ref())) {
        (Some(http), _) if http.ip().is_unspecified() => {
            writeln!(out, "Map: {scheme}://{}, from elsewhere at this machine's addresses", from_here(http))?;
        }
        (Some(http), _) => writeln!(out, "Map: {scheme}://{http}")?,
        (None, Some(why)) => writeln!(out, "No map: {why}")?,
        (None, None) => writeln!(out, "No map: --http ADDR:PORT serves it")?,
    }
    match &settings.log.file {
        None => writeln!(out, "Log: on standard error, filter {:?} (--log-filter)", settings.log.filter)?,
        Some(file) => writeln!(out, "Log: {}", file.display())?,
    }
    let names: Vec<&str> = herd.ids().map(|id| herd.name(id).as_str()).collect();
    let (first, last) = (names.first().unwrap_or(&""), names.last().unwrap_or(&""));
    let config = settings.config.as_ref().map_or_else(String::new, |file| format!(" --config {}", file.display()));
    let tls = tls.map_or_else(String::new, |tls| format!(" --tls --ca {}", tls.authorities().display()));
    let options = config + &tls;
    writeln!(out, "Try, in another terminal:")?;
    writeln!(out, "  herd iamat{options} --to {first} kiwi.cs.ucla.edu 34.068930 -118.445127")?;
    writeln!(out, "  herd whatsat{options} --to {last} kiwi.cs.ucla.edu")?;
    writeln!(out, "  herd demo{options}")?;
    out.flush()
}

/// Where this machine reaches a server that listens on every interface.
fn from_here(mut listens: SocketAddr) -> SocketAddr {
    listens.set_ip(if listens.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    listens
}

#[cfg(test)]
mod tests {
    use super::from_here;

    #[test]
    fn a_map_on_every_interface_is_reached_at_loopback() {
        for (listens, reached) in [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80")] {
            assert_eq!(from_here(listens.parse().expect("an address")).to_string(), reached);
        }
    }
}
