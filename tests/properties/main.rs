//! Properties of the core, held for whatever proptest thinks of: through its public door, with no
//! socket and no clock.

mod support;

mod ages;
mod ahead;
mod corpus;
mod determinism;
mod feed;
mod flooding;
mod framing;
mod limits;
mod links;
mod messages;
mod numbers;
mod proving;
mod repair;
mod rights;
mod threads;
mod usual;
