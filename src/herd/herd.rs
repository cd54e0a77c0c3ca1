//! Who is in a herd, and who talks with whom.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use super::error::HerdError;
use crate::access::{Access, Trust};
use crate::report::HashKey;
use crate::values::{ServerId, ServerName};

/// A server of a herd, as it is described to [`Herd::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, which no other server of the herd has.
    pub name: ServerName,
    /// Where the others reach it, as `HOST:PORT`. The core only compares it; adapters resolve it.
    pub address: String,
    /// Names of servers that it talks with. Given at one end, a link counts both ways.
    pub links: Vec<String>,
}

/// A list of servers and the links between them: connected, symmetric, and the same on every server.
#[derive(Clone, Debug)]
pub struct Herd {
    members: Vec<Member>,
    neighbours: Vec<Vec<ServerId>>,
    by_name: HashMap<Box<[u8]>, ServerId, FixedState>,
    hash_key: HashKey,
    trust: Trust,
    access: Access,
    fingerprint: u64,
}

impl Herd {
    /// The most servers that one herd can have.
    pub const MOST_SERVERS: usize = u16::MAX as usize;

    /// Makes a herd of these servers.
    ///
    /// # Errors
    /// A [`HerdError`] that names the server at fault, in the order of the list: the first thing that
    /// is wrong is the one told.
    pub fn new(servers: Vec<Member>) -> Result<Self, HerdError> {
        if servers.is_empty() {
            return Err(HerdError::Empty);
        }
        if servers.len() > Self::MOST_SERVERS {
            return Err(HerdError::TooMany(servers.len()));
        }
        let by_name = index_names(&servers)?;
        refuse_shared_addresses(&servers)?;
        let neighbours = join(&servers, &by_name)?;
        let mut herd = Self {
            members: servers,
            neighbours,
            by_name,
            hash_key: HashKey::default(),
            trust: Trust::default(),
            access: Access::default(),
            fingerprint: 0,
        };
        herd.refuse_islands()?;
        herd.fingerprint = herd.hash();
        Ok(herd)
    }

    /// The same servers with a hash key of their own, for all of them: two that have different ones do not compare what
    /// they keep.
    #[must_use]
    pub fn with_hash_key(mut self, key: HashKey) -> Self {
        self.hash_key = key;
        self.fingerprint = self.hash();
        self
    }

    /// The same servers, which ask this of whoever says that it is one of them.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// The same servers, where these may do that.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Who is believed to be a neighbour.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Who may do what.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// What says where clients belong.
    #[must_use]
    pub const fn hash_key(&self) -> &HashKey {
        &self.hash_key
    }

    /// The herd of the first studies: five servers in one cycle, on ports 12880 to 12884 of this
    /// machine.
    #[must_use]
    pub fn classic() -> Self {
        let server = |name, port: u16, links: [&str; 2]| Member {
            name: ServerName::new(name).expect("one field"),
            address: format!("127.0.0.1:{port}"),
            links: links.map(String::from).to_vec(),
        };
        Self::new(vec![
            server("Alford", 12880, ["Hamilton", "Welsh"]),
            server("Ball", 12881, ["Holiday", "Welsh"]),
            server("Hamilton", 12882, ["Alford", "Holiday"]),
            server("Holiday", 12883, ["Ball", "Hamilton"]),
            server("Welsh", 12884, ["Alford", "Ball"]),
        ])
        .expect("the classic herd is a connected cycle of five")
    }

    /// Every server, in the order in which they were given.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Every server's id, in the same order.
    pub fn ids(&self) -> impl Iterator<Item = ServerId> + use<> {
        (0..self.members.len()).map(id)
    }

    /// The server with that id.
    ///
    /// # Panics
    /// Where `id` is of another, larger herd.
    #[must_use]
    pub fn member(&self, id: ServerId) -> &Member {
        &self.members[id.index()]
    }

    /// That server's name.
    #[must_use]
    pub fn name(&self, id: ServerId) -> &ServerName {
        &self.member(id).name
    }

    /// The server of that name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<ServerId> {
        self.by_name.get(name).copied()
    }

    /// Whom that server talks with, each once, in the order of their ids.
    #[must_use]
    pub fn neighbours(&self, id: ServerId) -> &[ServerId] {
        &self.neighbours[id.index()]
    }

    /// One number for all that should be the same in every server's list, its servers and links: the first eight bytes
    /// of the SHA-256 of a line for each server in the order of the names, its name and those of its neighbours in their
    /// order, a space between; and of one more, a space, `hash-key `, and the key's fingerprint in hexadecimal, where
    /// there is a key. Addresses are left out: one machine may know another by another address than a third.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn hash(&self) -> u64 {
        let line = |id| {
            let mut neighbours: Vec<&str> = self.neighbours(id).iter().map(|&peer| self.name(peer).as_str()).collect();
            neighbours.sort_unstable();
            format!("{} {}\n", self.name(id), neighbours.join(" "))
        };
        let mut lines: Vec<String> = self.ids().map(line).collect();
        lines.sort_unstable();
        // No server's line begins with a space.
        lines.extend(self.hash_key.fingerprint().map(|key| format!(" hash-key {key:016x}\n")));
        let hash = Sha256::digest(lines.concat());
        u64::from_be_bytes(*hash.first_chunk().expect("it has 32 bytes"))
    }

    fn refuse_islands(&self) -> Result<(), HerdError> {
        let mut reached = vec![false; self.members.len()];
        let mut next = vec![ServerId(0)];
        while let Some(at) = next.pop() {
            if !core::mem::replace(&mut reached[at.index()], true) {
                next.extend_from_slice(self.neighbours(at));
            }
        }
        match self.ids().find(|id| !reached[id.index()]) {
            None => Ok(()),
            Some(island) => {
                Err(HerdError::Unconnected { from: self.name(ServerId(0)).clone(), to: self.name(island).clone() })
            }
        }
    }
}

fn id(index: usize) -> ServerId {
    ServerId(u16::try_from(index).expect("Herd::new holds a herd to 65,535 servers"))
}

fn index_names(servers: &[Member]) -> Result<HashMap<Box<[u8]>, ServerId, FixedState>, HerdError> {
    let mut by_name = HashMap::with_capacity_and_hasher(servers.len(), FixedState::default());
    for (index, server) in servers.iter().enumerate() {
        if by_name.insert(server.name.as_bytes().into(), id(index)).is_some() {
            return Err(HerdError::NameTwice(server.name.clone()));
        }
    }
    Ok(by_name)
}

fn refuse_shared_addresses(servers: &[Member]) -> Result<(), HerdError> {
    let mut owners: HashMap<&str, &ServerName, FixedState> = HashMap::default();
    for server in servers {
        if let Some(first) = owners.insert(&server.address, &server.name) {
            let (first, second) = (first.clone(), server.name.clone());
            return Err(HerdError::AddressTwice { address: server.address.clone(), first, second });
        }
    }
    Ok(())
}

fn join(
    servers: &[Member],
    by_name: &HashMap<Box<[u8]>, ServerId, FixedState>,
) -> Result<Vec<Vec<ServerId>>, HerdError> {
    let mut neighbours = vec![Vec::new(); servers.len()];
    for (index, server) in servers.iter().enumerate() {
        for link in &server.links {
            let Some(&other) = by_name.get(link.as_bytes()) else {
                return Err(HerdError::UnknownLink { server: server.name.clone(), link: link.clone() });
            };
            if other.index() == index {
                return Err(HerdError::SelfLink(server.name.clone()));
            }
            neighbours[index].push(other);
            neighbours[other.index()].push(id(index));
        }
    }
    for list in &mut neighbours {
        list.sort_unstable();
        list.dedup();
    }
    Ok(neighbours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn herd(servers: &[(&str, &[&str])]) -> Result<Herd, HerdError> {
        let servers = servers.iter().enumerate().map(|(port, (name, links))| Member {
            name: ServerName::new(name).expect(name),
            address: format!("127.0.0.1:{port}"),
            links: links.iter().map(|&link| link.into()).collect(),
        });
        Herd::new(servers.collect())
    }

    #[test]
    fn a_link_counts_both_ways_and_once() {
        let herd = herd(&[("a", &["b", "b"]), ("b", &["a"]), ("c", &["b"])]).expect("connected");
        let names = |name: &str| -> Vec<&str> {
            let id = herd.find(name.as_bytes()).expect(name);
            herd.neighbours(id).iter().map(|&id| herd.name(id).as_str()).collect()
        };
        assert_eq!((names("a"), names("b"), names("c")), (vec!["b"], vec!["a", "c"], vec!["b"]));
    }

    #[test]
    fn its_fingerprint_is_of_servers_and_links_however_they_are_written() {
        let fingerprint = |servers: &[(&str, &[&str])]| herd(servers).expect("connected").fingerprint();
        let one = fingerprint(&[("a", &["b"]), ("b", &["c"]), ("c", &[])]);
        assert_eq!(one, fingerprint(&[("c", &["b"]), ("a", &[]), ("b", &["a"])]));
        assert_ne!(one, fingerprint(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])]));
        assert_ne!(one, fingerprint(&[("a", &["b"]), ("b", &["d"]), ("d", &[])]));
        let keyed = |key| {
            let herd = herd(&[("a", &["b"]), ("b", &["c"]), ("c", &[])]).expect("connected");
            herd.with_hash_key(key).fingerprint()
        };
        assert_eq!(one, keyed(HashKey::default()));
        assert_ne!(one, keyed(HashKey::new(&[1; 32])));
    }

    #[test]
    fn the_classic_herd_is_a_cycle() {
        let herd = Herd::classic();
        assert!(herd.ids().all(|id| herd.neighbours(id).len() == 2));
    }

    #[test]
    fn one_server_is_a_herd() {
        assert!(herd(&[("alone", &[])]).is_ok());
    }

    #[test]
    fn each_fault_is_named() {
        let name = |name| ServerName::new(name).expect(name);
        assert_eq!(Herd::new(Vec::new()).unwrap_err(), HerdError::Empty);
        assert_eq!(herd(&[("a", &["a"])]).unwrap_err(), HerdError::SelfLink(name("a")));
        assert_eq!(herd(&[("a", &[]), ("a", &[])]).unwrap_err(), HerdError::NameTwice(name("a")));
        assert_eq!(herd(&[("a", &["x"])]).unwrap_err(), HerdError::UnknownLink { server: name("a"), link: "x".into() });
        assert_eq!(
            herd(&[("a", &["b"]), ("b", &[]), ("c", &[])]).unwrap_err(),
            HerdError::Unconnected { from: name("a"), to: name("c") }
        );
    }
}
