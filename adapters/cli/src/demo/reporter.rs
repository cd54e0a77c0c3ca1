//! Tells one server where its part of the fleet is, and another one where that one is lost.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::connection::Connection;
use crate::demo::fleet::Fleet;
use crate::failure::Failure;
use crate::format::Format;
use crate::refusal;
use crate::reply::Reply;
use crate::server::Server;
use herd_command::readable;

/// How often is written.
const TICK: Duration = Duration::from_millis(20);
/// The most requests that are on their way at once: fewer than the buffers of a connection hold.
const BATCH: u32 = 512;
/// How long to wait where no server can be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// What a reporter has to do.
#[derive(Debug)]
pub(crate) struct Reporter {
    pub(crate) fleet: Fleet,
    /// The servers, the first one first.
    pub(crate) servers: Vec<Server>,
    /// From one report to the next.
    pub(crate) interval: Duration,
    /// When to stop.
    pub(crate) end: Option<Instant>,
    /// How others are told of what is lost.
    pub(crate) format: Format,
}

impl Reporter {
    /// Reports until it is to stop; how many reports were taken.
    pub(crate) fn run(mut self) -> Result<u64, Failure> {
        let mut taken = 0;
        let mut connection = None;
        while !self.is_over() {
            match self.report(&mut connection, &mut taken) {
                Ok(()) => {}
                Err(failure @ (Failure::Unreachable { .. } | Failure::Broken { .. })) => {
                    connection = None;
                    self.servers.rotate_left(1);
                    failure.warn(self.format, &self.servers[0]);
                    std::thread::sleep(PAUSE);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(taken)
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Reports on one connection, at its pace, until it breaks or all is over.
    fn report(&mut self, connection: &mut Option<Connection>, taken: &mut u64) -> Result<(), Failure> {
        let server = self.servers[0].clone();
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(server.connect()?),
        };
        let mut due = Instant::now();
        while !self.is_over() {
            let mut count = 0;
            while due <= Instant::now() && count < BATCH {
                due += self.interval;
                count += 1;
            }
            if count == BATCH {
                // What could not be sent in time is not made up for: a server that was slow is not to be flooded.
                due = Instant::now();
            }
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let requests: String = (0..count).map(|_| self.fleet.report(now)).collect();
            for reply in connection.ask_all(requests.as_bytes()).map_err(|error| server.broken(&error))? {
                *taken += 1;
                if let Reply::Refused(line) = reply {
                    let why = refusal::why(&line, server.is_encrypted());
                    return Err(Failure::Refused { server: server.to_string(), request: readable(&line), why });
                }
            }
            std::thread::sleep(TICK);
        }
        Ok(())
    }
}
