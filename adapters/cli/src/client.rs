//! A client of a herd: asks one of its servers, and another one where that one cannot be had.

use std::io;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::format::Format;
use crate::refusal;
use crate::reply::Reply;
use crate::server::Server;
use herd_command::readable;

/// Some servers, any of which will do.
#[derive(Debug)]
pub(crate) struct Client {
    /// The one whose turn it is comes first.
    servers: Vec<Server>,
    /// To that one, if it can be used again.
    connection: Option<Connection>,
    format: Format,
}

impl Client {
    /// Of these servers, which are tried in this order.
    pub(crate) const fn new(servers: Vec<Server>, format: Format) -> Self {
        Self { servers, connection: None, format }
    }

    /// Another one of the same servers, whose turns are the same so far.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.servers.clone(), self.format)
    }

    /// How answers are told.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// How many servers there are.
    pub(crate) const fn count(&self) -> usize {
        self.servers.len()
    }

    /// The server that answers, or is asked next.
    pub(crate) fn server(&self) -> &Server {
        &self.servers[0]
    }

    /// The next server has its turn.
    pub(crate) fn turn(&mut self) {
        self.connection = None;
        self.servers.rotate_left(1);
    }

    /// A connection to the first server that can be reached.
    pub(crate) fn connect(&mut self) -> Result<Connection, Failure> {
        self.first(|server, _| server.connect())
    }

    /// The reply of the first server that gives one. To ask twice does no harm: whatever clients say is the same again.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Reply, Failure> {
        self.first(|server, kept| {
            let mut connection = kept.take().map_or_else(|| server.connect(), Ok)?;
            let reply = connection.ask(request).map_err(|why| server.broken(&why))?;
            let reply = reply.ok_or_else(|| server.closed())?;
            // It is closed behind a refusal.
            *kept = Some(connection).filter(|_| !matches!(reply, Reply::Refused(_)));
            Ok(reply)
        })
    }

    /// What the first server does of which that can be had; of those before it somebody is told.
    fn first<T>(
        &mut self,
        mut attempt: impl FnMut(&Server, &mut Option<Connection>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut failures = Vec::new();
        loop {
            match attempt(&self.servers[0], &mut self.connection) {
                Err(failure) if failure.is_of_one_server() => failures.push(failure),
                Err(failure) => return Err(failure),
                Ok(done) => {
                    for failure in failures {
                        failure.warn(self.format, self.server());
                    }
                    return Ok(done);
                }
            }
            self.turn();
            if failures.len() == self.servers.len() {
                return Err(Failure::of_all(failures));
            }
        }
    }

    /// It has refused that request.
    pub(crate) fn refused(&self, request: &[u8]) -> Failure {
        let why = refusal::why(request, self.server().is_encrypted());
        Failure::Refused { server: self.server().to_string(), request: readable(request), why }
    }

    /// Its answer is none.
    pub(crate) fn strange(&self) -> Failure {
        self.server().broken(&io::Error::other("its answer is not what a herd says"))
    }
}
