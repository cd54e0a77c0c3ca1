//! What a node is told.

use std::net::IpAddr;
use std::sync::Arc;

use crate::herd::{Herd, Limits};
use crate::homes::{Delivery, QuestionId};
use crate::places::{Places, Unavailable};
use crate::values::{FetchId, ServerId, SessionId};

/// What happened, besides requests: those go through [`Session::receive`](crate::Session::receive).
#[derive(Debug)]
pub enum Event<'a> {
    /// The server listens: it tells its neighbours.
    Started,
    /// The server is about to stop, and no session takes in any more: links send what is queued to neighbours that are
    /// there, [close](crate::Parting::Stopping), and [end](crate::LinkStep::End).
    Stopping,
    /// The list of servers is another one now. Links to new neighbours are made, those to neighbours that are none any
    /// more end, and what these still say on connections of their own is a stranger's. A [notice](crate::Notice) says
    /// what came of it; a list without this server is refused as a whole.
    Herd(Arc<Herd>),
    /// The limits are other ones now, for everything that there is: connections, links, what is kept. Where a bound is
    /// below what is there, newcomers are refused and nobody is closed, but for [`Limits::buffers`], for which the largest
    /// are closed as ever. What has begun to be waited for, such as places, is waited for as long as it was to be.
    Limits(Arc<Limits>),
    /// Whether clients' reports are taken from now on: not while they cannot be kept as they were promised to be. Without
    /// this they are. Questions are answered all the same, and what neighbours know is taken.
    TakesReports(bool),
    /// A neighbour's `address` stands for these IP addresses now.
    Resolved {
        /// The neighbour.
        peer: ServerId,
        /// Every address that it may connect from.
        addresses: &'a [IpAddr],
    },
    /// The connection that was asked for is there.
    Connected {
        /// The neighbour.
        peer: ServerId,
        /// Whether it is encrypted, and the other end has shown a valid certificate of the neighbour's name.
        proven: bool,
    },
    /// The connection that was asked for was given up, since the other end has shown a certificate that is not to be
    /// believed.
    Untrusted {
        /// The neighbour.
        peer: ServerId,
        /// What is wrong with it, in a few words for people.
        why: &'a str,
    },
    /// The connection to that neighbour, if there is one, is to be closed in order and made anew: the next one can show
    /// more.
    Renew {
        /// The neighbour.
        peer: ServerId,
    },
    /// The connection that was asked for could not be made, or is over.
    Lost {
        /// The neighbour.
        peer: ServerId,
        /// Why, in a few words for people; empty where nobody knows.
        why: &'a str,
    },
    /// The neighbour sent something on that connection.
    Received {
        /// The neighbour.
        peer: ServerId,
        /// What came.
        bytes: &'a [u8],
    },
    /// All that was to be [sent](crate::LinkStep::Send) has been.
    Sent {
        /// The neighbour.
        peer: ServerId,
    },
    /// A fetch has ended.
    Fetched {
        /// As it was in [`Action::Fetch`](crate::Action::Fetch).
        fetch: FetchId,
        /// The places, or why there are none.
        outcome: Result<Places, Unavailable>,
    },
    /// A session [that waits](crate::Session::is_waiting) has gone: nobody waits there any more.
    Gone(SessionId),
    /// The bus between regions is there from now on, or is not.
    Bus(bool),
    /// This server is its region's bridge from now on, which tells other regions of arrivals and hears of theirs: with a
    /// fencing number that is greater than that of any bridge before. Or it is not.
    Bridge(Option<u64>),
    /// A message came from another region.
    Delivered {
        /// By which way.
        by: Delivery,
        /// What it says.
        payload: &'a [u8],
    },
    /// Nobody was there to hear that question: no answer comes.
    Unheard(QuestionId),
    /// The earliest time that [`Action::WakeAt`](crate::Action::WakeAt) named since this was last said has come.
    Woken,
}
