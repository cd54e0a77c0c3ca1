//! Servers inside a program, of which a part panics: all of the server ends, says why, and the program goes on. `Adapter`
//! is the runtime of the test program that these are part of.

use std::future::{Future, poll_fn};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use herd::{Herd, Member, Query, ServerName, Sighting, Unavailable};
use herd_host::config::Settings;
use herd_host::{ReportError, Runtime, StopError, connect_from};
use herd_places::Source;
use herd_tests::client::Client;
use herd_tests::patience::PATIENCE;

use crate::Adapter;
use crate::panicky::{ACCEPTOR, CONNECTION, LINK, LONGEST, Panicky};

type Server = herd_host::Server<Panicky<Adapter>>;

/// A places source that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Places {
    /// It says so on a thread where it may block.
    Wait,
    /// It panics there.
    PanicAside,
    /// It panics on the task that asks.
    PanicAtOnce,
}

impl Source for Places {
    fn blocks(&self) -> bool {
        *self != Self::PanicAtOnce
    }

    fn least_bound(&self) -> u8 {
        0
    }

    fn nearby(&self, _: &Query) -> Result<herd::Places, Unavailable> {
        assert!(*self == Self::Wait, "panic of a places source");
        Err(Unavailable { status: herd::Status::UnknownError, message: "there are none".into() })
    }
}

fn settings(servers: &[(&str, SocketAddr)]) -> Settings {
    let member = |&(name, address): &(&str, SocketAddr)| Member {
        name: ServerName::new(name).expect("a name"),
        address: address.to_string(),
        links: servers.iter().map(|(name, _)| (*name).to_owned()).filter(|other| other != name).collect(),
    };
    Settings::new(Arc::new(Herd::new(servers.iter().map(member).collect()).expect("a herd")))
}

const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

async fn start(name: &str, source: Places, change: impl Fn(&mut Settings)) -> Server {
    let mut settings = settings(&[(name, ANYWHERE)]);
    change(&mut settings);
    Server::start(&settings, name, Arc::new(source)).await.expect("a server")
}

/// Fails the test where that takes too long.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let (mut future, mut time) = (pin!(future), pin!(Adapter::sleep(PATIENCE)));
    poll_fn(|context| {
        if let Poll::Ready(result) = future.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        assert!(time.as_mut().poll(context).is_pending(), "waited for {PATIENCE:?}");
        Poll::Pending
    })
    .await
}

/// Two servers, A and B, of which something is done to A: A ends as a whole with this message, and B lives.
fn ends(message: &str, source: Places, change: impl Fn(&mut Settings), does: impl FnOnce(&Server)) {
    let case = async {
        let (a, b) = (start("A", source, &change).await, start("B", Places::Wait, |_| {}).await);
        let both = settings(&[("A", a.address()), ("B", b.address())]);
        let mut changed = both.clone();
        change(&mut changed);
        let mut client = Client::connect(a.address());
        assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
        for (server, settings) in [(&a, &changed), (&b, &both)] {
            server.reload(settings).await.expect("a herd of two");
        }
        does(&a);
        let ended = in_time(a.stopped()).await;
        assert_eq!(ended, Err(StopError::Panicked { message: message.into() }));
        assert_eq!(in_time(a.stop()).await, ended);
        assert!(client.rest_unless_reset().unwrap_or_default().is_empty(), "its connections are closed");
        assert!(TcpStream::connect(a.address()).is_err(), "its port is closed");
        let sighting = Sighting::new(b"kiwi", b"+1+1", b"2").expect("a sighting");
        assert_eq!(a.report_position(&sighting).map(drop), Err(ReportError::Stopping));
        assert!(Client::connect(b.address()).ask("IAMAT moa +1+1 1").starts_with("AT B "));
        in_time(b.stop()).await.expect("an orderly stop");
    };
    Adapter::block_on(NonZeroUsize::new(2).expect("two"), case).expect("a runtime");
}

fn says(server: &Server, line: &str) {
    Client::connect(server.address()).send(line);
}

#[test]
fn a_connection() {
    ends(CONNECTION, Places::Wait, |_| {}, |server| says(server, &format!("IAMAT {CONNECTION} +1+1 1\n")));
}

#[test]
fn a_link() {
    ends(LINK, Places::Wait, |_| {}, |server| says(server, &format!("IAMAT {LINK} +1+1 1\n")));
}

#[test]
fn the_acceptor() {
    ends("panic of the acceptor", Places::Wait, |_| {}, |server| drop(connect_from(server.address(), ACCEPTOR)));
}

#[test]
fn the_timer() {
    // When the link is up there is nothing to do about it for that long.
    let change = |settings: &mut Settings| {
        let limits = &mut settings.limits;
        (limits.link_idle, limits.link_retry) = (2 * LONGEST, 2 * LONGEST);
        (limits.link_timeout, limits.repair_interval) = (2 * LONGEST, 2 * LONGEST);
    };
    ends("panic of a sleeper", Places::Wait, change, |_| {});
}

#[test]
fn a_fetch_of_places() {
    for source in [Places::PanicAside, Places::PanicAtOnce] {
        ends("panic of a places source", source, |_| {}, |server| says(server, "WHATSAT kiwi 10 5\n"));
    }
}

#[test]
fn a_stop() {
    let change = |settings: &mut Settings| settings.limits.drain = 2 * LONGEST;
    ends("panic of a sleeper", Places::Wait, change, |server| {
        let server = server.clone();
        Adapter::spawn(async move { drop(server.stop().await) });
    });
}
