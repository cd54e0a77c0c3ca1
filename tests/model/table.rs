//! Things that get a number each, so that equal ones can be told by it.

use std::collections::HashMap;
use std::hash::Hash;

/// Numbers for things of which there are ever more.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    numbers: HashMap<K, u32>,
    things: Vec<V>,
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(crate) fn new() -> Self {
        Self { numbers: HashMap::new(), things: Vec::new() }
    }

    /// The number of the thing that `key` stands for; it is made if there is none yet.
    pub(crate) fn number(&mut self, key: K, make: impl FnOnce() -> V) -> u32 {
        let next = u32::try_from(self.things.len()).expect("memory ends sooner");
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.things.push(make());
        }
        number
    }

    /// The thing of that number.
    pub(crate) fn get(&self, number: u32) -> &V {
        &self.things[number as usize]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.things.len()
    }
}
