//! What went over the loopback interface, which is where the servers' link is.

use std::{fs, io};

/// All bytes so far, with the headers of their packets.
pub(super) fn bytes() -> io::Result<u64> {
    let unknown = || io::Error::new(io::ErrorKind::Unsupported, "this system does not tell what `lo` carried");
    received(&fs::read_to_string("/proc/net/dev")?).ok_or_else(unknown)
}

/// The first figure of an interface's line.
fn received(devices: &str) -> Option<u64> {
    let figures = devices.lines().find_map(|line| line.trim_start().strip_prefix("lo:"))?;
    figures.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_read() {
        let text = "Inter-|   Receive\n face |bytes    packets\n    lo: 1234       7    0\n  eth0: 9 9\n";
        assert_eq!(received(text), Some(1234));
        assert_eq!(received("  eth0: 9 9\n"), None);
    }
}
