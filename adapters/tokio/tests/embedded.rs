//! Servers inside a program, on this runtime.

use herd_tokio::Tokio as Adapter;

#[path = "../../../tests/embedded/cases.rs"]
mod cases;
#[path = "../../../tests/embedded/counting.rs"]
mod counting;
