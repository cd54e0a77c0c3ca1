//! Whether what was set going ends: no way through the states is without end.
//!
//! Stateright looks at states, and at ways that end; whether a way leads back to where it was has to be
//! looked for.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use stateright::Model;
use xxhash_rust::xxh3::Xxh3;

use super::site::Site;
use super::world::{Happening, State, World};

/// What all ways together are like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// The most deliveries in a row, from the last thing that happened from outside.
    pub(crate) longest: usize,
    /// The most texts that are on their way at once.
    pub(crate) most_flying: usize,
}

/// Goes every way; `None` if one leads back to where it was.
pub(crate) fn ends<S: Site>(world: &World<S>) -> Option<Ends> {
    let mut most_flying = 0;
    let mut known: HashMap<u128, Option<usize>> = HashMap::new();
    let mut way = vec![Visit::new(world, world.settled())];
    known.insert(number(&way[0].state), None);
    loop {
        let visit = way.last_mut().expect("the first visit returns");
        let Some(happening) = visit.ahead.pop() else {
            let Visit { state, longest, cause, .. } = way.pop().expect("as above");
            most_flying = most_flying.max(World::<S>::flying(&state));
            known.insert(number(&state), Some(longest));
            let Some(before) = way.last_mut() else { return Some(Ends { longest: most(&known), most_flying }) };
            before.follow(cause, longest);
            continue;
        };
        let next = world.after(&visit.state, happening);
        match known.get(&number(&next)) {
            Some(None) => return None,
            Some(&Some(longest)) => visit.follow(Some(happening), longest),
            None => {
                known.insert(number(&next), None);
                way.push(Visit { cause: Some(happening), ..Visit::new(world, next) });
            }
        }
    }
}

/// The most deliveries in a row from any state.
fn most(known: &HashMap<u128, Option<usize>>) -> usize {
    known.values().copied().flatten().max().unwrap_or_default()
}

/// A state on the way that is being gone.
struct Visit {
    state: State,
    cause: Option<Happening>,
    ahead: Vec<Happening>,
    /// The most deliveries in a row from here, as far as is known.
    longest: usize,
}

impl Visit {
    fn new<S: Site>(world: &World<S>, state: State) -> Self {
        let mut ahead = Vec::new();
        world.actions(&state, &mut ahead);
        Self { state, cause: None, ahead, longest: 0 }
    }

    fn follow(&mut self, happening: Option<Happening>, longest: usize) {
        if happening.is_some_and(Happening::is_delivery) {
            self.longest = self.longest.max(longest + 1);
        }
    }
}

/// The shortest way to a state and back to it: what happens before, and what happens again and again.
pub(crate) fn shortest_circle<S: Site>(world: &World<S>) -> Option<(Vec<Happening>, Vec<Happening>)> {
    let graph = reach(world);
    let mut best: Option<(Vec<Happening>, Vec<Happening>)> = None;
    for start in 0..graph.states {
        let (stem, bound) = (graph.way(start), best.as_ref().map_or(usize::MAX, |best| best.0.len() + best.1.len()));
        if let Some(circle) = graph.circle(start).filter(|circle| stem.len() + circle.len() < bound) {
            best = Some((stem, circle));
        }
    }
    best
}

/// How many states there are.
pub(crate) fn states<S: Site>(world: &World<S>) -> usize {
    reach(world).states
}

/// All states, and what leads from one to another.
struct Reach {
    states: usize,
    ahead: Vec<Vec<(Happening, usize)>>,
    /// From where, and by what, each was first reached.
    first: Vec<Option<(usize, Happening)>>,
}

impl Reach {
    fn way(&self, mut to: usize) -> Vec<Happening> {
        let mut way = Vec::new();
        while let Some((from, happening)) = self.first[to] {
            way.push(happening);
            to = from;
        }
        way.reverse();
        way
    }

    fn circle(&self, start: usize) -> Option<Vec<Happening>> {
        let mut came: HashMap<usize, (usize, Happening)> = HashMap::new();
        let mut next = VecDeque::from([start]);
        while let Some(at) = next.pop_front() {
            for &(happening, to) in &self.ahead[at] {
                if let std::collections::hash_map::Entry::Vacant(entry) = came.entry(to) {
                    entry.insert((at, happening));
                    next.push_back(to);
                }
            }
            if came.contains_key(&start) {
                break;
            }
        }
        let (mut at, last) = *came.get(&start)?;
        let mut circle = vec![last];
        while at != start {
            let (before, happening) = came[&at];
            circle.push(happening);
            at = before;
        }
        circle.reverse();
        Some(circle)
    }
}

fn reach<S: Site>(world: &World<S>) -> Reach {
    let start = world.settled();
    let mut known = HashMap::from([(number(&start), 0)]);
    let mut reach = Reach { states: 1, ahead: Vec::new(), first: vec![None] };
    let mut next = VecDeque::from([start]);
    while let Some(state) = next.pop_front() {
        let (at, mut ahead) = (reach.ahead.len(), Vec::new());
        for happening in Visit::new(world, state.clone()).ahead {
            let to = world.after(&state, happening);
            let number = *known.entry(number(&to)).or_insert_with(|| {
                reach.first.push(Some((at, happening)));
                next.push_back(to);
                reach.states += 1;
                reach.states - 1
            });
            ahead.push((happening, number));
        }
        reach.ahead.push(ahead);
    }
    reach
}

/// A number of 128 bits in which no two states meet but by a chance that need not be reckoned with.
fn number(state: &State) -> u128 {
    let mut hasher = Xxh3::new();
    state.hash(&mut hasher);
    hasher.digest128()
}
