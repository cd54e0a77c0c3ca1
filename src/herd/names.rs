//! The names of all servers that one server has heard of.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::herd::Herd;
use crate::bytes::same;
use crate::values::{ServerId, ServerName};

/// Which id stands for which server at one node: first those of the list that it was made with, in its order, then
/// others as they are heard of. Names are only ever added, so an id means the same for as long as the node runs.
///
/// A report's origin need not be in this server's own list: a herd grows one server's file after the other.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    first: Arc<Herd>,
    /// The names that are not in the first list.
    others: Vec<Arc<ServerName>>,
    by_name: HashMap<Arc<[u8]>, ServerId, FixedState>,
    /// How many of them were heard of as origins alone.
    learned: usize,
}

impl Names {
    /// The most names that are learned from reports. Of a further origin a report is taken all the same, without an id.
    pub(crate) const MOST_LEARNED: usize = 4096;

    /// The names of a herd's servers, each with the id that it has there.
    pub(crate) fn of(first: Arc<Herd>) -> Self {
        Self { first, others: Vec::new(), by_name: HashMap::default(), learned: 0 }
    }

    /// The server of that name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<ServerId> {
        self.first.find(name).or_else(|| self.by_name.get(name).copied())
    }

    /// As [`find`](Self::find), quicker where it is most likely that one.
    #[inline]
    pub(crate) fn find_again(&self, name: &[u8], likely: ServerId) -> Option<ServerId> {
        if same(self.name(likely).as_bytes(), name) { Some(likely) } else { self.find(name) }
    }

    /// The name of a server that has an id here.
    #[inline]
    pub(crate) fn name(&self, id: ServerId) -> &ServerName {
        match self.first.members().get(id.index()) {
            Some(member) => &member.name,
            None => &self.others[id.index() - self.first.members().len()],
        }
    }

    /// The id of a server of the herd's list, a new one if it is not known; none if all ids are taken.
    pub(crate) fn add(&mut self, name: &ServerName) -> Option<ServerId> {
        if let Some(id) = self.find(name.as_bytes()) {
            return Some(id);
        }
        let count = self.first.members().len() + self.others.len();
        let id = u16::try_from(count).ok().map(ServerId).filter(|&id| id != ServerId::NONE)?;
        self.others.push(Arc::new(name.clone()));
        self.by_name.insert(name.as_bytes().into(), id);
        Some(id)
    }

    /// Whether it is the name of a server that is not known, and could be learned.
    pub(crate) fn can_learn(&self, name: &[u8]) -> bool {
        self.learned < Self::MOST_LEARNED && self.find(name).is_none()
    }

    /// Gives a report's origin an id, if [it can](Self::can_learn).
    pub(crate) fn learn(&mut self, name: &ServerName) {
        if self.can_learn(name.as_bytes()) && self.add(name).is_some() {
            self.learned += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_list_and_then_in_the_order_of_hearing() {
        let herd = Arc::new(Herd::classic());
        let mut names = Names::of(Arc::clone(&herd));
        assert!(herd.ids().all(|id| names.find(herd.name(id).as_bytes()) == Some(id)));
        let name = |number: usize| ServerName::new(&format!("server-{number}")).expect("a name");
        let is_learned = |names: &Names, number| names.find(name(number).as_bytes()).map(ServerId::index);
        for number in (0..=Names::MOST_LEARNED).chain([7]) {
            names.learn(&name(number));
        }
        assert!((0..Names::MOST_LEARNED).all(|number| is_learned(&names, number) == Some(5 + number)));
        assert_eq!(is_learned(&names, Names::MOST_LEARNED), None, "one too many");
        assert!(names.add(&name(Names::MOST_LEARNED)).is_some(), "a server of the list always has one");
    }

    #[test]
    fn ids_run_out_and_none_is_given_twice() {
        let mut names = Names::of(Arc::new(Herd::classic()));
        let name = |number: usize| ServerName::new(&number.to_string()).expect("a name");
        let most = usize::from(ServerId::NONE.0) - 5;
        assert!((0..most).all(|number| names.add(&name(number)).is_some()));
        assert_eq!(names.add(&name(most)), None);
    }
}
