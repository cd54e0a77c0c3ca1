//! A server of a herd, from its start to its stop.

mod accept;
mod bound;
mod drain;
mod error;
mod links;
mod reload;
mod tally;
mod watch;

use std::fmt;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use herd::wire::Target;
use herd::{Event, Node, OwnedRecord, Refusal, Sighting, Turn};
use herd_places::Source;

use self::accept::Door;
pub(crate) use self::bound::{Bound, try_to_listen};
pub use self::error::{BindError, ReloadError, ReportError, StartError};
pub use self::watch::Watch;
use crate::config::Settings;
use crate::data::{NotSafe, Opened, Stored};
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::shutdown::{Phase, Role, Task};
use crate::stopped::StopError;
use crate::{blocking, data, http, regions, timer, tls, whole};

/// A handle to a server that runs beside whatever else a program does.
///
/// The server is a few tasks of the runtime `R`: one that accepts, one for each connection, one for each neighbour, a
/// timer. It opens no log and takes no signals; what it has to tell goes to the program's own [`tracing`] subscriber,
/// under targets that begin with `herd::`.
///
/// A handle can be cloned, and all its clones are handles to the same server. Dropping them does not stop it: it goes on
/// until [`stop`](Self::stop), or until its runtime ends. So no client or neighbour loses anything because a handle went
/// out of scope.
///
/// Call everything here within the runtime `R`.
pub struct Server<R: Runtime> {
    inner: Arc<Inner<R>>,
}

struct Inner<R> {
    shared: Arc<Shared<R>>,
    address: SocketAddr,
    http: Option<SocketAddr>,
    /// Held while new settings take the place of others.
    reloading: Mutex<()>,
}

impl<R: Runtime> Server<R> {
    /// Starts the server `name` of the herd that these settings have, with its places from `source`. When this returns
    /// it accepts connections, and connects to its neighbours.
    ///
    /// Of the settings, `workers` and `log` are for programs that do nothing else; they are not looked at.
    /// [`Settings::open_places`] opens the source that settings describe.
    ///
    /// # Errors
    /// A [`StartError`]: nothing was started.
    pub async fn start(settings: &Settings, name: &str, source: Arc<dyn Source>) -> Result<Self, StartError> {
        let server = settings.herd.find(name.as_bytes()).ok_or_else(|| StartError::Unknown { name: name.into() })?;
        settings.guard(&[server])?;
        let read = settings.clone();
        let stored = blocking::run::<R, _>(move || Stored::read(&read, server)).await?;
        Bound::resolved::<R>(settings, server).await?.start(settings, stored, source).await
    }

    /// Its name in the herd.
    #[must_use]
    pub fn name(&self) -> &str {
        self.inner.shared.name()
    }

    /// Where it listens: what the settings say, with the port that the system chose where they say 0. Where the others
    /// reach it is another matter: that is the address that its herd has for it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Where it speaks HTTP, if it does.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.inner.http
    }

    /// Its node, to look at: clients and their positions, links, counters. What changes a node goes through the handle,
    /// which does what the node then wants.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.inner.shared.node
    }

    /// Takes in where a client is, as an IAMAT does, and tells the neighbours.
    ///
    /// What it returns is what was reported, with this server's name and skew. A newer report of the same client stays
    /// the one that is kept; [`Node::position`] tells which that is. It may not be on disk yet: [`safe`](Self::safe) waits
    /// for that.
    ///
    /// # Errors
    /// A [`ReportError`]: nothing has changed.
    pub fn report_position(&self, sighting: &Sighting<'_>) -> Result<OwnedRecord, ReportError> {
        let shared = &self.inner.shared;
        // As long as there is this, a stop waits before it tells the links that nothing new will come.
        let _task = Task::new(&shared.shutdown, Role::Other);
        if shared.shutdown.phase() != Phase::Running {
            return Err(ReportError::Stopping);
        }
        whole::within::<R, _>(&shared.shutdown, || {
            let mut turn = Turn::at(shared.clock.now());
            let reported = shared.node.report_position(&mut turn, sighting);
            shared.perform(&mut turn, None);
            Ok(reported?)
        })
    }

    /// Returns when everything that was reported before is safe on disk: at once, unless the setting `sync` is `"each"`. A
    /// program that acknowledges reports to others awaits it first, as the server does for its own clients.
    ///
    /// # Errors
    /// [`NotSafe`] while the disk fails. What was reported is kept in memory and known to the neighbours, and written once
    /// the disk works again.
    pub async fn safe(&self) -> Result<(), NotSafe> {
        let Some(data) = self.inner.shared.data.as_ref().filter(|data| data.is_each) else { return Ok(()) };
        let ticket = data.ticket();
        poll_fn(|context| data.poll_safe(ticket, Some(context.waker()))).await
    }

    /// Watches clients, as a WATCH or a FENCE does, with every right.
    ///
    /// # Errors
    /// As [`Node::watch`].
    pub fn watch(&self, target: &Target) -> Result<Watch<R>, Refusal> {
        let mut watch = Watch::new(&self.inner.shared);
        watch.add(target)?;
        Ok(watch)
    }

    /// Stops the server in order, and returns when it is down. Clients get the replies that they are owed, and
    /// neighbours what is queued for them: everything that was acknowledged is known elsewhere then, if there is a
    /// neighbour to tell.
    ///
    /// The port is closed at once, and no further request is read. Each connection is half-closed when all is sent, and
    /// read until the other end closes it too, so that nothing is lost on the way. All of that takes at most as long as
    /// the setting `drain`; what is left then is cut off.
    ///
    /// Once begun, a stop goes on whether or not somebody awaits it. Calling it again, also on a clone, awaits the same
    /// stop.
    ///
    /// # Errors
    /// A [`StopError`], where the time ran out, or the server has ended by a panic. It is down all the same.
    pub async fn stop(&self) -> Result<(), StopError> {
        self.begin_stop();
        self.stopped().await
    }

    /// Begins to stop it, unless that has begun.
    pub(crate) fn begin_stop(&self) {
        let shared = &self.inner.shared;
        if shared.shutdown.stop.begin() {
            whole::spawn::<R>(&shared.shutdown, drain::run(Arc::clone(shared), shared.node.limits().drain));
        }
    }

    /// Returns when the server is down, whoever stops it, also where it ends by itself: if one of its tasks panics, all
    /// of it does. Keep a task that awaits this, and starts another server.
    ///
    /// # Errors
    /// As [`stop`](Self::stop).
    pub async fn stopped(&self) -> Result<(), StopError> {
        let stop = &self.inner.shared.shutdown.stop;
        poll_fn(|context| stop.poll(context.waker())).await
    }
}

impl<R: Runtime> Clone for Server<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<R: Runtime> fmt::Debug for Server<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut server = f.debug_struct("Server");
        server.field("name", &self.name()).field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Bound {
    /// Starts the server's tasks.
    pub(crate) async fn start<R: Runtime>(
        self,
        settings: &Settings,
        stored: Stored,
        source: Arc<dyn Source>,
    ) -> Result<Server<R>, StartError> {
        let address = self.address().map_err(StartError::Listener)?;
        let listener = R::listener(self.listener).map_err(StartError::Listener)?;
        let http_address = self.http.as_ref().map(TcpListener::local_addr).transpose().map_err(StartError::Listener)?;
        let http = self.http.map(R::listener).transpose().map_err(StartError::Listener)?;
        let herd = &settings.herd;
        let tls = settings.tls.as_ref().map(|tls| tls.load(herd.name(self.server))).transpose()?;
        let data = stored.opened.as_ref().map(Opened::data);
        let mut shared: Shared<R> = Shared::new(settings, stored.node, data, source, tls);
        shared.bus = regions::join(settings, &shared.node)?;
        let shared = Arc::new(shared);
        // Those of these settings: there may be fewer files for connections than there were to be.
        shared.handle(&mut Turn::default(), Event::Limits(Arc::new(settings.limits.clone())));
        // Before the first neighbour connects: it is believed for its address.
        let resolved = links::resolve::<R>(herd, shared.server_name()).await;
        if let Some(opened) = &stored.opened {
            data::tell(opened, &shared.node, shared.name());
        }
        tracing::info!(target: "herd::server", server = shared.name(), %address, runtime = R::NAME, "server up");
        if let Some(tls) = shared.tls.get() {
            tls::tell(shared.name(), &tls);
        }
        let mut turn = Turn::default();
        let task = || Task::new(&shared.shutdown, Role::Other);
        whole::spawn::<R>(&shared.shutdown, timer::run(Arc::clone(&shared), task()));
        whole::spawn::<R>(&shared.shutdown, tls::watch(Arc::clone(&shared), task()));
        links::start(&shared, &resolved, &mut turn);
        whole::spawn::<R>(&shared.shutdown, accept::run(Arc::clone(&shared), listener, Door::Lines, task()));
        if let (Some(listener), Some(address)) = (http, http_address) {
            tracing::info!(target: "herd::http", server = shared.name(), %address, "HTTP up");
            let beside = herd.members().iter().filter(|_| self.is_whole).map(|member| member.name.clone()).collect();
            let door = Door::Http(http::door(&shared, address, beside));
            whole::spawn::<R>(&shared.shutdown, accept::run(Arc::clone(&shared), listener, door, task()));
        }
        if let Some(opened) = stored.opened {
            data::start(&shared, opened);
        }
        shared.handle(&mut turn, Event::Started);
        if let Some(bus) = &shared.bus {
            regions::start(&shared, bus);
        }
        let inner = Inner { shared, address, http: http_address, reloading: Mutex::default() };
        Ok(Server { inner: Arc::new(inner) })
    }
}
