//! Three NATS servers that are a cluster, and the ways between them.

use std::net::SocketAddr;

use super::{Nats, NatsPlan};
use crate::ports::free_address;
use crate::proxy::{Mode, Proxy};

/// Three NATS servers, each of which can be cut off from the other two while clients reach it as ever.
#[derive(Debug)]
pub struct Cluster {
    servers: [Nats; 3],
    /// A box on the way from one server to another.
    ways: Vec<([usize; 2], Proxy)>,
    /// Who is cut off.
    cut_off: [bool; 3],
}

impl Cluster {
    /// Starts three, and waits until JetStream can be used.
    #[must_use]
    pub fn start(plan: &NatsPlan) -> Self {
        let routes: [SocketAddr; 3] = std::array::from_fn(|_| free_address());
        let pairs = (0..3).flat_map(|from| (0..3).map(move |to| [from, to])).filter(|[from, to]| from != to);
        let ways: Vec<_> = pairs.map(|[from, to]| ([from, to], Proxy::before(routes[to]))).collect();
        let mut servers = std::array::from_fn(|server| {
            let from_here = ways.iter().filter(|([from, _], _)| *from == server);
            let others: Vec<String> = from_here.map(|(_, way)| format!("\"nats-route://{}\"", way.address())).collect();
            // What is advertised leads nowhere, or servers would find each other past the boxes.
            let cluster = format!(
                "cluster {{ name: herds, listen: \"{}\", advertise: \"127.0.0.1:1\", routes: [{}] }}",
                routes[server],
                others.join(", ")
            );
            plan.prepare(&format!("n{}", server + 1), free_address(), &cluster)
        });
        servers.iter_mut().for_each(Nats::spawn);
        servers.iter().for_each(Nats::wait);
        Self { servers, ways, cut_off: [false; 3] }
    }

    /// The servers.
    #[must_use]
    pub const fn servers(&self) -> &[Nats; 3] {
        &self.servers
    }

    /// The server of that index.
    pub const fn server(&mut self, index: usize) -> &mut Nats {
        &mut self.servers[index]
    }

    /// Cuts a server off from the others.
    pub fn cut_off(&mut self, server: usize) {
        self.cut_off[server] = true;
        self.set();
    }

    /// Joins it with the others again.
    pub fn join(&mut self, server: usize) {
        self.cut_off[server] = false;
        self.set();
    }

    fn set(&self) {
        for (pair, way) in &self.ways {
            way.set(if pair.iter().any(|&server| self.cut_off[server]) { Mode::Close } else { Mode::Pass });
        }
    }
}
