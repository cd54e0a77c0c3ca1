//! Regions of server programs, joined by NATS. `README.md` says what it takes.

mod bridges;
mod homes;
mod settings;
mod soak;
mod support;
mod trial;
