//! Every connected graph of up to four servers, but for the names: one, one, two, and six of them.

/// A connected graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Graph {
    /// What it is called in the tables.
    pub(crate) name: &'static str,
    /// How many servers it has; they are `a`, `b`, `c` and `d`.
    pub(crate) servers: usize,
    /// Its links, each once.
    pub(crate) links: &'static [(usize, usize)],
}

/// All ten.
pub(crate) const ALL: [Graph; 10] = [
    Graph { name: "one server", servers: 1, links: &[] },
    Graph { name: "pair", servers: 2, links: &[(0, 1)] },
    Graph { name: "path of 3", servers: 3, links: &[(0, 1), (1, 2)] },
    Graph { name: "triangle", servers: 3, links: &[(0, 1), (1, 2), (2, 0)] },
    Graph { name: "path of 4", servers: 4, links: &[(0, 1), (1, 2), (2, 3)] },
    Graph { name: "star", servers: 4, links: &[(0, 1), (0, 2), (0, 3)] },
    Graph { name: "square", servers: 4, links: &[(0, 1), (1, 2), (2, 3), (3, 0)] },
    Graph { name: "triangle, tail", servers: 4, links: &[(0, 1), (1, 2), (2, 3), (3, 1)] },
    Graph { name: "square, diagonal", servers: 4, links: &[(0, 1), (1, 2), (2, 3), (3, 0), (1, 3)] },
    Graph { name: "complete", servers: 4, links: &[(0, 1), (1, 2), (2, 3), (3, 0), (1, 3), (0, 2)] },
];

impl Graph {
    /// Each link in both directions, sorted: a server sends on connections of its own.
    pub(crate) fn ways(&self) -> Vec<(usize, usize)> {
        let mut ways: Vec<_> = self.links.iter().flat_map(|&(from, to)| [(from, to), (to, from)]).collect();
        ways.sort_unstable();
        ways
    }

    /// How many cycles are independent of each other: links past those of a tree.
    pub(crate) const fn cycles(&self) -> usize {
        self.links.len() + 1 - self.servers
    }

    /// Whether there is a cycle that `server` is not on: whether what is left without it has more links
    /// than trees have.
    pub(crate) fn has_cycle_without(&self, server: usize) -> bool {
        // Takes away servers with one link or none until no more can be; a cycle is what stays.
        let mut left: Vec<_> = self.links.iter().filter(|link| link.0 != server && link.1 != server).collect();
        loop {
            let degree = |of: usize| left.iter().filter(|link| link.0 == of || link.1 == of).count();
            let kept: Vec<_> = left.iter().copied().filter(|link| degree(link.0) > 1 && degree(link.1) > 1).collect();
            if kept.len() == left.len() {
                return !left.is_empty();
            }
            left = kept;
        }
    }
}

/// The name of a server.
pub(crate) fn name(server: usize) -> &'static str {
    ["a", "b", "c", "d"][server]
}
