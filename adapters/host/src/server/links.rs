//! The tasks of the links: one for each neighbour that the node has.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use herd::{Event, Herd, ServerName, Turn};

use crate::lock::lock;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::shutdown::{Role, Task};
use crate::{address, link, whole};

/// What a herd's addresses stand for, as far as one of its servers has to know.
pub(super) struct Resolved {
    neighbours: Vec<(ServerName, Vec<IpAddr>)>,
    connect_from: Option<IpAddr>,
}

/// Looks up the addresses that the server of that name has to know.
pub(super) async fn resolve<R: Runtime>(herd: &Herd, me: &ServerName) -> Resolved {
    let mut resolved = Resolved { neighbours: Vec::new(), connect_from: None };
    let Some(id) = herd.find(me.as_bytes()) else { return resolved };
    let own = address::resolve::<R>(herd.member(id).address.clone()).await;
    resolved.connect_from = own.ok().and_then(|addresses| connect_from(&addresses));
    for &neighbour in herd.neighbours(id) {
        let neighbour = herd.member(neighbour);
        match address::resolve::<R>(neighbour.address.clone()).await {
            Ok(addresses) => {
                let ips = addresses.iter().map(SocketAddr::ip).collect();
                resolved.neighbours.push((neighbour.name.clone(), ips));
            }
            Err(error) => log_unknown(me, &neighbour.name, &neighbour.address, &error),
        }
    }
    resolved
}

/// Tells the node where its neighbours may connect from, and starts the task of each that has none.
pub(super) fn start<R: Runtime>(shared: &Arc<Shared<R>>, resolved: &Resolved, turn: &mut Turn) {
    *lock(&shared.connect_from) = resolved.connect_from;
    for (neighbour, addresses) in &resolved.neighbours {
        if let Some(peer) = shared.node.server(neighbour.as_bytes()) {
            shared.handle(turn, Event::Resolved { peer, addresses });
        }
    }
    for link in shared.node.links() {
        if let Some(flag) = shared.neighbours.add(link.peer) {
            let task = Task::new(&shared.shutdown, Role::Link);
            whole::spawn::<R>(&shared.shutdown, link::run(Arc::clone(shared), link.peer, flag, task));
        }
    }
}

/// The address to connect to neighbours from, where the system would choose another one: a neighbour
/// believes only what comes from this server's `address`.
fn connect_from(addresses: &[SocketAddr]) -> Option<IpAddr> {
    let ip = addresses.first()?.ip();
    let is_default = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
    let is_ours = || UdpSocket::bind((ip, 0)).is_ok();
    (!is_default && !ip.is_unspecified() && is_ours()).then_some(ip)
}

fn log_unknown(server: &ServerName, neighbour: &ServerName, address: &str, error: &io::Error) {
    tracing::warn!(target: "herd::links", %server, %neighbour, %address, %error, "neighbour's address cannot be looked up");
}
