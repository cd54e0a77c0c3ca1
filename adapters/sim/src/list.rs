//! A server's file: its list of servers and whom it believes; and which ids these have at its node.

use std::sync::Arc;

use herd::{HashKey, Herd, Node, ServerId, ServerName};

use crate::scenario::{BadScenario, Scenario, Trusting};

/// The servers in one server's list. The links between them are those of the scenario.
#[derive(Clone, Debug)]
pub(crate) struct List {
    members: Vec<bool>,
    /// How often each server's address was written anew.
    addresses: Vec<u32>,
    /// The number of the hash key of whoever has it.
    pub(crate) key: usize,
    /// Whom whoever has it believes.
    pub(crate) trusting: Trusting,
    pub(crate) herd: Arc<Herd>,
}

impl List {
    fn of(
        scenario: &Scenario,
        members: Vec<bool>,
        addresses: Vec<u32>,
        key: usize,
        trusting: Trusting,
    ) -> Result<Self, BadScenario> {
        let herd = scenario.herd_of(&members, &addresses)?.with_hash_key(hash_key(key));
        let plain = scenario.older.iter().map(|&older| Ok(ServerName::new(&scenario.servers[older])?));
        let plain = plain.collect::<Result<_, BadScenario>>()?;
        let herd = Arc::new(herd.with_trust(trusting.trust(plain)));
        Ok(Self { members, addresses, key, trusting, herd })
    }

    /// The list that a server has at the start: all servers but those that are to come, and itself.
    ///
    /// # Errors
    /// Where they are no herd.
    pub(crate) fn first(scenario: &Scenario, server: usize) -> Result<Self, BadScenario> {
        let is_there = |index| index == server || !scenario.absent.contains(&index);
        let servers = 0..scenario.servers.len();
        let members = servers.clone().map(is_there).collect();
        Self::of(scenario, members, vec![0; servers.len()], scenario.key(server), scenario.trusting(server))
    }

    /// The same with something written into it.
    ///
    /// # Errors
    /// Where its servers are no herd then.
    pub(crate) fn change(&self, scenario: &Scenario, listing: Listing) -> Result<Self, BadScenario> {
        let (mut members, mut addresses) = (self.members.clone(), self.addresses.clone());
        match listing {
            Listing::In(member) => members[member] = true,
            Listing::Out(member) => members[member] = false,
            Listing::Elsewhere(member) => addresses[member] += 1,
        }
        Self::of(scenario, members, addresses, self.key, self.trusting.clone())
    }

    /// The same of a server that believes others.
    pub(crate) fn believing(&self, trusting: Trusting, scenario: &Scenario) -> Self {
        let Self { members, addresses, key, .. } = self.clone();
        Self::of(scenario, members, addresses, key, trusting).expect("its servers are a herd")
    }

    /// Whether a server is in it.
    pub(crate) fn has(&self, server: usize) -> bool {
        self.members[server]
    }
}

/// The hash key of that number.
fn hash_key(number: usize) -> HashKey {
    match u8::try_from(number) {
        Ok(0) => HashKey::default(),
        number => HashKey::new(&[number.unwrap_or(u8::MAX); HashKey::BYTES]),
    }
}

/// What somebody writes into a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// That server is in it.
    In(usize),
    /// It is not.
    Out(usize),
    /// It has another address, which leads to the same server.
    Elsewhere(usize),
}

impl Listing {
    /// The server that it is about.
    pub(crate) const fn member(self) -> usize {
        match self {
            Self::In(member) | Self::Out(member) | Self::Elsewhere(member) => member,
        }
    }
}

/// Which id stands for which server at one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    of: Vec<Option<ServerId>>,
    back: Vec<u32>,
}

impl Ids {
    /// At a node that was made with that list: those of the list.
    pub(crate) fn of(list: &List) -> Self {
        let mut ids = Self { of: vec![None; list.members.len()], back: Vec::new() };
        let listed = (0..list.members.len()).filter(|&server| list.has(server));
        for (server, id) in listed.zip(list.herd.ids()) {
            ids.put(server, id);
        }
        ids
    }

    /// Learns the ids of servers that are new in a node's list.
    pub(crate) fn learn(&mut self, list: &List, scenario: &Scenario, node: &Node) {
        for (server, name) in scenario.servers.iter().enumerate() {
            if self.of[server].is_none() && list.has(server) {
                self.put(server, node.server(name.as_bytes()).expect("a server in a node's list has an id there"));
            }
        }
    }

    fn put(&mut self, server: usize, id: ServerId) {
        self.of[server] = Some(id);
        if self.back.len() <= id.index() {
            self.back.resize(id.index() + 1, u32::MAX);
        }
        self.back[id.index()] = u32::try_from(server).expect("few servers");
    }

    /// The id of a server that is, or was, in the node's list.
    pub(crate) fn id(&self, server: usize) -> ServerId {
        self.of[server].expect("it was in the list")
    }

    /// The server of that id.
    pub(crate) fn server(&self, id: ServerId) -> usize {
        self.back[id.index()] as usize
    }
}
