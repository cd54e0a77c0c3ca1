//! Regions of herds, joined by NATS.
//!
//! Everything is decided in the core: who asks whom, what is told, whom a region believes. Here are messages moved between
//! a server and NATS, and here it is seen to that one server of a region is its bridge.
//!
//! | module | what it is |
//! | --- | --- |
//! | `host` | what the bus needs of the server that it belongs to |
//! | `settings`, `login` | what is set: `[region]` in the herd's file |
//! | `bus` | the bus of a server, from its start to its stop |
//! | `connecting` | the connection: made, and made again |
//! | `region` | what a server hears and says while there is one |
//! | `arrivals` | arrivals on their way into JetStream |
//! | `lease` | which server of a region is its bridge |
//! | `jetstream`, `fault` | what a region has in JetStream, and what may be wrong with it |
//! | `subjects` | what everything is called in NATS |
//! | `state` | how all of that is, for whoever asks |
//!
//! `docs/regions.md` tells whoever runs one what it needs of NATS.

mod arrivals;
mod bus;
mod connecting;
mod fault;
mod host;
mod jetstream;
mod lease;
mod login;
mod region;
mod settings;
mod state;
mod subjects;

pub use self::bus::Bus;
pub use self::host::{Host, Phase};
pub use self::login::{Login, LoginError};
pub use self::settings::{BadUrl, NatsUrl, Settings, is_token};
