//! A server's list of servers, and which ids these have at its node.

use std::sync::Arc;

use herd::{Herd, Node, ServerId};

use crate::scenario::{BadScenario, Scenario};

/// The servers in one server's list. The links between them are those of the scenario.
#[derive(Clone, Debug)]
pub(crate) struct List {
    members: Vec<bool>,
    pub(crate) herd: Arc<Herd>,
}

impl List {
    /// A list of those servers.
    ///
    /// # Errors
    /// Where they are no herd.
    pub(crate) fn of(scenario: &Scenario, members: Vec<bool>) -> Result<Self, BadScenario> {
        let herd = scenario.herd_of(&members)?;
        Ok(Self { members, herd })
    }

    /// The list that a server has at the start: all servers but those that are to come, and itself.
    ///
    /// # Errors
    /// Where they are no herd.
    pub(crate) fn first(scenario: &Scenario, server: usize) -> Result<Self, BadScenario> {
        let is_there = |index| index == server || !scenario.absent.contains(&index);
        Self::of(scenario, (0..scenario.servers.len()).map(is_there).collect())
    }

    /// The same with a server, or without.
    ///
    /// # Errors
    /// Where those are no herd.
    pub(crate) fn change(&self, scenario: &Scenario, member: usize, is_there: bool) -> Result<Self, BadScenario> {
        let mut members = self.members.clone();
        members[member] = is_there;
        Self::of(scenario, members)
    }

    /// Whether a server is in it.
    pub(crate) fn has(&self, server: usize) -> bool {
        self.members[server]
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
