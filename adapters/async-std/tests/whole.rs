//! Servers inside a program, of which a part panics, on this runtime.

use herd_async_std::AsyncStd as Adapter;

#[path = "../../../tests/whole/cases.rs"]
mod cases;
#[path = "../../../tests/whole/panicky.rs"]
mod panicky;
