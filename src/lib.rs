//! The core of a herd: servers that know, each on its own, where every client is, and that tell each
//! other.
//!
//! A client says `IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1479413884.392014450` to any server;
//! that server answers with an `AT` line and floods it to its neighbours, they to theirs. Any server
//! then answers `WHATSAT kiwi.cs.ucla.edu 10 5`: where that client is, and which places are near.
//!
//! This crate decides all of that and touches nothing. It has no sockets, no clock, no threads, no
//! randomness of its own: bytes and events go in, replies and [`Action`]s come out, and whoever
//! drives it (tokio, async-std, a simulator, a browser, you) moves the bytes.
//!
//! # The way of a request
//!
//! ```text
//!  bytes ─> Session::receive ─> Requests ─> Node::serve ─> Replies ─> Session::reply ─> bytes
//!           framing, parsing                  │                          in order
//!                                             └─> Actions: reply, forward, fetch, connect, disconnect
//!  events ─────────────────────────────────> Node::handle ─> Actions
//!  (connected, lost, fetched, woken)
//! ```
//!
//! A [`Session`] is one connection that somebody opened to this server; there is one for each, and
//! they can be served on many threads. A [`Node`] is what the server's sessions share: it holds what a batch of
//! requests needs of it, a part of its clients at a time, so threads are seldom in each other's way. A server reaches each neighbour over a connection that it opens
//! itself; the node says when ([`Action::Connect`]) and what to send ([`Action::Forward`],
//! [`Node::take`]). The time is an argument of every call that needs it, and
//! [`Node::next_wake`] says when the node next wants to be called.
//!
//! # Two servers, by hand
//!
//! ```
//! use std::net::{IpAddr, Ipv4Addr};
//! use std::sync::Arc;
//! use herd::{Action, Batch, Event, Herd, Limits, Node, Now, Server, ServerName, SessionId, Timestamp};
//!
//! let server = |name: &str, address: &str, links: &[&str]| Server {
//!     name: ServerName::new(name).unwrap(),
//!     address: address.into(),
//!     links: links.iter().map(|&link| link.into()).collect(),
//! };
//! let herd = Arc::new(Herd::new(vec![server("a", "127.0.0.1:1", &["b"]), server("b", "127.0.0.1:2", &[])])?);
//! let (a, b) = (herd.find(b"a").unwrap(), herd.find(b"b").unwrap());
//! let node_a = Node::new(herd.clone(), a, Limits::default(), 1);
//! let node_b = Node::new(herd.clone(), b, Limits::default(), 2);
//!
//! // What the clocks say, and where a server's neighbours may connect from, are told to it.
//! let now = Now { wall: Timestamp::parse(b"1479413884.5").unwrap(), ..Now::default() };
//! let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
//! let mut actions = Vec::new();
//! node_b.handle(now, Event::Resolved { peer: a, addresses: &[loopback] }, &mut actions);
//!
//! // A client connects to a and says where it is, in two chunks.
//! let mut client = node_a.session(SessionId(0), Some(loopback), now.instant);
//! let mut out = Vec::new();
//! let mut batch = Batch::default();
//! for bytes in [&b"IAMAT kiwi +34.06893-118."[..], b"445127 1479413884.25\n"] {
//!     let requests = client.receive(now, bytes, batch);
//!     let replies = node_a.serve(now, &client, requests, &mut actions);
//!     batch = client.reply(replies, &mut out);
//! }
//! assert_eq!(out, b"AT a +0.250000000 kiwi +34.06893-118.445127 1479413884.25\n");
//!
//! // a wants to tell b, and asks for a connection. We make one: b has a session at its other end.
//! let Some(Action::Connect { peer, attempt }) = actions.pop() else { panic!() };
//! assert_eq!(peer, b);
//! let mut link = node_b.session(SessionId(0), Some(loopback), now.instant);
//! node_a.handle(now, Event::Connected { peer, attempt }, &mut actions);
//!
//! // Carry what they say to each other, as long as a has something to say.
//! while let Some(action) = actions.pop() {
//!     let Action::Forward { peer, attempt } = action else { continue };
//!     let bytes = node_a.take(now.instant, peer, attempt);
//!     node_a.handle(now, Event::Sent { peer, attempt }, &mut actions);
//!     let requests = link.receive(now, &bytes, batch);
//!     let replies = node_b.serve(now, &link, requests, &mut Vec::new());
//!     let mut answer = Vec::new();
//!     batch = link.reply(replies, &mut answer);
//!     node_a.handle(now, Event::Received { peer, attempt, bytes: &answer }, &mut actions);
//! }
//! let report = node_b.report(b"kiwi").expect("b has heard of it");
//! assert_eq!(report.line(), b"a +0.250000000 kiwi +34.06893-118.445127 1479413884.25");
//! # Ok::<(), herd::HerdError>(())
//! ```
//!
//! # Modules, in the order in which a request meets them
//!
//! | module | what it is about |
//! | --- | --- |
//! | [`herd`] | who is in a herd, and who talks with whom |
//! | [`limits`] | the bounds of everything that can grow |
//! | [`time`] | times exact to the nanosecond; what the clocks say |
//! | [`framing`] | from bytes to lines |
//! | [`message`] | from lines to messages, and why a line is refused |
//! | `usual`, `blocks`, `word`, `text` | lines as nearly everybody writes them, read and written many bytes at a time |
//! | [`position`] | ISO 6709 |
//! | [`places`] | what is asked of a places source, and its reply, cut to a bound |
//! | `session`, `owed` | one connection: the order of replies, its limits |
//! | `batch` | what passes between a session and its node |
//! | `event` | what a node is told, and what it says to do |
//! | `node` | what a server's sessions share: events in, actions out |
//! | `report`, `place` | a sighting as it was written down, and where it belongs |
//! | `store`, `shard`, `handled` | what is kept of each client, and what was handled already |
//! | `table`, `record`, `slots` | how it is found quickly, and kept in little memory |
//! | `lock` | what is shared by threads, held for moments |
//! | `flood` | copies on their way to neighbours |
//! | `link` | the way to one neighbour |
//! | [`repair`], `sketch` | how two neighbours find out what differs, and mend just that |
//! | `fetch` | the fetches of places under way |
//! | `identity` | who this server is, and whom it believes |
//! | [`counters`] | what it has done |
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod batch;
mod blocks;
pub mod counters;
mod event;
mod fetch;
mod flood;
pub mod framing;
mod handled;
pub mod herd;
mod identity;
pub mod limits;
mod link;
mod lock;
pub mod message;
mod node;
mod number;
mod owed;
mod place;
pub mod places;
pub mod position;
mod record;
pub mod repair;
mod report;
mod session;
mod shard;
mod sketch;
mod slots;
mod store;
mod table;
mod text;
pub mod time;
mod usual;
mod word;

pub use batch::{Batch, Replies, Requests};
pub use counters::Counters;
pub use event::{Action, Attempt, Event, Parting};
pub use fetch::FetchId;
pub use herd::{Herd, HerdError, Server, ServerId, ServerName};
pub use limits::Limits;
pub use message::Refusal;
pub use node::Node;
pub use places::{Places, Query, Status, Unavailable};
pub use position::Position;
pub use report::{Kept, Report};
pub use session::{Answer, Session, SessionId};
pub use time::{Instant, Now, Timestamp};
