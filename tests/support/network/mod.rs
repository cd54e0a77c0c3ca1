//! A network of one's own: a namespace for each site, and a switch between them. It takes root, and Linux.
//!
//! Each site has one interface, `eth0`, whose cable is a [`Wire`]: what goes over it can be late, overtake, or be lost.
//! The switch is a bridge in a namespace that nobody else is in. Nothing leaves these namespaces, and they are removed
//! when the network is dropped.

mod namespace;
mod weather;
mod wire;

use std::net::Ipv4Addr;

pub use namespace::Namespace;
pub use weather::Weather;
pub use wire::{Counts, Wire};

/// Some sites and the switch between them.
#[derive(Debug)]
pub struct Network {
    // Dropped in this order: a wire holds sockets in the switch.
    wires: Vec<Wire>,
    sites: Vec<Namespace>,
    /// Where the bridge is.
    switch: Namespace,
}

impl Network {
    /// A network of so many sites.
    #[must_use]
    pub fn of(count: u8) -> Self {
        let switch = Namespace::new("switch");
        switch.ip("link add bridge type bridge");
        switch.ip("link set bridge up");
        let mut network = Self { wires: Vec::new(), sites: Vec::new(), switch };
        for index in 0..count {
            network.add(index);
        }
        network
    }

    /// The address of a site.
    #[must_use]
    pub fn address(site: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, 0, site + 1)
    }

    /// How many sites there are.
    ///
    /// # Panics
    /// Never: there were no more when it was made.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is no network of no sites")]
    pub fn len(&self) -> u8 {
        u8::try_from(self.sites.len()).expect("as many as it was made with")
    }

    /// A site's namespace.
    #[must_use]
    pub fn site(&self, site: u8) -> &Namespace {
        &self.sites[usize::from(site)]
    }

    /// A site's cable.
    #[must_use]
    pub fn wire(&self, site: u8) -> &Wire {
        &self.wires[usize::from(site)]
    }

    /// All cables are like that from now on.
    pub fn set_weather(&self, weather: Weather) {
        for wire in &self.wires {
            wire.set(weather);
        }
    }

    /// One more site: `eth0` there leads to `site0` here, the wire from there to `wire0`, and that to the bridge.
    fn add(&mut self, index: u8) {
        let (site, switch) = (Namespace::new(&index.to_string()), &self.switch);
        let (near, far, port) = (format!("site{index}"), format!("wire{index}"), format!("port{index}"));
        switch.ip(&format!("link add {near} type veth peer name eth0 netns {}", site.name()));
        switch.ip(&format!("link add {far} type veth peer name {port}"));
        switch.ip(&format!("link set {port} master bridge"));
        for interface in [&near, &far, &port] {
            switch.ip(&format!("link set {interface} up"));
        }
        // So that packets are whole when they leave, and none is larger than the wire takes.
        site.run("ethtool", "-K eth0 tx off sg off tso off gso off gro off");
        site.ip(&format!("address add {}/24 dev eth0", Self::address(index)));
        for interface in ["lo", "eth0"] {
            site.ip(&format!("link set {interface} up"));
        }
        self.wires.push(Wire::between(switch, [&near, &far], u64::from(index)));
        self.sites.push(site);
    }
}
