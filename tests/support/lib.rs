//! What the tests of more than one room share: clients, servers' processes, neighbours, places servers.
//!
//! Nothing here is a test: `README.md` in the folder above says where those go.

pub mod certs;
pub mod chosen;
pub mod client;
pub mod description;
pub mod fake;
pub mod graphs;
pub mod herd;
pub mod http;
mod lock;
pub mod nats;
#[cfg(target_os = "linux")]
pub mod network;
pub mod patience;
pub mod places_server;
pub mod plain;
pub mod ports;
pub mod process;
pub mod proxy;
pub mod skew;
pub mod terminal;

pub use process::Binaries;
