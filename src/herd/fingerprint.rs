//! What should be the same in every server's file, as one number.

use sha2::{Digest, Sha256};

use super::herd::Herd;

/// The first eight bytes of the SHA-256 of a herd's servers and links: a line for each server in the order of the names,
/// its name and those of its neighbours in their order, a space between. Addresses are left out: one machine may know
/// another by another address than a third does.
pub(crate) fn fingerprint(herd: &Herd) -> u64 {
    let line = |id| {
        let mut neighbours: Vec<&str> = herd.neighbours(id).iter().map(|&peer| herd.name(peer).as_str()).collect();
        neighbours.sort_unstable();
        format!("{} {}\n", herd.name(id), neighbours.join(" "))
    };
    let mut lines: Vec<String> = herd.ids().map(line).collect();
    lines.sort_unstable();
    let hash = Sha256::digest(lines.concat());
    u64::from_be_bytes(*hash.first_chunk().expect("it has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::herd::Member;
    use crate::values::ServerName;

    fn herd(servers: &[(&str, &[&str])]) -> Herd {
        let member = |(port, (name, links)): (usize, &(&str, &[&str]))| Member {
            name: ServerName::new(name).expect(name),
            address: format!("127.0.0.1:{port}"),
            links: links.iter().map(|&link| link.into()).collect(),
        };
        Herd::new(servers.iter().enumerate().map(member).collect()).expect("a herd")
    }

    #[test]
    fn it_is_the_same_for_one_herd_however_it_is_written_and_another_for_another() {
        let one = fingerprint(&herd(&[("a", &["b"]), ("b", &["c"]), ("c", &[])]));
        assert_eq!(one, fingerprint(&herd(&[("c", &["b"]), ("a", &[]), ("b", &["a"])])));
        assert_ne!(one, fingerprint(&herd(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])])));
        assert_ne!(one, fingerprint(&herd(&[("a", &["b"]), ("b", &["d"]), ("d", &[])])));
    }
}
