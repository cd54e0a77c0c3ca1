//! Arrivals on their way into JetStream: acknowledged, in order, a few at once.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::pin::Pin;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::publish::PublishAck;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::state::Count;

/// As many may be without an acknowledgment.
const MOST_UNACKED: usize = 16;

/// As many may wait behind those.
const MOST_WAITING: usize = 64;

type Ack = Pin<Box<dyn Future<Output = Result<PublishAck, PublishError>> + Send>>;

/// A message for the stream of arrivals.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) subject: String,
    pub(crate) payload: Bytes,
}

/// The way into the queue.
#[derive(Debug)]
pub(crate) struct Arrivals(mpsc::Sender<Arrival>);

/// What waits, and what is under way.
pub(crate) struct Queue {
    waiting: mpsc::Receiver<Arrival>,
    unacked: VecDeque<Ack>,
}

impl Arrivals {
    /// A queue, and the way into it.
    pub(crate) fn new() -> (Self, Queue) {
        let (way, waiting) = mpsc::channel(MOST_WAITING);
        (Self(way), Queue { waiting, unacked: VecDeque::new() })
    }

    /// Lets a message wait, when there is room for it.
    pub(crate) async fn push(&self, arrival: Arrival) {
        // The other end lives as long as this one.
        let _ = self.0.send(arrival).await;
    }
}

impl Queue {
    /// Sends what comes, until something was not taken: why, and how many messages that and what waited behind it are.
    pub(crate) async fn send(&mut self, jetstream: &Context, sent: &Count) -> (usize, String) {
        loop {
            let has_room = self.unacked.len() < MOST_UNACKED;
            tokio::select! {
                Some(acked) = first(&mut self.unacked) => {
                    self.unacked.pop_front();
                    match acked {
                        Ok(_) => sent.add(1),
                        Err(error) => return (1 + self.clear(), error.to_string()),
                    }
                }
                Some(arrival) = self.waiting.recv(), if has_room => {
                    match jetstream.publish(arrival.subject, arrival.payload).await {
                        Ok(ack) => self.unacked.push_back(Box::pin(ack.into_future())),
                        Err(error) => return (1 + self.clear(), error.to_string()),
                    }
                }
            }
        }
    }

    /// Drops what comes, and counts it.
    pub(crate) async fn drop_all(&mut self, dropped: &mut usize) {
        while self.waiting.recv().await.is_some() {
            *dropped += 1;
        }
    }

    /// Drops all of them, and says how many there were.
    fn clear(&mut self) -> usize {
        let mut dropped = self.unacked.len();
        self.unacked.clear();
        while self.waiting.try_recv().is_ok() {
            dropped += 1;
        }
        dropped
    }
}

/// The first acknowledgment, when it is there.
async fn first(unacked: &mut VecDeque<Ack>) -> Option<Result<PublishAck, PublishError>> {
    match unacked.front_mut() {
        Some(ack) => Some(ack.await),
        None => None,
    }
}
