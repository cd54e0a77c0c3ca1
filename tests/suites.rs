//! The cases, by what they are about. Each is a function of the programs under test.

pub mod command_line;
pub mod connections;
pub mod flooding;
pub mod links;
pub mod logs;
pub mod places;
pub mod refusals;
pub mod repair;
pub mod requests;
pub mod sources;
pub mod whatsat;
