//! `HOST:PORT`, as servers listen and are reached.

use std::net::{IpAddr, Ipv6Addr};

/// The host and port of `HOST:PORT`; an IPv6 host stands in brackets.
///
/// # Errors
/// What is wrong with it, as the end of a message.
pub(super) fn check(text: &str) -> Result<(&str, u16), String> {
    let wrong = |why: &str| format!("expected HOST:PORT, found {text:?}: {why}, as in 127.0.0.1:12880 or [::1]:12880");
    if text.contains("://") {
        return Err(wrong("leave the scheme out"));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("add a colon and a port"))?;
    let port = port_of(port).ok_or_else(|| wrong("the port is a number from 0 to 65535"))?;
    check_host(host).map_err(wrong)?;
    Ok((host, port))
}

fn port_of(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address = inner.split_once('%').map_or(inner, |(address, _zone)| address);
        return address.parse::<Ipv6Addr>().map(drop).map_err(|_| "only an IPv6 address stands in brackets");
    }
    let word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    match host {
        "" => Err("the host is missing (0.0.0.0 is every interface)"),
        _ if host.contains(':') => Err("an IPv6 host stands in brackets"),
        _ if !host.chars().all(word) => Err("the host is a name or an IP address"),
        _ => Ok(()),
    }
}

/// The host of `HOST:PORT`, one of IPv6 without its brackets.
#[must_use]
pub fn host_of(address: &str) -> &str {
    bare(address.rsplit_once(':').map_or(address, |(host, _)| host))
}

/// The IP address that a host is, if it is one. A zone does not count.
#[must_use]
pub fn ip_of(host: &str) -> Option<IpAddr> {
    host.split_once('%').map_or(host, |(address, _zone)| address).parse().ok()
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether the host stands for every interface, so that it is a place to listen and none to go to.
pub(super) fn is_every_interface(host: &str) -> bool {
    bare(host).parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

/// Whether `HOST:PORT` is reached from this machine alone. A name may stand for anything, but for `localhost`.
pub(super) fn is_loopback(text: &str) -> bool {
    let host = host_of(text);
    host.eq_ignore_ascii_case("localhost") || ip_of(host).is_some_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{check, is_every_interface, is_loopback};

    #[test]
    fn hosts_and_ports() {
        for good in ["127.0.0.1:0", "localhost:65535", "[::1]:12880", "[fe80::1%eth0]:1", "a-b.example:80", "münchen:1"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "localhost", ":1", "::1:80", "[::1]", "[::1:80", "a b:1", "h:", "h:65536", "h:+1", "[h]:1"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_interface_is_known() {
        assert!(is_every_interface("0.0.0.0") && is_every_interface("[::]"));
        assert!(!is_every_interface("127.0.0.1") && !is_every_interface("localhost"));
    }

    #[test]
    fn only_what_is_surely_this_machine_is_loopback() {
        for here in ["127.0.0.1:1", "127.9.8.7:1", "localhost:1", "LocalHost:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(is_loopback(here), "{here}");
        }
        for beyond in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "localhost.example:1", "a:1", "[fe80::1%lo]:1", "127.1:1"] {
            assert!(!is_loopback(beyond), "{beyond}");
        }
    }
}
