//! The bus against real NATS servers. `README.md` says what it takes.

mod bridge;
mod credentials;
mod faults;
mod messages;
mod rights;
mod streams;
mod support;
mod tls;
