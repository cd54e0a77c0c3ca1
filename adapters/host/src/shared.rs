//! What the tasks of one server share: the node, and the ways to each task.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use herd::{
    Action, Answer, Event, FetchId, Herd, Limits, Node, Notice, Places, ServerId, Session, SessionId, Turn, Unavailable,
};
use herd_places::Source;

use crate::clock::Clock;
use crate::link;
use crate::lock::lock;
use crate::mailbox::Mailbox;
use crate::runtime::Runtime;
use crate::timer::Timer;
use crate::wake_flag::WakeFlag;

/// One server: its node, its places, its clock, and the ways to its tasks.
pub(crate) struct Shared<R> {
    pub(crate) node: Node,
    pub(crate) herd: Arc<Herd>,
    pub(crate) me: ServerId,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) timer: Timer,
    /// The address of this machine that neighbours know this server by, where connections to them
    /// must come from it.
    pub(crate) connect_from: Option<IpAddr>,
    source: Arc<dyn Source>,
    sessions: Mutex<HashMap<SessionId, Arc<Mailbox<Answer>>>>,
    /// What tells each neighbour's task that the node has something for it.
    links: HashMap<ServerId, Arc<WakeFlag>>,
    next_session: AtomicU64,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> Shared<R> {
    pub(crate) fn new(
        herd: Arc<Herd>,
        me: ServerId,
        limits: Limits,
        source: Arc<dyn Source>,
        seed: u64,
        connect_from: Option<IpAddr>,
    ) -> Self {
        let node = Node::new(Arc::clone(&herd), me, limits.clone(), seed);
        node.ask_at_least(source.least_bound());
        let links = herd.neighbours(me).iter().map(|&peer| (peer, Arc::default())).collect();
        Self {
            node,
            herd,
            me,
            limits,
            clock: Clock::start(),
            timer: Timer::default(),
            connect_from,
            source,
            sessions: Mutex::default(),
            links,
            next_session: AtomicU64::new(0),
            runtime: PhantomData,
        }
    }

    /// This server's name.
    pub(crate) fn name(&self) -> &str {
        self.herd.name(self.me).as_str()
    }

    pub(crate) fn session_id(&self) -> SessionId {
        SessionId(self.next_session.fetch_add(1, Ordering::Relaxed))
    }

    /// Starts the task of each neighbour's link.
    pub(crate) fn start_links(self: &Arc<Self>) {
        for (&peer, flag) in &self.links {
            R::spawn(link::run(Arc::clone(self), peer, Arc::clone(flag)));
        }
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
                        _ => self.deliver(session, answer),
                    },
                    Action::Forward { peer } => self.wake_link(peer),
                    Action::WakeAt(at) => self.timer.set(at),
                    Action::Fetch { fetch, query } if self.source.blocks() => {
                        let shared = Arc::clone(self);
                        R::spawn_blocking(move || {
                            let outcome = shared.source.nearby(&query);
                            shared.fetched(fetch, outcome);
                        });
                    }
                    Action::Fetch { fetch, query } => fetched.push((fetch, self.source.nearby(&query))),
                }
            }
            for (fetch, outcome) in fetched {
                self.node.handle(turn, Event::Fetched { fetch, outcome });
            }
        }
        for notice in turn.notices.drain(..) {
            self.log(notice);
        }
    }

    /// Opens the way for answers to a session that waits for some.
    pub(crate) fn expect_answers(&self, session: SessionId, mailbox: &Arc<Mailbox<Answer>>) {
        lock(&self.sessions).insert(session, Arc::clone(mailbox));
    }

    /// Closes it again; a session that has gone while it waited costs nothing more.
    pub(crate) fn expect_no_answers(self: &Arc<Self>, session: SessionId, gone: bool) {
        lock(&self.sessions).remove(&session);
        if gone {
            self.handle(&mut Turn::default(), Event::Gone(session));
        }
    }

    fn fetched(self: &Arc<Self>, fetch: FetchId, outcome: Result<Places, Unavailable>) {
        if let Err(error) = &outcome {
            tracing::warn!(target: "herd::places", server = self.name(), %error, "places could not be had");
        }
        self.handle(&mut Turn::default(), Event::Fetched { fetch, outcome });
    }

    fn deliver(&self, session: SessionId, answer: Answer) {
        let mailbox = lock(&self.sessions).get(&session).map(Arc::clone);
        if let Some(mailbox) = mailbox {
            mailbox.put(answer);
        }
    }

    fn wake_link(&self, peer: ServerId) {
        if let Some(flag) = self.links.get(&peer) {
            flag.set();
        }
    }

    fn log(&self, notice: Notice) {
        let server = self.name();
        match notice {
            Notice::Compared { peer, sent: 0, received: 0 } => {
                tracing::debug!(target: "herd::links", server, with = %self.herd.name(peer), "compared, nothing differs");
            }
            Notice::Compared { peer, sent, received } => {
                tracing::info!(target: "herd::links", server, with = %self.herd.name(peer), sent, received, "repaired");
            }
            Notice::NeighbourDiffers { peer } => {
                tracing::warn!(target: "herd::links", server, neighbour = %self.node.name(peer), "lists of servers differ");
            }
            Notice::Refused { peer, why } => {
                tracing::warn!(target: "herd::links", server, neighbour = %self.node.name(peer), reason = %why, "refused by a neighbour");
            }
            Notice::HerdChanged { added, removed } => {
                tracing::info!(target: "herd::server", server, added, removed, "list of servers changed");
            }
            Notice::HerdRefused(why) => {
                tracing::error!(target: "herd::server", server, reason = %why, "list of servers refused")
            }
            // The link's task says so itself, with the reason and the address.
            Notice::NeighbourDown { .. } | Notice::NeighbourUp { .. } => {}
        }
    }
}
