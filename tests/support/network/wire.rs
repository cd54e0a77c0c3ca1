//! A cable between two interfaces, relayed in this process: what `tc netem` does on kernels that have it, on all of
//! them the same.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, bind, socket};

use super::namespace::Namespace;
use super::weather::{Lots, Weather};
use crate::lock::lock;

/// The largest packet that comes: interfaces have been told not to put several together.
const MOST: usize = 2048;

/// How long a thread may not see that the wire is gone.
const NAP: Duration = Duration::from_millis(50);

/// A cable. It is cut when this is dropped.
#[derive(Debug)]
pub struct Wire {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What became of the packets of a wire until now, in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that were lost.
    pub lost: u64,
    /// Those that came behind one that was sent later.
    pub overtaken: u64,
}

#[derive(Debug, Default)]
struct Shared {
    weather: Mutex<Weather>,
    counts: Mutex<Counts>,
    is_cut: AtomicBool,
}

impl Wire {
    /// A cable between two interfaces of a namespace. What is drawn by lot follows from the seed.
    pub(super) fn between(namespace: &Namespace, interfaces: [&str; 2], seed: u64) -> Self {
        let shared = Arc::new(Shared::default());
        let [near, far] = interfaces.map(|name| namespace.within(|| open(name)));
        let copy = |socket: &File| socket.try_clone().expect("a socket");
        let ways = [(copy(&near), copy(&far)), (far, near)];
        let start = |(index, (from, to))| {
            let way = Way {
                from,
                to,
                late: BinaryHeap::new(),
                taken: 0,
                sent: 0,
                lots: Lots(seed * 2 + index),
                shared: Arc::clone(&shared),
            };
            thread::spawn(|| way.run())
        };
        let threads = (0..).zip(ways).map(start).collect();
        Self { shared, threads }
    }

    /// What becomes of packets from now on; those under way come as they were to.
    pub fn set(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
    }

    /// What became of packets until now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *lock(&self.shared.counts)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.is_cut.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A socket that gets what comes in at an interface, and sends there.
fn open(interface: &str) -> File {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll).expect("root");
    let is_it = |entry: &nix::ifaddrs::InterfaceAddress| entry.interface_name == interface;
    let mut addresses = getifaddrs().expect("interfaces").filter(is_it).filter_map(|entry| entry.address);
    let address = addresses.find_map(|address| address.as_link_addr().copied()).expect("this interface");
    bind(socket.as_raw_fd(), &address).expect("an interface that is up");
    File::from(socket)
}

/// One direction.
struct Way {
    from: File,
    to: File,
    /// Packets that are under way: when they are due, and which came first.
    late: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>>,
    /// The last number of a packet that came, and of one that was sent on.
    taken: u64,
    sent: u64,
    lots: Lots,
    shared: Arc<Shared>,
}

impl Way {
    fn run(mut self) {
        while !self.shared.is_cut.load(Ordering::Relaxed) {
            self.deliver();
            let next = self.late.peek().map_or(NAP, |Reverse((due, ..))| due.saturating_duration_since(Instant::now()));
            // Rounded up, since a thread that is woken a little early would look again and again.
            let timeout = PollTimeout::try_from(next.min(NAP) + Duration::from_micros(999)).expect("milliseconds");
            let _ = poll(&mut [PollFd::new(self.from.as_fd(), PollFlags::POLLIN)], timeout);
            self.take();
        }
    }

    /// Takes what has come, and decides what becomes of it.
    fn take(&mut self) {
        let (mut bytes, weather) = ([0; MOST], *lock(&self.shared.weather));
        while let Ok(len @ 1..) = self.from.read(&mut bytes) {
            self.taken += 1;
            match weather.fate(&mut self.lots) {
                Some(late) => self.late.push(Reverse((Instant::now() + late, self.taken, bytes[..len].to_vec()))),
                None => lock(&self.shared.counts).lost += 1,
            }
        }
    }

    /// Sends on what is due. An interface that takes no more loses it, as any does.
    fn deliver(&mut self) {
        while self.late.peek().is_some_and(|Reverse((due, ..))| *due <= Instant::now()) {
            if let Some(Reverse((_, number, packet))) = self.late.pop() {
                lock(&self.shared.counts).overtaken += u64::from(number < self.sent);
                self.sent = self.sent.max(number);
                let _ = self.to.write(&packet);
            }
        }
    }
}
