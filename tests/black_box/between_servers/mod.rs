//! Cases about several servers, which take the programs under test in turn.

mod flooding;
mod links;
mod middleboxes;
mod repair;
mod rolling;
mod splits;
mod stops;
mod tls;
