//! A server's part in its region while there is a connection: what it hears, what it says, whether it is the bridge.

use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::stream::Stream;
use async_nats::{Client, Message, StatusCode, SubscribeError, Subscriber};
use futures_util::StreamExt as _;
use herd::{Delivery, Event, Post, Subject};
use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout_at};

use crate::arrivals::{Arrival, Arrivals, Queue};
use crate::bus::Bus;
use crate::connecting::Link;
use crate::fault::Fault;
use crate::host::{Host, Phase};
use crate::jetstream;
use crate::lease::{Claim, Holder, LASTS, Lease, Leases};
use crate::state::About;

/// How long JetStream may take to answer, or to acknowledge.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a message may wait until it is on its way. Whoever asks has stopped waiting then.
const SEND: Duration = Duration::from_secs(1);

/// How long until something is tried again that has failed.
const AGAIN: Duration = Duration::from_secs(1);

/// How long until it is looked again who is the bridge.
const LOOK: Duration = Duration::from_millis(1500);

/// How long a bridge waits for an arrival before it says that it still does, and how often it hears that NATS is there.
const PULL: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A NATS server that takes less than the longest message and what is written around it is not set up for this.
const LEAST_PAYLOAD: usize = Post::MOST + 1024;

/// A server in its region.
pub(crate) struct Region<'a> {
    bus: &'a Bus,
    host: &'a dyn Host,
    pub(crate) client: Client,
    jetstream: Context,
    link: watch::Receiver<Link>,
    phase: watch::Receiver<Phase>,
    arrivals: Arrivals,
    is_joined: Cell<bool>,
    is_bridge: Cell<bool>,
    /// Whether it has a lease, which it keeps a moment longer than it is the bridge.
    has_lease: watch::Sender<bool>,
}

/// What comes from other regions.
struct Heard {
    asked: Subscriber,
    answered: Subscriber,
    everybody: Subscriber,
}

impl<'a> Region<'a> {
    pub(crate) fn new(
        bus: &'a Bus,
        host: &'a dyn Host,
        client: Client,
        (link, phase): (watch::Receiver<Link>, watch::Receiver<Phase>),
        arrivals: Arrivals,
    ) -> Self {
        let jetstream = ContextBuilder::new().timeout(ANSWER).ack_timeout(ANSWER).build(client.clone());
        let (is_joined, is_bridge) = (Cell::new(false), Cell::new(false));
        let has_lease = watch::Sender::new(false);
        Self { bus, host, client, jetstream, link, phase, arrivals, is_joined, is_bridge, has_lease }
    }

    /// Takes part in the region whenever there is a connection.
    pub(crate) async fn take_part(&self) {
        let mut link = self.link.clone();
        loop {
            let Ok(now) = link.wait_for(|link| link.is_up).await.map(|link| *link) else { return pending().await };
            self.greet();
            tokio::select! {
                () = self.be_connected() => {}
                _ = link.wait_for(|link| *link != now) => {}
            }
            self.leave("disconnected from NATS");
        }
    }

    fn greet(&self) {
        let (info, state) = (self.client.server_info(), &self.bus.state);
        state.connected(&info.server_name, &info.version);
        if info.max_payload < LEAST_PAYLOAD {
            let most = info.max_payload;
            let why = format!("its max_payload is {most} bytes; set it to 128KB or more");
            state.wrong(About::Payload, why);
        }
    }

    /// Joins the others unless another herd calls its region the same, and leaves them when one begins to.
    async fn be_connected(&self) {
        let mut leases = None;
        loop {
            if let Ok(Holder::Stranger(claim)) = self.look(&mut leases).await {
                self.stay_away(&claim);
            } else {
                match self.subscribe().await {
                    Ok(heard) => {
                        self.join();
                        tokio::select! {
                            () = self.listen(heard) => {}
                            () = self.compete(&mut leases) => {}
                        }
                        self.leave("another region of the same name");
                    }
                    Err(error) => self.bus.state.wrong(About::Connection, error.to_string()),
                }
            }
            sleep(LOOK).await;
        }
    }

    fn join(&self) {
        self.bus.state.right(About::Region);
        self.is_joined.set(true);
        self.host.handle(Event::Bus(true));
    }

    /// Stops taking part, if it does.
    pub(crate) fn leave(&self, why: &str) {
        self.give_up(why);
        self.has_lease.send_replace(false);
        if self.is_joined.replace(false) {
            self.host.handle(Event::Bus(false));
        }
    }

    fn stay_away(&self, claim: &Claim) {
        let (region, Claim { server, address, .. }) = (&self.bus.settings.region, claim);
        let why = format!(
            "the herd of {server} at {address} calls its region {region} too; rename one of them; until then this server \
             asks no other region"
        );
        self.bus.state.wrong(About::Region, why);
    }

    /// This server, for the lease.
    fn claim(&self) -> Claim {
        let node = self.host.node();
        Claim::new(&node.herd(), &node.name(node.me()))
    }

    /// Who has the lease.
    async fn look(&self, leases: &mut Option<Leases>) -> Result<Holder, Fault> {
        let opened = match leases.take() {
            Some(opened) => opened,
            None => Leases::open(&self.jetstream, self.bus).await?,
        };
        let holder = opened.holder(&self.claim(), &self.host.node().herd()).await?;
        *leases = Some(opened);
        Ok(holder)
    }
}

/// What comes.
impl Region<'_> {
    async fn subscribe(&self) -> Result<Heard, SubscribeError> {
        let (subjects, region) = (&self.bus.subjects, self.bus.settings.region.to_string());
        Ok(Heard {
            asked: self.client.queue_subscribe(subjects.asked(), region).await?,
            answered: self.client.subscribe(subjects.answered()).await?,
            everybody: self.client.subscribe(subjects.everybody()).await?,
        })
    }

    async fn listen(&self, heard: Heard) {
        let Heard { asked, mut answered, mut everybody } = heard;
        let mut asked = Some(asked);
        let mut phase = self.phase.clone();
        loop {
            tokio::select! {
                Some(message) = next(&mut asked) => self.hear_question(&message),
                Some(message) = answered.next() => self.hear_answer(&message),
                Some(message) = everybody.next() => self.deliver(Delivery::Everybody, &message.payload),
                // Others of the region are asked from then on.
                _ = phase.wait_for(|phase| *phase != Phase::Running), if asked.is_some() => asked = None,
                else => return,
            }
        }
    }

    fn hear_question(&self, message: &Message) {
        match message.reply.as_ref().and_then(|reply| self.bus.subjects.asker(reply)) {
            Some(asker) => self.deliver(Delivery::Asked(asker), &message.payload),
            None => self.bus.state.counts.dropped.add(1),
        }
    }

    fn hear_answer(&self, message: &Message) {
        match (self.bus.subjects.question(&message.subject), message.status) {
            (Some(question), None) => {
                let asker = message.reply.as_ref().and_then(|reply| self.bus.subjects.asker(reply));
                self.deliver(Delivery::Answered(question, asker), &message.payload);
            }
            // NATS says so, with that status and no payload.
            (Some(question), Some(StatusCode::NO_RESPONDERS)) => self.host.handle(Event::Unheard(question)),
            _ => self.bus.state.counts.dropped.add(1),
        }
    }

    fn deliver(&self, by: Delivery, payload: &[u8]) {
        self.bus.state.counts.received.add(1);
        self.host.handle(Event::Delivered { by, payload });
    }
}

/// What goes.
impl Region<'_> {
    /// Sends what the node has for other regions, whenever it calls.
    pub(crate) async fn post(&self, called: &Notify) {
        let mut posts = Vec::new();
        loop {
            called.notified().await;
            loop {
                let has_more = self.host.poll_regions(&mut posts);
                self.send(&mut posts).await;
                if !has_more {
                    break;
                }
                yield_now().await;
            }
        }
    }

    async fn send(&self, posts: &mut Vec<Post>) {
        let (subjects, counts) = (&self.bus.subjects, &self.bus.state.counts);
        let until = Instant::now() + SEND;
        for Post { to, payload, question } in posts.drain(..) {
            if !self.is_joined.get() {
                counts.dropped.add(1);
                continue;
            }
            let subject = subjects.of(&to);
            if let Subject::Arrivals(_) = to {
                self.arrivals.push(Arrival { subject, payload }).await;
                continue;
            }
            let sent = async {
                match question {
                    Some(question) => self.client.publish_with_reply(subject, subjects.reply(question), payload).await,
                    None => self.client.publish(subject, payload).await,
                }
            };
            match timeout_at(until, sent).await {
                Ok(Ok(())) => counts.sent.add(1),
                Ok(Err(_)) | Err(_) => counts.dropped.add(1),
            }
        }
    }

    /// Sends arrivals. When some were not taken the node is told that other regions lack something, as if there had been no
    /// connection.
    pub(crate) async fn send_arrivals(&self, mut queue: Queue) {
        let state = &self.bus.state;
        loop {
            let (mut lost, why) = queue.send(&self.jetstream, &state.counts.sent).await;
            // Others come meanwhile, which would not be taken either.
            let _ = tokio::time::timeout(AGAIN, queue.drop_all(&mut lost)).await;
            state.unsent(lost, &why);
            if self.is_joined.get() {
                self.host.handle(Event::Bus(false));
                self.host.handle(Event::Bus(true));
            }
        }
    }
}

/// The bridge.
impl Region<'_> {
    /// Becomes the bridge whenever nobody is, until another herd is.
    async fn compete(&self, leases: &mut Option<Leases>) {
        let (mut phase, mut stream) = (self.phase.clone(), None);
        loop {
            if *phase.borrow_and_update() != Phase::Running {
                return pending().await;
            }
            match self.lead(leases, &mut stream).await {
                Ok(None) => self.bus.state.right(About::JetStream),
                Ok(Some(stranger)) => return self.stay_away(&stranger),
                Err(fault) => {
                    stream = None;
                    self.bus.state.wrong(About::JetStream, fault.to_string());
                }
            }
            sleep(LOOK).await;
        }
    }

    /// Is the bridge, if nobody else is, as long as it can; returns whoever of another herd is.
    async fn lead(&self, leases: &mut Option<Leases>, stream: &mut Option<Stream>) -> Result<Option<Claim>, Fault> {
        let own = match self.look(leases).await? {
            Holder::Stranger(claim) => return Ok(Some(claim)),
            Holder::Mate => None,
            Holder::This(revision) => Some(Some(revision)),
            Holder::Nobody => Some(None),
        };
        let stream = match stream {
            Some(stream) => stream,
            None => stream.insert(jetstream::arrivals(&self.jetstream, self.bus).await?),
        };
        let (Some(own), Some(leases)) = (own, leases.as_ref()) else { return Ok(None) };
        // First: whoever cannot read arrivals is no bridge.
        let consumer = self.consumer(stream).await?;
        if let Some(lease) = leases.take(&self.claim(), own).await? {
            self.hold(leases, lease, stream, consumer).await?;
        }
        Ok(None)
    }

    /// Is the bridge, as long as it has that lease and can read arrivals.
    async fn hold(
        &self,
        leases: &Leases,
        mut lease: Lease,
        stream: &Stream,
        consumer: PullConsumer,
    ) -> Result<(), Fault> {
        let mut phase = self.phase.clone();
        self.bus.state.right(About::JetStream);
        self.bus.state.bridge(Some(lease.fence), "");
        self.is_bridge.set(true);
        self.has_lease.send_replace(true);
        self.host.handle(Event::Bridge(Some(lease.fence)));
        let end = tokio::select! {
            why = leases.keep(&mut lease, || self.claim()) => {
                self.give_up(&why);
                self.has_lease.send_replace(false);
                return Ok(());
            }
            fault = self.read(stream, consumer) => Err(fault),
            _ = phase.wait_for(|phase| *phase != Phase::Running) => Ok(()),
        };
        self.give_up(if end.is_ok() { "stopping" } else { "arrivals cannot be read" });
        leases.release(&lease).await;
        self.has_lease.send_replace(false);
        end
    }

    /// Waits until it has no lease.
    pub(crate) async fn without_lease(&self) {
        // There is one that sends.
        let _ = self.has_lease.subscribe().wait_for(|has| !has).await;
    }

    /// Is the bridge no more, if it was.
    fn give_up(&self, why: &str) {
        if self.is_bridge.replace(false) {
            self.bus.state.bridge(None, why);
            self.host.handle(Event::Bridge(None));
        }
    }

    /// Reads arrivals, until there is nobody to read them from.
    async fn read(&self, stream: &Stream, mut consumer: PullConsumer) -> Fault {
        let state = &self.bus.state;
        loop {
            state.lags(consumer.cached_info().num_pending);
            if let Err(fault) = self.read_by(&consumer).await {
                state.wrong(About::JetStream, fault.to_string());
            }
            sleep(AGAIN).await;
            match self.consumer(stream).await {
                Ok(again) => consumer = again,
                Err(fault) => return fault,
            }
        }
    }

    async fn consumer(&self, stream: &Stream) -> Result<PullConsumer, Fault> {
        jetstream::consumer(stream, self.bus.settings.region.as_str(), &self.bus.state).await
    }

    /// Reads arrivals. Each is acknowledged when the node has taken it in.
    async fn read_by(&self, consumer: &PullConsumer) -> Result<(), Fault> {
        let state = &self.bus.state;
        let what = || format!("the arrivals for {}", self.bus.settings.region);
        let pulled =
            consumer.stream().max_messages_per_batch(jetstream::MOST_UNACKED).expires(PULL).heartbeat(HEARTBEAT);
        let mut arrivals = pulled.messages().await.map_err(|error| Fault::of(what(), &error))?;
        while let Some(arrival) = arrivals.next().await {
            let arrival = arrival.map_err(|error| Fault::of(what(), &error))?;
            if *self.phase.borrow() != Phase::Running {
                return pending().await;
            }
            state.right(About::JetStream);
            if let Ok(info) = arrival.info() {
                state.lags(info.pending);
            }
            self.deliver(Delivery::Arrivals, &arrival.payload);
            // If that is lost, the arrival comes again.
            let _ = arrival.ack().await;
        }
        Ok(())
    }
}

/// The next message, if any come by that way.
async fn next(subscriber: &mut Option<Subscriber>) -> Option<Message> {
    match subscriber {
        Some(subscriber) => subscriber.next().await,
        None => None,
    }
}

/// The same lease is looked at several times before it goes.
const _: () = assert!(LOOK.as_millis() * 3 < LASTS.as_millis());
