//! What all sessions of a server share: events in, actions out.
//!
//! The room on top of all others, which it may all ask.

mod answering;
mod anti_entropy;
mod buffer;
mod caller;
mod census;
mod changes;
mod clock;
mod elsewhere;
mod event;
mod guests;
mod heard;
mod hearing;
mod hub;
mod learning;
mod listing;
mod near;
mod node;
mod regions;
mod requests;
mod seat;
mod seldom;
mod serving;
mod status;
mod sweep;
mod sweeping;
mod typed;
mod watching;

pub use self::buffer::Buffer;
pub use self::caller::Caller;
pub use self::changes::{Change, Changed};
pub use self::event::Event;
pub use self::heard::Heard;
pub use self::node::{LinkStatus, Node};
pub use self::seat::Seat;
pub use self::serving::{Received, Served};
pub use self::status::{
    DataStatus, HostStatus, LinkState, LogStatus, NeighbourStatus, OtherRegionStatus, PlacesStatus, RegionState,
    RegionStatus, Seconds, ServerStatus,
};
