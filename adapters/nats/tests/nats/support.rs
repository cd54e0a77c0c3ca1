//! A server that has a bus and does nothing but keep what it hears; and a look at NATS from outside.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::JoinHandle;

use async_nats::{ConnectOptions, jetstream};
use herd::{Delivery, Event, Herd, Limits, Node, Post, QuestionId, ServerName, Subject};
use herd_nats::{Bus, Host, NatsUrl, Phase, Settings};
use herd_tests::nats::Nats;
use herd_tests::patience::wait_for;
use tokio::runtime::{Builder, Runtime};

/// A server with a bus.
pub(crate) struct Member {
    pub(crate) bus: Arc<Bus>,
    host: Arc<Keeper>,
    thread: Option<JoinHandle<()>>,
}

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Bus(bool),
    Bridge(Option<u64>),
    Message(Delivery, String),
    Unheard(QuestionId),
}

struct Keeper {
    node: Node,
    heard: Mutex<Vec<Heard>>,
    posts: Mutex<Vec<Post>>,
    phase: Mutex<(Phase, Option<Waker>)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host for Keeper {
    fn node(&self) -> &Node {
        &self.node
    }

    fn handle(&self, event: Event<'_>) {
        lock(&self.heard).push(match event {
            Event::Bus(is_there) => Heard::Bus(is_there),
            Event::Bridge(fence) => Heard::Bridge(fence),
            Event::Delivered { by, payload } => Heard::Message(by, String::from_utf8_lossy(payload).into_owned()),
            Event::Unheard(question) => Heard::Unheard(question),
            other => panic!("no bus says {other:?}"),
        });
    }

    fn poll_regions(&self, posts: &mut Vec<Post>) -> bool {
        posts.append(&mut lock(&self.posts));
        false
    }

    fn phase(&self, waker: &Waker) -> Phase {
        let mut phase = lock(&self.phase);
        phase.1 = Some(waker.clone());
        phase.0
    }
}

pub(crate) fn name(text: &str) -> ServerName {
    ServerName::new(text).expect("a name")
}

/// The settings of a server of that region.
pub(crate) fn settings(region: &str, nats: &[&Nats]) -> Settings {
    let urls = nats.iter().map(|nats| NatsUrl::new(&nats.url()).expect("a URL")).collect();
    Settings::new(name(region), urls)
}

/// A herd of servers of these names.
pub(crate) fn herd(names: &[&str]) -> Arc<Herd> {
    let member = |(index, &server): (usize, &&str)| herd::Member {
        name: name(server),
        address: format!("127.0.0.1:{}", 1000 + index),
        links: names.get(index + 1).map(|&next| next.into()).into_iter().collect(),
    };
    Arc::new(Herd::new(names.iter().enumerate().map(member).collect()).expect("a herd"))
}

impl Member {
    /// The server of that name of a herd of the classic five, in that region.
    pub(crate) fn start(server: &str, region: &str, nats: &[&Nats]) -> Self {
        Self::start_with(server, &Arc::new(Herd::classic()), settings(region, nats))
    }

    /// The server of that name of this herd, with these settings.
    pub(crate) fn start_with(server: &str, herd: &Arc<Herd>, settings: Settings) -> Self {
        let me = herd.find(server.as_bytes()).expect("one of the herd");
        let node = Node::new(Arc::clone(herd), me, Limits::default(), 1);
        let phase = Mutex::new((Phase::Running, None));
        let host = Arc::new(Keeper { node, heard: Mutex::default(), posts: Mutex::default(), phase });
        let nonce = NONCES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let bus = Arc::new(Bus::new(settings, &name(server), nonce));
        let (ran, seen) = (Arc::clone(&bus), Arc::clone(&host) as Arc<dyn Host>);
        let thread = std::thread::spawn(move || ran.run(&seen).expect("a runtime"));
        Self { bus, host, thread: Some(thread) }
    }

    /// Sends a message.
    pub(crate) fn post(&self, post: Post) {
        lock(&self.host.posts).push(post);
        self.bus.call();
    }

    /// Says something there, and wants no answer.
    pub(crate) fn say(&self, to: Subject, text: &str) {
        self.post(Post { to, payload: text.to_owned().into(), question: None });
    }

    /// Everything that it has heard.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        lock(&self.host.heard).clone()
    }

    /// Waits until it has heard something that `wanted` wants, and returns that.
    pub(crate) fn wait_for<T>(&self, what: &str, wanted: impl Fn(&Heard) -> Option<T>) -> T {
        wait_for(what, || self.heard().iter().find_map(&wanted))
    }

    /// Waits until it has heard a message with this text, and returns how it came.
    pub(crate) fn wait_for_message(&self, text: &str) -> Delivery {
        self.wait_for(&format!("the message {text:?}"), |heard| match heard {
            Heard::Message(by, said) if said == text => Some(by.clone()),
            _ => None,
        })
    }

    /// How often it has heard this text.
    pub(crate) fn times(&self, text: &str) -> usize {
        self.heard().iter().filter(|heard| matches!(heard, Heard::Message(_, said) if said == text)).count()
    }

    /// Waits until it takes part.
    pub(crate) fn wait_until_joined(&self) {
        wait_for("a server to join the others", || self.is_joined().then_some(()));
    }

    /// Whether it takes part now.
    pub(crate) fn is_joined(&self) -> bool {
        let last = self.heard().into_iter().rev().find_map(|heard| match heard {
            Heard::Bus(is_there) => Some(is_there),
            _ => None,
        });
        last.unwrap_or(false)
    }

    /// Its fencing number, if it is the bridge now.
    pub(crate) fn fence(&self) -> Option<u64> {
        let last = self.heard().into_iter().rev().find_map(|heard| match heard {
            Heard::Bridge(fence) => Some(fence),
            _ => None,
        });
        last.flatten()
    }

    /// Waits until it is the bridge, and returns its fencing number.
    pub(crate) fn wait_until_bridge(&self) -> u64 {
        wait_for("a server to be the bridge", || self.fence())
    }

    /// Waits until something is wrong that says this.
    pub(crate) fn wait_until_wrong(&self, says: &str) -> String {
        wait_for(&format!("a server to say {says:?}"), || {
            self.bus.wrong().into_iter().find(|wrong| wrong.contains(says))
        })
    }

    /// Goes on to that phase of a stop.
    pub(crate) fn advance(&self, to: Phase) {
        let waker = {
            let mut phase = lock(&self.host.phase);
            phase.0 = to;
            phase.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Stops it in order, and waits until it has.
    pub(crate) fn stop(mut self) {
        self.advance(Phase::Stopping);
        self.end();
    }

    fn end(&mut self) {
        self.advance(Phase::Over);
        self.thread.take().expect("it has not ended").join().expect("no panic");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.thread.is_some() && !std::thread::panicking() {
            self.end();
        }
    }
}

static NONCES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

/// Somebody else at a NATS server.
pub(crate) struct Visitor {
    runtime: Runtime,
    pub(crate) client: async_nats::Client,
}

impl Visitor {
    pub(crate) fn at(nats: &Nats) -> Self {
        Self::with(nats, ConnectOptions::new())
    }

    /// One who may need more than an address.
    pub(crate) fn with(nats: &Nats, options: ConnectOptions) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let client = runtime.block_on(options.connect(nats.url())).expect("a server that listens");
        Self { runtime, client }
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn jetstream(&self) -> jetstream::Context {
        let _within = self.runtime.enter();
        jetstream::new(self.client.clone())
    }

    /// Publishes something, and waits until NATS has it.
    pub(crate) fn publish(&self, subject: &str, reply: Option<&str>, payload: &[u8]) {
        let (subject, payload) = (subject.to_owned(), payload.to_vec().into());
        self.wait(async {
            match reply {
                Some(reply) => self.client.publish_with_reply(subject, reply.to_owned(), payload).await,
                None => self.client.publish(subject, payload).await,
            }
            .expect("a connection");
            self.client.flush().await.expect("a connection");
        });
    }

    /// How a stream is set up.
    pub(crate) fn stream(&self, name: &str) -> Option<jetstream::stream::Config> {
        let stream = self.wait(self.jetstream().get_stream(name)).ok()?;
        Some(stream.cached_info().config.clone())
    }
}
