//! Ports that nobody else uses, also no other test process at the same time.

use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::Mutex;

use crate::lock::lock;

/// Below the range that the system takes the ports of outgoing connections from, so that none of a
/// test's own connections takes a port between the look and the bind.
const PORTS: Range<u16> = 14_000..32_000;

/// How many ports a process claims at once. It claims a block by listening at its first port for as
/// long as it lives.
const BLOCK: usize = 500;

static CLAIMED: Mutex<Claimed> = Mutex::new(Claimed { blocks: Vec::new(), free: 0..0 });

struct Claimed {
    blocks: Vec<TcpListener>,
    free: Range<u16>,
}

/// An address of this machine at which nobody listens, a new one with each call.
///
/// # Panics
/// If there are no more.
#[must_use]
pub fn free_address() -> SocketAddr {
    let mut claimed = lock(&CLAIMED);
    loop {
        if let Some(port) = claimed.free.find(|&port| TcpListener::bind(local(port)).is_ok()) {
            return local(port);
        }
        claimed.claim();
    }
}

impl Claimed {
    fn claim(&mut self) {
        let claim = |first| TcpListener::bind(local(first)).ok().map(|listener| (listener, first));
        let (listener, first) = PORTS.step_by(BLOCK).find_map(claim).expect("a block of ports that is not claimed");
        self.blocks.push(listener);
        self.free = first + 1..first + u16::try_from(BLOCK).expect("fewer than there are ports");
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
