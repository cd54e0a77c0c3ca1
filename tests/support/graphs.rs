//! The herds that the suites run: names, and the links between them.

/// A connected graph. A link given once counts both ways.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The servers' names.
    pub names: Vec<String>,
    /// Pairs of names.
    pub links: Vec<(String, String)>,
}

impl Graph {
    /// A graph of these names and links.
    #[must_use]
    pub fn new(names: &[&str], links: &[(&str, &str)]) -> Self {
        let owned = |&(from, to): &(&str, &str)| (from.to_owned(), to.to_owned());
        Self { names: names.iter().map(|&name| name.into()).collect(), links: links.iter().map(owned).collect() }
    }

    /// Whom `name` has a link with.
    #[must_use]
    pub fn neighbours(&self, name: &str) -> Vec<&str> {
        let other = |(from, to): &'_ (String, String)| {
            if from == name {
                Some(to.clone())
            } else if to == name {
                Some(from.clone())
            } else {
                None
            }
        };
        let others: Vec<String> = self.links.iter().filter_map(other).collect();
        self.names.iter().filter(|name| others.contains(name)).map(String::as_str).collect()
    }
}

/// One server, on its own: `A`.
#[must_use]
pub fn single() -> Graph {
    Graph::new(&["A"], &[])
}

/// Two servers, `A` and `B`.
#[must_use]
pub fn pair() -> Graph {
    Graph::new(&["A", "B"], &[("A", "B")])
}

/// The built-in herd: five servers in one cycle.
#[must_use]
pub fn cycle() -> Graph {
    Graph::new(
        &["Alford", "Ball", "Hamilton", "Holiday", "Welsh"],
        &[("Alford", "Hamilton"), ("Alford", "Welsh"), ("Ball", "Holiday"), ("Ball", "Welsh"), ("Hamilton", "Holiday")],
    )
}

/// A later classic, with several cycles.
#[must_use]
pub fn goloman() -> Graph {
    Graph::new(
        &["Goloman", "Hands", "Holiday", "Wilkes", "Welsh"],
        &[
            ("Goloman", "Hands"),
            ("Goloman", "Holiday"),
            ("Goloman", "Wilkes"),
            ("Hands", "Wilkes"),
            ("Holiday", "Welsh"),
            ("Holiday", "Wilkes"),
        ],
    )
}

/// Eight servers, each linked with each.
#[must_use]
pub fn complete() -> Graph {
    numbered(8, |from, to| from < to)
}

/// Ten servers in a row.
#[must_use]
pub fn line() -> Graph {
    numbered(10, |from, to| from + 1 == to)
}

/// Seven servers, each with two below it.
#[must_use]
pub fn tree() -> Graph {
    numbered(7, |from, to| to == 2 * from + 1 || to == 2 * from + 2)
}

fn numbered(count: usize, is_link: impl Fn(usize, usize) -> bool) -> Graph {
    let name = |index: usize| format!("S{index}");
    let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
    Graph {
        names: (0..count).map(name).collect(),
        links: pairs.filter(|&(from, to)| is_link(from, to)).map(|(from, to)| (name(from), name(to))).collect(),
    }
}
