//! The HTTP door of a herd's server: what others than the herd's own clients speak.
//!
//! The door stands beside the lines and asks the same node by the core's typed calls. Who may do what is decided there; here
//! is what HTTP needs: paths, parameters, JSON, streams of events, and the guard against pages of other people's.
//!
//! | module | what it is |
//! | --- | --- |
//! | `host` | what the door needs of the server that it belongs to |
//! | `settings` | what can be set, and changed while the server runs |
//! | `door` | one connection: hyper, its bounds, and which requests are under way |
//! | `guard` | who may ask at all: `Host`, `Origin`, `Sec-Fetch-Site`, CORS |
//! | `caller` | from `Authorization` to rights |
//! | `router` | every path and method |
//! | `query`, `body`, `decimal`, `client_id` | what a request says |
//! | `problem`, `reply`, `geojson` | what is answered |
//! | `api` | clients, who is near, places, events, status |
//! | `page`, `assets` | the live map: its files stand in `page/`, which has a README |
//! | `devices` | what phones and trackers send, format by format, and what is filtered |
//! | `share` | links that show one client for a while |
//! | `health` | whether the server is alive, ready, well |
//! | `metrics`, `usage` | numbers for Prometheus, and what the process has of the system's |
//! | `openapi` | the description of all of it |
//!
//! It knows no runtime and no socket: the host gives [`Door::accept`] a stream, and polls what comes of that.

mod api;
mod assets;
mod body;
mod caller;
mod client_id;
mod decimal;
mod devices;
mod door;
mod elsewhere;
mod geojson;
mod guard;
mod health;
mod host;
mod metrics;
mod openapi;
mod page;
mod problem;
mod query;
mod reply;
mod router;
mod settings;
mod share;
mod usage;

pub use self::devices::{DeviceSettings, Filter as DeviceFilter};
pub use self::door::{Connection, Door, Peer};
pub use self::host::{Host, Letter, Letters, NotSafe, Sleep, Wait};
pub use self::metrics::{Histogram, Timed};
pub use self::settings::{Settings, Tiles};
pub use self::share::{ShareKey, ShareKeys, ShareSettings};
pub use self::usage::Usage;
