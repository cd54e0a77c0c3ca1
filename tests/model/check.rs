//! Checks a herd in every way that its bounds allow, and says what came out.

use core::fmt;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use super::cases::Case;
use super::ends::{Ends, ends};
use super::node::Nodes;
use super::world::World;

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
    wrong: Vec<(&'static str, Vec<String>)>,
}

impl Case {
    /// Checks the core.
    pub(crate) fn check(self) -> Found {
        let began = Instant::now();
        let world = || World::new(Nodes::new(self.graph, &self.updates), self.graph, self.bounds);
        let checker = world().checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let model = checker.model();
        let wrong: Vec<_> = checker
            .discoveries()
            .into_iter()
            .map(|(what, path)| (what, path.into_actions().into_iter().map(|action| model.tell(action)).collect()))
            .collect();
        // What a wrong herd does need not end.
        let ends = if wrong.is_empty() { ends(model) } else { None };
        Found {
            case: self,
            states: checker.unique_state_count(),
            depth: checker.max_depth(),
            places: model.site.places(),
            took: began.elapsed(),
            ends,
            wrong,
        }
    }
}

impl Found {
    /// Says how each table's line begins.
    pub(crate) const HEAD: &'static str = "| graph | updates | crashes | cuts | states | deepest | most on their way | most deliveries | seconds |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    /// Panics unless all is well.
    pub(crate) fn expect_well(&self) {
        for (what, way) in &self.wrong {
            panic!("{}: not so: {what}\n  {}", self.case.graph.name, way.join("\n  "));
        }
        assert!(self.ends.is_some(), "{}: deliveries without end", self.case.graph.name);
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { graph, updates, bounds } = &self.case;
        let Ends { longest, most_flying } = self.ends.unwrap_or_default();
        write!(f, "| {} | {} | {} | {} ", graph.name, updates.len(), bounds.crashes, bounds.cuts)?;
        write!(f, "| {} | {} | {most_flying} | {longest} ", self.states, self.depth)?;
        write!(f, "| {:.1} | {} places", self.took.as_secs_f64(), self.places)
    }
}
