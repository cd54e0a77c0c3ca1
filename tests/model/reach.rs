//! All states that can be reached, and the shortest ways to them.
//!
//! Stateright names a way to what is wrong, but not the shortest one.

use std::collections::{HashMap, VecDeque};

use stateright::Model;

use super::site::Site;
use super::state::{Happening, State};
use super::world::World;

/// States in the order in which they are reached, nearest first, and what leads from one to another.
pub(crate) struct Reach {
    /// From where, and by what, each was first reached.
    first: Vec<Option<(usize, Happening)>>,
    ahead: Vec<Vec<(Happening, usize)>>,
}

/// A way that comes back to where it was.
pub(crate) struct Circle {
    /// What happens before.
    pub(crate) stem: Vec<Happening>,
    /// What happens again and again.
    pub(crate) round: Vec<Happening>,
}

/// The shortest way to a state that is `sought`.
pub(crate) fn shortest<S: Site>(world: &World<S>, sought: impl Fn(&State) -> bool) -> Option<Vec<Happening>> {
    let mut found = None;
    let reach = Reach::until(world, |at, state| {
        found = found.or(sought(state).then_some(at));
        found.is_some()
    });
    found.map(|at| reach.way(at))
}

impl Reach {
    /// All states.
    pub(crate) fn all<S: Site>(world: &World<S>) -> Self {
        Self::until(world, |_, _| false)
    }

    fn until<S: Site>(world: &World<S>, mut stop: impl FnMut(usize, &State) -> bool) -> Self {
        let start = world.settled();
        let mut known = HashMap::from([(start.number(), 0)]);
        let mut reach = Self { first: vec![None], ahead: Vec::new() };
        let mut next = VecDeque::from([start]);
        let mut happenings = Vec::new();
        while let Some(state) = next.pop_front().filter(|state| !stop(reach.ahead.len(), state)) {
            world.actions(&state, &mut happenings);
            let at = reach.ahead.len();
            let mut lead = |happening| {
                let to = world.after(&state, happening);
                let index = *known.entry(to.number()).or_insert(reach.first.len());
                if index == reach.first.len() {
                    reach.first.push(Some((at, happening)));
                    next.push_back(to);
                }
                (happening, index)
            };
            let ahead = happenings.drain(..).map(&mut lead).collect();
            reach.ahead.push(ahead);
        }
        reach
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.first.len()
    }

    /// The shortest way to a state.
    fn way(&self, mut to: usize) -> Vec<Happening> {
        let mut way = Vec::new();
        while let Some((from, happening)) = self.first[to] {
            way.push(happening);
            to = from;
        }
        way.reverse();
        way
    }

    /// The shortest way to a state and back to it.
    pub(crate) fn shortest_circle(&self) -> Option<Circle> {
        let circles = (0..self.len()).filter_map(|at| Some(Circle { stem: self.way(at), round: self.round(at)? }));
        circles.min_by_key(|circle| circle.stem.len() + circle.round.len())
    }

    /// The shortest way from a state back to it.
    fn round(&self, start: usize) -> Option<Vec<Happening>> {
        let mut came: HashMap<usize, (usize, Happening)> = HashMap::new();
        let mut next = VecDeque::from([start]);
        while let Some(at) = next.pop_front().filter(|_| !came.contains_key(&start)) {
            for &(happening, to) in &self.ahead[at] {
                came.entry(to).or_insert_with(|| {
                    next.push_back(to);
                    (at, happening)
                });
            }
        }
        let (mut at, last) = *came.get(&start)?;
        let mut round = vec![last];
        while at != start {
            let (before, happening) = came[&at];
            round.push(happening);
            at = before;
        }
        round.reverse();
        Some(round)
    }
}
