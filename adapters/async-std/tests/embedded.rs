//! Servers inside a program, on this runtime.

use herd_async_std::AsyncStd as Adapter;

#[path = "../../../tests/embedded/cases.rs"]
mod cases;
#[path = "../../../tests/embedded/counting.rs"]
mod counting;
