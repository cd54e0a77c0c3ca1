//! What the tasks of one server share: the node, and the ways to each task.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use herd::{
    Action, Answer, Event, FetchId, HostStatus, Node, Places, Query, ServerName, Session, SessionId, Turn, Unavailable,
};
use herd_nats::Bus;
use herd_places::Source;

use crate::about::About;
use crate::clock::Clock;
use crate::config::{PlacesSource, Settings};
use crate::data::Data;
use crate::lock::lock;
use crate::mailbox::Mailbox;
use crate::neighbours::Neighbours;
use crate::notices::log;
use crate::runtime::Runtime;
use crate::shutdown::Shutdown;
use crate::timer::Timer;
use crate::tls::{Tls, TlsSlot};
use crate::whole;

/// What one task has for a connection's.
#[derive(Debug)]
pub(crate) enum Letter {
    /// Places that its session asked for.
    Answer(Answer),
    /// It is to be closed: buffers are full.
    Close,
}

/// One server: its node, its places, its clock, and the ways to its tasks.
pub(crate) struct Shared<R> {
    pub(crate) node: Node,
    name: ServerName,
    about: About,
    /// What it keeps on disk, if it does.
    pub(crate) data: Option<Arc<Data>>,
    /// What joins it to other regions, if it is to be.
    pub(crate) bus: Option<Arc<Bus>>,
    pub(crate) shutdown: Arc<Shutdown>,
    pub(crate) clock: Clock,
    pub(crate) timer: Timer,
    pub(crate) tls: TlsSlot,
    pub(crate) neighbours: Neighbours,
    /// The address of this machine that neighbours know this server by, where connections to them
    /// must come from it.
    pub(crate) connect_from: Mutex<Option<IpAddr>>,
    /// What is set of its HTTP door.
    pub(crate) http: Mutex<Arc<herd_web::Settings>>,
    /// How long fetches and syncs took.
    pub(crate) timed: Arc<herd_web::Timed>,
    source: Mutex<Arc<dyn Source>>,
    sessions: Mutex<HashMap<SessionId, Arc<Mailbox<Letter>>>>,
    next_session: AtomicU64,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> Shared<R> {
    pub(crate) fn new(
        settings: &Settings,
        node: Node,
        data: Option<Arc<Data>>,
        source: Arc<dyn Source>,
        tls: Option<Arc<Tls>>,
    ) -> Self {
        let name = node.name(node.me());
        node.ask_at_least(source.least_bound());
        let timed = data.as_ref().map(|data| Arc::clone(&data.timed)).unwrap_or_default();
        Self {
            node,
            shutdown: Arc::new(Shutdown::of(name.as_str())),
            name,
            data,
            bus: None,
            about: About::new(settings, R::NAME),
            clock: Clock::start(),
            timer: Timer::default(),
            tls: TlsSlot::new(tls),
            neighbours: Neighbours::default(),
            connect_from: Mutex::default(),
            http: Mutex::new(Arc::clone(&settings.http.door)),
            timed,
            source: Mutex::new(source),
            sessions: Mutex::default(),
            next_session: AtomicU64::new(0),
            runtime: PhantomData,
        }
    }

    /// This server's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    pub(crate) fn server_name(&self) -> &ServerName {
        &self.name
    }

    /// Where the others reach that server, as the present herd has it.
    pub(crate) fn address_of(&self, server: &ServerName) -> Option<String> {
        let herd = self.node.herd();
        herd.find(server.as_bytes()).map(|id| herd.member(id).address.clone())
    }

    /// What there is to say of this server that its node does not know.
    pub(crate) fn status(&self) -> HostStatus {
        let mut status = self.about.status(&self.node.limits());
        if let Some(tls) = self.tls.get() {
            status.wrong.extend(tls.own().wrong(SystemTime::now()).map(|fault| fault.remedy));
        }
        if let Some(data) = &self.data {
            status.data = Some(data.status(self.clock.elapsed()));
            status.wrong.extend(data.wrong());
        }
        if let Some(bus) = &self.bus {
            status.region = Some(bus.status());
            status.wrong_elsewhere.extend(bus.wrong());
        }
        status
    }

    pub(crate) fn session_id(&self) -> SessionId {
        SessionId(self.next_session.fetch_add(1, Ordering::Relaxed))
    }

    /// Tells the node what happened and does what it says.
    pub(crate) fn handle(self: &Arc<Self>, turn: &mut Turn, event: Event<'_>) {
        self.tell(turn, event);
        self.perform(turn, None);
    }

    /// Tells the node what happened; [`perform`](Self::perform) is to be called then.
    pub(crate) fn tell(&self, turn: &mut Turn, event: Event<'_>) {
        turn.now = self.clock.now();
        self.node.handle(turn, event);
    }

    /// Does what the node said, and what it says to what came of that; then tells people what it noticed. Answers for
    /// the session `own` are put into that output and not in its mailbox.
    pub(crate) fn perform(self: &Arc<Self>, turn: &mut Turn, mut own: Option<(&mut Session, &mut Vec<u8>)>) {
        while !turn.actions.is_empty() {
            let mut fetched = Vec::new();
            for action in turn.actions.drain(..) {
                match action {
                    Action::Answer { session, answer } => match &mut own {
                        Some((own, output)) if own.id() == session => own.answer(answer, output),
                        _ => self.deliver(session, Letter::Answer(answer)),
                    },
                    Action::Close { session } => self.deliver(session, Letter::Close),
                    Action::Look { session } => self.wake(session),
                    Action::Forward { peer } => self.neighbours.wake(peer),
                    Action::WakeAt(at) => self.timer.set(at),
                    Action::Post => self.bus.iter().for_each(|bus| bus.call()),
                    Action::Fetch { fetch, query } => fetched.extend(self.fetch(fetch, query)),
                }
            }
            for (fetch, outcome) in fetched {
                self.node.handle(turn, Event::Fetched { fetch, outcome });
            }
        }
        for notice in turn.notices.drain(..) {
            log(&self.node, self.name(), &notice);
        }
    }

    /// Opens the way for what others have for a session.
    pub(crate) fn expect_letters(&self, session: SessionId, mailbox: &Arc<Mailbox<Letter>>) {
        lock(&self.sessions).insert(session, Arc::clone(mailbox));
    }

    /// Closes it again; a session that has gone while it waited costs nothing more.
    pub(crate) fn expect_no_letters(self: &Arc<Self>, session: SessionId, gone: bool) {
        lock(&self.sessions).remove(&session);
        if gone {
            self.handle(&mut Turn::default(), Event::Gone(session));
        }
    }

    /// Places come from that source from now on.
    pub(crate) fn replace_places(&self, name: PlacesSource, source: Arc<dyn Source>) {
        self.about.places_from(name);
        self.node.ask_at_least(source.least_bound());
        *lock(&self.source) = source;
        // What is kept is of the one before.
        self.node.forget_places();
    }

    /// Asks for places: what came of that, where nobody had to be waited for.
    fn fetch(self: &Arc<Self>, fetch: FetchId, query: Query) -> Option<(FetchId, Result<Places, Unavailable>)> {
        let source = Arc::clone(&lock(&self.source));
        if !source.blocks() {
            return Some((fetch, source.nearby(&query)));
        }
        let shared = Arc::clone(self);
        whole::spawn_blocking::<R>(&self.shutdown, move || {
            let start = shared.clock.elapsed();
            let outcome = source.nearby(&query);
            shared.timed.fetches.observe(shared.clock.elapsed().saturating_sub(start));
            shared.fetched(fetch, outcome);
        });
        None
    }

    fn fetched(self: &Arc<Self>, fetch: FetchId, outcome: Result<Places, Unavailable>) {
        self.about.fetched(outcome.as_ref().err().map(ToString::to_string));
        if let Err(error) = &outcome {
            tracing::warn!(target: "herd::places", server = self.name(), %error, "places could not be had");
        }
        self.handle(&mut Turn::default(), Event::Fetched { fetch, outcome });
    }

    fn deliver(&self, session: SessionId, letter: Letter) {
        if let Some(mailbox) = self.mailbox(session) {
            mailbox.put(letter);
        }
    }

    /// What that session watches has changed: its connection asks it whether it can go on.
    pub(crate) fn wake(&self, session: SessionId) {
        if let Some(mailbox) = self.mailbox(session) {
            mailbox.wake();
        }
    }

    fn mailbox(&self, session: SessionId) -> Option<Arc<Mailbox<Letter>>> {
        lock(&self.sessions).get(&session).map(Arc::clone)
    }
}
