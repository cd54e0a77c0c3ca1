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
//!  bytes ─> session.receive(&node, &mut turn, bytes) ─> .serve() ─> .reply(&mut out) ─> bytes
//!                framing, parsing                        deciding     in order
//!
//!  events ─> node.handle(&mut turn, event)               connected, lost, sent, received, fetched, woken
//!
//!  turn.actions: answer a session, look at a session or a link, fetch places, wake the node at a time
//! ```
//!
//! A [`Session`] is one connection that somebody opened to this server; there is one for each, and
//! they can be served on many threads. A [`Node`] is what the server's sessions share: it holds what a pass
//! needs of it, a part of its clients at a time, so threads are seldom in each other's way. A [`Turn`] is what travels
//! through every call: what the clocks say goes in with it, what is to be done comes out.
//!
//! A server reaches each neighbour over a connection that it opens itself. That link is pulled: when
//! [`Action::Forward`] names it, [`Node::poll_link`] says what to do next, until it says to wait.
//!
//! # Two servers, by hand
//!
//! ```
//! use std::net::{IpAddr, Ipv4Addr};
//! use std::sync::Arc;
//! use herd::{Event, Herd, Limits, LinkStep, Member, Node, Now, ServerName, SessionId, Timestamp, Turn};
//!
//! let member = |name: &str, address: &str, links: &[&str]| Member {
//!     name: ServerName::new(name).unwrap(),
//!     address: address.into(),
//!     links: links.iter().map(|&link| link.into()).collect(),
//! };
//! let herd = Arc::new(Herd::new(vec![member("a", "127.0.0.1:1", &["b"]), member("b", "127.0.0.1:2", &[])])?);
//! let (a, b) = (herd.find(b"a").unwrap(), herd.find(b"b").unwrap());
//! let node_a = Node::new(herd.clone(), a, Limits::default(), 1);
//! let node_b = Node::new(herd.clone(), b, Limits::default(), 2);
//!
//! // What the clocks say, and where a server's neighbours may connect from, are told to it.
//! let now = Now { wall: Timestamp::parse(b"1479413884.5").unwrap(), ..Now::default() };
//! let (mut turn_a, mut turn_b) = (Turn::at(now), Turn::at(now));
//! let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
//! node_b.handle(&mut turn_b, Event::Resolved { peer: a, addresses: &[loopback] });
//!
//! // A client connects to a and says where it is, in two chunks.
//! let mut client = node_a.session(SessionId(0), Some(loopback), now.instant);
//! let mut out = Vec::new();
//! for bytes in [&b"IAMAT kiwi +34.06893-118."[..], b"445127 1479413884.25\n"] {
//!     client.receive(&node_a, &mut turn_a, bytes).serve().reply(&mut out);
//! }
//! assert_eq!(out, b"AT a +0.250000000 kiwi +34.06893-118.445127 1479413884.25\n");
//!
//! // a wants to tell b: it says what to do about that link, and we carry what they say to each other.
//! let mut link = None;
//! loop {
//!     match node_a.poll_link(&mut turn_a, b) {
//!         LinkStep::Connect => {
//!             // b has a session at the other end.
//!             link = Some(node_b.session(SessionId(0), Some(loopback), now.instant));
//!             node_a.handle(&mut turn_a, Event::Connected { peer: b, proven: false });
//!         }
//!         LinkStep::Send(bytes) => {
//!             let mut answer = Vec::new();
//!             link.as_mut().unwrap().receive(&node_b, &mut turn_b, &bytes).serve().reply(&mut answer);
//!             node_a.handle(&mut turn_a, Event::Sent { peer: b });
//!             node_a.handle(&mut turn_a, Event::Received { peer: b, bytes: &answer });
//!         }
//!         LinkStep::Close(_) => link = None,
//!         LinkStep::Wait(_) | LinkStep::End => break,
//!     }
//! }
//! let report = node_b.record(b"kiwi").expect("b has heard of it");
//! assert_eq!(report.line(), b"a +0.250000000 kiwi +34.06893-118.445127 1479413884.25");
//! # Ok::<(), herd::HerdError>(())
//! ```
//!
//! # The rooms, from the bottom
//!
//! The source is laid out in rooms. A room may use those before it in this table and no other, and says at the top of
//! its `mod.rs` what it is for; `cargo run -p herd-tests --example rooms` draws them and fails where one reaches up.
//!
//! | room | what it is about |
//! | --- | --- |
//! | `bytes` | buffers and words: many bytes at a time |
//! | [`values`] | times, positions, decimals, names, numbers, counters |
//! | [`spatial`] | distances on the globe, and cells of it, by which clients are found that move |
//! | [`wire`] | from bytes to lines to messages and back |
//! | [`access`] | who is believed, and who may do what: secrets and proofs, tokens and rights, rates |
//! | `report` | a record as it was written down, a report, a tombstone or that it is away, and where it belongs |
//! | [`herd`] | who is in a herd, who is believed, what bounds what |
//! | [`places`] | what is asked of a places source, its answer, the fetches under way |
//! | `fast` | lines as nearly everybody writes them; the only room that may be skipped |
//! | `pass` | what one read brought on its way through, and the feed of what became of it |
//! | `store` | what is kept of each client, how it is found, what was handled already |
//! | `watch` | who is told of changes: watches and fences, and what is still to be told |
//! | `homes` | beyond one herd: the region a client is at home in, and what regions ask and tell each other |
//! | `peers` | the way to one neighbour, and when to compare with it |
//! | `session` | one connection: the order of replies, its limits |
//! | `node` | what all sessions share: events in, actions out |
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod access;
mod bytes;
mod fast;
pub mod herd;
mod homes;
mod node;
mod pass;
mod peers;
pub mod places;
mod report;
mod session;
pub mod spatial;
mod store;
pub mod values;
mod watch;
pub mod wire;

pub use access::{Access, Certificate, Certificates, Grant, Right, Rights, Secret, Seed, Token, TokenHash, Trust};
pub use herd::{Herd, HerdError, HerdRefused, Limits, Member, TurnedAway};
pub use homes::{Delivery, Post, QuestionId, ReplyTo, Subject};
pub use node::{
    Buffer, Caller, Change, Changed, DataStatus, Event, Heard, HostStatus, LinkState, LinkStatus, LogStatus,
    NeighbourStatus, Node, OtherRegionStatus, PlacesStatus, Received, RegionState, RegionStatus, Seat, Seconds, Served,
    ServerStatus,
};
pub use pass::{Action, Answer, Answered, BroughtBy, Notice, Trouble, Turn, Wrong};
pub use peers::{LinkStep, Parting};
pub use places::{Places, Query, Status, Unavailable};
pub use report::{HashKey, OwnedRecord, Record};
pub use session::Session;
pub use store::{Cursor, Listing, Page, Search};
pub use values::{Counter, Counters, FetchId, Instant, InvalidName, Now, Position, ServerId, ServerName, SessionId};
pub use values::{SplitMix64, Timestamp};
pub use watch::Watcher;
pub use wire::{Need, RecordKind, Refusal, Sighting, Stranger};
