//! Whether what was set going ends: no way through the states is without end.
//!
//! Stateright looks at states, and at ways that end; whether a way leads back to where it was has to be
//! looked for. What happens from outside is bounded, so a way without end is one of deliveries.

use std::collections::HashMap;

use stateright::Model;

use super::site::Site;
use super::state::{Happening, State};
use super::world::World;

/// What all ways together are like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// How many states they go through.
    pub(crate) states: usize,
    /// The most deliveries in a row.
    pub(crate) longest: usize,
    /// The most texts that are on their way at once.
    pub(crate) most_flying: usize,
}

/// Goes every way, deepest first; `None` if one leads back to where it was.
pub(crate) fn ends<S: Site>(world: &World<S>) -> Option<Ends> {
    let mut ends = Ends::default();
    // The most deliveries in a row from each state; none yet for those on the way that is being gone.
    let mut known: HashMap<u128, Option<usize>> = HashMap::new();
    let mut way = Vec::new();
    let mut next = Some((None, world.settled()));
    loop {
        if let Some((cause, state)) = next.take() {
            known.insert(state.number(), None);
            ends.most_flying = ends.most_flying.max(state.flying());
            way.push(Visit::new(world, cause, state));
        }
        let Some(visit) = way.last_mut() else { break };
        if let Some(happening) = visit.ahead.pop() {
            let state = world.after(&visit.state, happening);
            match known.get(&state.number()) {
                Some(None) => return None,
                Some(&Some(longest)) => visit.follow(happening, longest),
                None => next = Some((Some(happening), state)),
            }
        } else {
            let Visit { state, cause, longest, .. } = way.pop().expect("there is a last one");
            known.insert(state.number(), Some(longest));
            ends.longest = ends.longest.max(longest);
            if let (Some(before), Some(cause)) = (way.last_mut(), cause) {
                before.follow(cause, longest);
            }
        }
    }
    ends.states = known.len();
    Some(ends)
}

/// A state on the way that is being gone.
struct Visit {
    state: State,
    /// What led here.
    cause: Option<Happening>,
    ahead: Vec<Happening>,
    /// The most deliveries in a row from here, as far as is known.
    longest: usize,
}

impl Visit {
    fn new<S: Site>(world: &World<S>, cause: Option<Happening>, state: State) -> Self {
        let mut ahead = Vec::new();
        world.actions(&state, &mut ahead);
        Self { state, cause, ahead, longest: 0 }
    }

    /// After that happening there are at most so many deliveries in a row.
    fn follow(&mut self, happening: Happening, longest: usize) {
        if happening.is_delivery() {
            self.longest = self.longest.max(longest + 1);
        }
    }
}
