//! What a server is attacked with.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;
use std::time::Duration;

use super::crowd;
use super::talker::{Block, talk};
use crate::compare::group::Shape;
use crate::compare::row::Row;
use crate::dialect::Dialect;
use crate::load::{Length, Load};
use crate::progress::Progress;

/// How many greedy connections there are.
const GREEDY: usize = 10;

/// An attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attack {
    /// Ten connections that pipeline IAMATs and read the replies.
    Reports,
    /// Ten that pipeline WHATSATs of 50 km and 20 places, in Paris.
    Questions,
    /// Ten that pipeline IAMATs of clients whose IDs were chosen into one range.
    Crowd,
    /// A neighbour that greets as fast as it can.
    Hello,
    /// A neighbour's AT lines, as fast as they are taken.
    At,
    /// Its KEPT lines.
    Kept,
    /// Its questions for all groups.
    Groups,
    /// Its questions for all of a range.
    All,
    /// Its sketches.
    Sketch,
}

impl Attack {
    /// Every one.
    pub(super) const ALL: [Self; 9] = [
        Self::Reports,
        Self::Questions,
        Self::Crowd,
        Self::Hello,
        Self::At,
        Self::Kept,
        Self::Groups,
        Self::All,
        Self::Sketch,
    ];

    /// What it is, for people.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Reports => "ten IAMAT pipelines",
            Self::Questions => "ten WHATSAT pipelines",
            Self::Crowd => "chosen IDs",
            Self::Hello => "HELLO",
            Self::At => "AT",
            Self::Kept => "KEPT",
            Self::Groups => "REPAIR groups",
            Self::All => "REPAIR all",
            Self::Sketch => "REPAIR sketch",
        }
    }

    /// Which servers there are. A neighbour that attacks is away itself: whoever is on its machine speaks as it.
    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::Reports | Self::Questions => Shape::Alone,
            _ => Shape::Bereft,
        }
    }

    /// The clients that are there before; where they attack themselves, how.
    pub(super) fn load(self, server: SocketAddr) -> Option<Load> {
        let mut load = Load::new(server, Dialect::Herd);
        match self {
            Self::Questions => Row::Paris.apply(&mut load),
            _ => load.pipeline = 100,
        }
        load.connections = GREEDY;
        (self != Self::Crowd).then_some(load)
    }

    /// Begins, on threads of its own that end after about that time, or when it is over.
    pub(super) fn begin<'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        server: SocketAddr,
        time: Duration,
        over: &'scope AtomicBool,
    ) {
        let blocks = match self {
            Self::Reports | Self::Questions => {
                let load = self.load(server).map(|load| Load { length: Length::Time(time), ..load });
                scope.spawn(move || load.map(|load| load.run(&Progress::hidden())));
                return;
            }
            Self::Crowd => crowd::blocks(GREEDY),
            Self::Hello => vec![Block::again("HELLO Ball 7 v=2\n")],
            Self::At => vec![Block::reports("AT")],
            Self::Kept => vec![Block::reports("KEPT")],
            Self::Groups => vec![Block::again(&format!("REPAIR Ball groups {}\n", zeros(32 * 8)))],
            Self::All => vec![Block::again("REPAIR Ball all 10/000\n")],
            Self::Sketch => vec![Block::again(&format!("REPAIR Ball sketch 10/000 {}\n", zeros(12)))],
        };
        for block in blocks {
            scope.spawn(move || talk(server, block, over));
        }
    }
}

/// So many zero bytes, as the protocol writes them: base64 without padding.
fn zeros(bytes: usize) -> String {
    "A".repeat((bytes * 4).div_ceil(3))
}
