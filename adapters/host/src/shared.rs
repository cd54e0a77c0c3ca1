//! What the tasks of one server share: the node, and the ways to each task.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use herd::{
    Action, Answer, Attempt, Event, FetchId, Herd, Limits, Node, Now, Places, ServerId, SessionId, Unavailable,
};
use herd_places::Source;

use crate::clock::Clock;
use crate::link::{self, LinkBox};
use crate::lock::lock;
use crate::mailbox::Mailbox;
use crate::runtime::Runtime;
use crate::timer::Timer;

/// One server: its node, its places, its clock, and the mailboxes of its tasks.
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
    links: Mutex<HashMap<ServerId, Newest>>,
    /// Neighbours whose failures have been logged and that have not been reached since.
    unreached: Mutex<HashSet<ServerId>>,
    next_session: AtomicU64,
    runtime: PhantomData<fn() -> R>,
}

/// The newest attempt to reach a neighbour, and the way to its task while that runs.
type Newest = (Attempt, Option<Arc<LinkBox>>);

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
            links: Mutex::default(),
            unreached: Mutex::default(),
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

    /// Tells the node what happened and does what it says.
    pub(crate) fn handle(self: &Arc<Self>, event: Event<'_>) {
        let now = self.clock.now();
        let mut actions = Vec::new();
        self.with_node(|node| node.handle(now, event, &mut actions));
        self.perform(now, &mut actions, None);
    }

    /// Calls the node, and sets the timer to when it next wants to be called.
    pub(crate) fn with_node<T>(&self, call: impl FnOnce(&Node) -> T) -> T {
        let result = call(&self.node);
        if let Some(wake) = self.node.next_wake() {
            self.timer.set(wake);
        }
        result
    }

    /// Does what the node said, and what it says to what came of that. Answers for the session `own`
    /// are put there and not in its mailbox.
    pub(crate) fn perform(
        self: &Arc<Self>,
        now: Now,
        actions: &mut Vec<Action>,
        mut own: Option<(SessionId, &mut Vec<Answer>)>,
    ) {
        while !actions.is_empty() {
            let mut fetched = Vec::new();
            for action in actions.drain(..) {
                match action {
                    Action::Reply { session, answer } => match &mut own {
                        Some((id, answers)) if *id == session => answers.push(answer),
                        _ => self.deliver(session, answer),
                    },
                    Action::Connect { peer, attempt } => self.connect(peer, attempt),
                    Action::Forward { peer, attempt } => self.tell_link(peer, attempt, LinkBox::forward),
                    Action::Disconnect { peer, attempt, why } => {
                        self.tell_link(peer, attempt, |link| link.disconnect(why));
                    }
                    Action::Compared { peer, sent, received } => self.log_comparison(peer, sent, received),
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
            if !fetched.is_empty() {
                self.with_node(|node| {
                    for (fetch, outcome) in fetched {
                        node.handle(now, Event::Fetched { fetch, outcome }, actions);
                    }
                });
            }
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
            self.handle(Event::Gone(session));
        }
    }

    fn log_comparison(&self, peer: ServerId, sent: u64, received: u64) {
        let (server, with) = (self.name(), self.herd.name(peer));
        if sent + received > 0 {
            tracing::info!(target: "herd::links", server, %with, sent, received, "repaired");
        } else {
            tracing::debug!(target: "herd::links", server, %with, "compared, nothing differs");
        }
    }

    fn fetched(self: &Arc<Self>, fetch: FetchId, outcome: Result<Places, Unavailable>) {
        if let Err(error) = &outcome {
            tracing::warn!(target: "herd::places", server = self.name(), %error, "places could not be had");
        }
        self.handle(Event::Fetched { fetch, outcome });
    }

    fn deliver(&self, session: SessionId, answer: Answer) {
        let mailbox = lock(&self.sessions).get(&session).map(Arc::clone);
        if let Some(mailbox) = mailbox {
            mailbox.put(answer);
        }
    }

    /// Starts an attempt. Two threads may perform actions in another order than the node gave them, so
    /// an attempt may be over, or a newer one begun, before its turn comes.
    fn connect(self: &Arc<Self>, peer: ServerId, attempt: Attempt) {
        let mut links = lock(&self.links);
        if links.get(&peer).is_none_or(|(newest, _)| *newest < attempt) {
            let link = Arc::new(LinkBox::default());
            links.insert(peer, (attempt, Some(Arc::clone(&link))));
            R::spawn(link::run(Arc::clone(self), peer, attempt, link));
        }
    }

    fn tell_link(&self, peer: ServerId, attempt: Attempt, tell: impl FnOnce(&LinkBox)) {
        let mut links = lock(&self.links);
        match links.get(&peer) {
            Some((newest, Some(link))) if *newest == attempt => tell(link),
            Some((newest, _)) if *newest >= attempt => {}
            _ => drop(links.insert(peer, (attempt, None))),
        }
    }

    /// Whether it is news that a neighbour can be reached, or cannot: a server that is down for a
    /// day is worth a line in the log, and not one for each attempt.
    pub(crate) fn is_news(&self, peer: ServerId, reached: bool) -> bool {
        let mut unreached = lock(&self.unreached);
        if reached { unreached.remove(&peer) } else { unreached.insert(peer) }
    }

    /// A connection is over: nothing will be told to it any more.
    pub(crate) fn forget_link(&self, peer: ServerId, attempt: Attempt) {
        if let Some((_, link)) = lock(&self.links).get_mut(&peer).filter(|(newest, _)| *newest == attempt) {
            *link = None;
        }
    }
}
