//! Checks a herd in every way that its bounds allow, and says what came out.

use core::fmt;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use super::cases::Case;
use super::ends::{Ends, ends};
use super::node::Nodes;
use super::reach::shortest;
use super::world::{Bounds, World};

/// What a check found.
#[derive(Debug)]
pub(crate) struct Found {
    case: Case,
    states: usize,
    depth: usize,
    /// States of single servers.
    places: usize,
    took: Duration,
    ends: Option<Ends>,
    /// What went wrong, and by what shortest way.
    wrong: Vec<(&'static str, String)>,
}

impl Case {
    /// Checks the core.
    pub(crate) fn check(self) -> Found {
        let began = Instant::now();
        let world = || World::new(Nodes::new(self.graph, &self.updates), self.graph, self.bounds);
        let checker = world().checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let model = checker.model();
        let is_wrong = |what: &'static str| checker.discovery(what).is_some();
        let wrong = model.properties().into_iter().filter(|property| is_wrong(property.name)).map(|property| {
            let way = shortest(model, |state| !(property.condition)(model, state));
            (property.name, model.tell_all(&way.expect("there is one")))
        });
        let wrong: Vec<_> = wrong.collect();
        // What a wrong herd does need not end.
        let ends = if wrong.is_empty() { ends(model) } else { None };
        Found {
            case: self,
            states: checker.unique_state_count(),
            // Stateright counts the state from which all begin.
            depth: checker.max_depth() - 1,
            places: model.site.places(),
            took: began.elapsed(),
            ends,
            wrong,
        }
    }
}

impl Found {
    /// The head of the table of what was found.
    pub(crate) const HEAD: &'static str = "\
        | graph | known | said | crashes | cuts | rests | states | of one server | steps | on their way | in a row | s |\n\
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    /// Panics unless all is well.
    pub(crate) fn expect_well(&self) {
        if let Some((what, way)) = self.wrong.first() {
            panic!("{}: not so: {what}\n  {way}", self.case.graph.name);
        }
        let ends = self.ends.unwrap_or_else(|| panic!("{}: deliveries without end", self.case.graph.name));
        assert_eq!(ends.states, self.states, "two searches found different states");
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { graph, updates, bounds: Bounds { known, crashes, cuts, rests } } = &self.case;
        let Ends { longest, most_flying, .. } = self.ends.unwrap_or_default();
        let (name, said, seconds) = (graph.name, updates.len() - known, self.took.as_secs_f64());
        write!(f, "| {name} | {known} | {said} | {crashes} | {cuts} | {rests} | {} | {} ", self.states, self.places)?;
        write!(f, "| {} | {most_flying} | {longest} | {seconds:.1} |", self.depth)
    }
}
