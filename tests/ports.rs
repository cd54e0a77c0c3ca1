//! Ports that nobody else uses.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range that the system takes the ports of outgoing connections from, so that none of a
/// test's own connections takes a port between the look and the bind.
const FIRST: u16 = 14_000;
const COUNT: u16 = 18_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address of this machine at which nobody listens, a new one with each call.
#[must_use]
pub fn free_address() -> SocketAddr {
    let own = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(COUNT)).expect("less than a u16");
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (own + step % COUNT) % COUNT;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("every port from {FIRST} on is taken");
}
