//! Asking a server how it is, once or again and again.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Asked, Report, Silence};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::Server;

/// Asks one server, over a connection that is kept for the next time.
pub(crate) struct Asker {
    server: Server,
    connection: Option<Connection>,
}

impl Asker {
    /// For that server, which is not called yet.
    pub(crate) const fn new(server: Server) -> Self {
        Self { server, connection: None }
    }

    /// The server's answer, or why there is none.
    pub(crate) fn ask(&mut self) -> Result<Report, Silence> {
        if let Some(connection) = self.connection.take()
            && let Ok(report) = self.ask_on(connection)
        {
            return Ok(report);
        }
        // There was no connection, or the server has been started again since.
        let connection = self.server.connect().map_err(|failure| silence(&failure))?;
        self.ask_on(connection)
    }

    fn ask_on(&mut self, mut connection: Connection) -> Result<Report, Silence> {
        let untold = |why: &str| Silence::Untold(why.into());
        let (start, before) = (Instant::now(), now());
        let reply = connection.ask(b"STATUS").map_err(|error| silence(&self.server.broken(&error)))?;
        let asked = Asked { middle: before.midpoint(now()), took: start.elapsed() };
        let report = match reply {
            Some(Reply::Line(line)) => {
                Report::parse(&line, asked).ok_or_else(|| untold("its answer is not what a herd says"))
            }
            Some(Reply::Refused(_)) => {
                Err(untold("you have no right to ask (see --token-file), or it is an older release"))
            }
            _ => Err(untold("it closed the connection without an answer")),
        }?;
        self.connection = Some(connection);
        Ok(report)
    }
}

fn silence(failure: &Failure) -> Silence {
    match failure {
        Failure::Unreachable { .. } => Silence::Unreached(failure.why()),
        _ => Silence::Untold(failure.why()),
    }
}

/// Seconds since the POSIX epoch.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
