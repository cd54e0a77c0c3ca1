//! Asking, for as long as somebody waits: until Ctrl-C.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use super::conversation::{Aside, Conversation};
use super::standing::Standing;
use crate::client::Client;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::Server;

/// What is waited for.
pub(super) enum Happened {
    /// Ctrl-C.
    Interrupt,
    /// The connection with that number is there, to the client's present server, or cannot be had.
    Connected(u64, Client, Result<Connection, Failure>),
    /// It said something; nothing more where it was closed.
    Said(u64, io::Result<Option<Reply>>),
}

/// One request at a time, each on the connection of the one before if that can be.
pub(super) struct Exchange {
    client: Client,
    conversation: Option<Conversation>,
    /// How many connections there were.
    number: u64,
    sender: Sender<Happened>,
    happened: Receiver<Happened>,
    aside: Aside,
}

/// What came of waiting.
enum Waited {
    /// The reply.
    Replied(Reply),
    /// The connection is of no more use.
    Lost(io::Error),
    /// Ctrl-C.
    Left,
}

impl Exchange {
    /// Connects, and takes Ctrl-C from here on.
    pub(super) fn open(mut client: Client, aside: Aside, standing: Standing) -> Result<Self, Failure> {
        let connection = client.connect()?;
        let (sender, happened) = channel();
        let mut signals = Signals::new([SIGINT])?;
        let (interrupts, drawing) = (sender.clone(), aside.clone());
        thread::spawn(move || {
            signals.forever().all(|_| {
                standing.draw_anew(&drawing);
                interrupts.send(Happened::Interrupt).is_ok()
            })
        });
        let mut exchange = Self { client, conversation: None, number: 0, sender, happened, aside };
        exchange.converse(connection);
        Ok(exchange)
    }

    /// Of which servers.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// The server that is asked.
    pub(super) fn server(&self) -> &Server {
        self.client.server()
    }

    /// Sends one request and waits for its reply; `None` where somebody does not wait for it. Where a server does not answer,
    /// the next one is asked.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<Option<Reply>, Failure> {
        self.catch_up();
        let mut failures = Vec::new();
        loop {
            let is_old = self.conversation.is_some();
            if !is_old && !self.connect()? {
                return Ok(None);
            }
            match self.wait(request) {
                Waited::Replied(reply) => {
                    for failure in failures {
                        Failure::warn(&failure, self.client.format(), self.server());
                    }
                    return Ok(Some(reply));
                }
                Waited::Left => return Ok(None),
                // It was closed since the last request, as after a rest: nothing is lost.
                Waited::Lost(why) if is_old && why.kind() != io::ErrorKind::TimedOut => {}
                Waited::Lost(why) => {
                    failures.push(self.server().broken(&why));
                    self.client.turn();
                    if failures.len() == self.client.count() {
                        return Err(Failure::of_all(failures));
                    }
                }
            }
        }
    }

    /// Takes what has happened while nobody waited: what matters of it is that the connection was closed.
    fn catch_up(&mut self) {
        for happened in self.happened.try_iter().collect::<Vec<_>>() {
            if matches!(happened, Happened::Said(number, Ok(None) | Err(_)) if number == self.number) {
                self.conversation = None;
            }
        }
    }

    /// Connects to the first server that can be reached; false where somebody does not wait for it.
    fn connect(&mut self) -> Result<bool, Failure> {
        self.number += 1;
        let (mut client, sender, number) = (self.client.again(), self.sender.clone(), self.number);
        thread::spawn(move || {
            let connection = client.connect();
            // Nobody is left to be told where all is over.
            let _ = sender.send(Happened::Connected(number, client, connection));
        });
        loop {
            match self.happened.recv() {
                Ok(Happened::Connected(number, client, connection)) if number == self.number => {
                    self.client = client;
                    self.converse(connection?);
                    return Ok(true);
                }
                Ok(Happened::Interrupt) | Err(_) => return Ok(false),
                Ok(_) => {}
            }
        }
    }

    fn converse(&mut self, connection: Connection) {
        self.number += 1;
        let (number, sender) = (self.number, self.sender.clone());
        let say = move |said| sender.send(Happened::Said(number, said)).is_ok();
        self.conversation = Some(Conversation::over(connection, say, self.aside.clone()));
    }

    /// Sends a request on the present connection, which is kept only if it can be used again.
    fn wait(&mut self, request: &[u8]) -> Waited {
        let Some(conversation) = self.conversation.take() else { return Waited::Left };
        if let Err(why) = conversation.send(request) {
            return Waited::Lost(why);
        }
        loop {
            let before = conversation.come();
            match self.happened.recv_timeout(self.client.server().timeout()) {
                Ok(Happened::Said(number, said)) if number == self.number => {
                    return match said {
                        Ok(Some(reply)) => {
                            // The server closes after a refusal.
                            self.conversation = Some(conversation).filter(|_| !matches!(reply, Reply::Refused(_)));
                            Waited::Replied(reply)
                        }
                        Ok(None) => Waited::Lost(io::Error::other("it closed the connection without an answer")),
                        Err(why) => Waited::Lost(why),
                    };
                }
                Ok(Happened::Interrupt) | Err(RecvTimeoutError::Disconnected) => return Waited::Left,
                Ok(_) => {}
                // Many may be there where a watch begins.
                Err(RecvTimeoutError::Timeout) if conversation.come() != before => {}
                Err(RecvTimeoutError::Timeout) => return Waited::Lost(io::ErrorKind::TimedOut.into()),
            }
        }
    }
}
