//! Servers inside a program, of which a part panics, on this runtime.

use herd_tokio::Tokio as Adapter;

#[path = "../../../tests/whole/cases.rs"]
mod cases;
#[path = "../../../tests/whole/panicky.rs"]
mod panicky;
