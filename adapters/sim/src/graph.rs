//! Who is linked with whom: makers of graphs, small and large.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::seed::Seed;

/// Servers, numbered from zero, and the links between them. Always connected, no link twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// How many servers there are.
    pub servers: usize,
    /// The two ends of each link, the smaller first.
    pub links: Vec<(usize, usize)>,
}

impl Graph {
    /// Each server linked with the next, the last with the first.
    #[must_use]
    pub fn cycle(servers: usize) -> Self {
        Self::of(servers, (0..servers).map(|at| (at, (at + 1) % servers)))
    }

    /// Every server linked with every other.
    #[must_use]
    pub fn complete(servers: usize) -> Self {
        Self::of(servers, (0..servers).flat_map(|at| (0..at).map(move |other| (other, at))))
    }

    /// A random tree, and `cross` more links anywhere.
    #[must_use]
    pub fn tree(servers: usize, cross: usize, seed: &mut Seed) -> Self {
        let mut links: Vec<_> = (1..servers).map(|at| (seed.index(at), at)).collect();
        if servers > 2 {
            links.extend((0..cross).map(|_| (seed.index(servers), seed.index(servers))));
        }
        Self::of(servers, links)
    }

    /// A random graph in which each server has about `degree` links: cycles through all servers in
    /// random orders, and a matching for an odd degree. Two cycles may share a link, so some servers
    /// have fewer.
    #[must_use]
    pub fn random(servers: usize, degree: usize, seed: &mut Seed) -> Self {
        let mut order: Vec<usize> = (0..servers).collect();
        let mut links = Vec::with_capacity(servers * degree / 2 + servers);
        for _ in 0..(degree / 2).max(1) {
            shuffle(&mut order, seed);
            links.extend((0..servers).map(|at| (order[at], order[(at + 1) % servers])));
        }
        if degree % 2 == 1 && degree > 1 {
            shuffle(&mut order, seed);
            links.extend(order.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        }
        Self::of(servers, links)
    }

    /// Whether the servers that are left without some are connected.
    pub(crate) fn holds_without(&self, gone: &[usize]) -> bool {
        let mut reached: Vec<bool> = (0..self.servers).map(|server| gone.contains(&server)).collect();
        let mut next: Vec<usize> = reached.iter().position(|&reached| !reached).into_iter().collect();
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut reached[at], true) {
                let ends = self.links.iter().filter(|&&(a, b)| a == at || b == at);
                next.extend(ends.map(|&(a, b)| if a == at { b } else { a }));
            }
        }
        reached.into_iter().all(|reached| reached)
    }

    fn of(servers: usize, links: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let ordered = links.into_iter().map(|(a, b)| (a.min(b), a.max(b)));
        let mut links: Vec<_> = ordered.filter(|(a, b)| a != b).collect();
        links.sort_unstable();
        links.dedup();
        Self { servers, links }
    }
}

fn shuffle(order: &mut [usize], seed: &mut Seed) {
    for at in (1..order.len()).rev() {
        order.swap(at, seed.index(at + 1));
    }
}

/// Which graph a scenario gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Another one for each seed.
    #[default]
    Any,
    /// [`Graph::cycle`].
    Cycle,
    /// [`Graph::tree`], with a cross link for every fourth server.
    Tree,
    /// [`Graph::complete`].
    Complete,
    /// [`Graph::random`] with that degree.
    Degree(usize),
}

impl Shape {
    /// A graph of this shape.
    #[must_use]
    pub fn graph(self, servers: usize, seed: &mut Seed) -> Graph {
        match self {
            Self::Cycle => Graph::cycle(servers),
            Self::Complete => Graph::complete(servers),
            Self::Tree => Graph::tree(servers, servers / 4, seed),
            Self::Degree(degree) => Graph::random(servers, degree, seed),
            Self::Any => match seed.below(5) {
                0 => Graph::cycle(servers),
                1 => Graph::tree(servers, servers / 4, seed),
                2 if servers <= 7 => Graph::complete(servers),
                _ => {
                    let degree = seed.between(2, 4);
                    Graph::random(servers, usize::try_from(degree).expect("at most four"), seed)
                }
            },
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.pad("random"),
            Self::Cycle => f.pad("cycle"),
            Self::Tree => f.pad("tree"),
            Self::Complete => f.pad("complete"),
            Self::Degree(degree) => write!(f, "degree{degree}"),
        }
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "random" => Self::Any,
            "cycle" => Self::Cycle,
            "tree" => Self::Tree,
            "complete" => Self::Complete,
            _ => {
                let degree = text.strip_prefix("degree").and_then(|degree| degree.parse().ok());
                let degree = degree.filter(|degree| (2..=64).contains(degree));
                Self::Degree(degree.ok_or("a graph is random, cycle, tree, complete, or degree2 to degree64")?)
            }
        })
    }
}
