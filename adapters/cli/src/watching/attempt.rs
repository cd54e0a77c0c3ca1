//! One connection of a watch, on a thread of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;

use crate::failure::Failure;
use crate::server::Server;

/// What happens to a connection.
pub(super) enum Event {
    /// Lines have come, without their LF.
    Lines(Vec<Vec<u8>>),
    /// It is at its end.
    Lost(Failure),
}

/// How a connection ended on which nothing went wrong.
const CLOSED: &str = "it closed the connection";

/// No line of a herd is longer.
const LONGEST: usize = 1 << 20;

/// Connects and asks, and hands on what comes, until it is over or its number is not the present one any more.
pub(super) fn start<T: Send + 'static>(
    (server, request): (Server, String),
    (number, present): (u64, Arc<AtomicU64>),
    sender: SyncSender<T>,
    message: impl Fn(u64, Event) -> T + Send + 'static,
) {
    thread::spawn(move || {
        let take = |lines| {
            let is_wanted = present.load(Ordering::Relaxed) == number;
            is_wanted && sender.send(message(number, Event::Lines(lines))).is_ok()
        };
        if let Err(why) = converse(&server, &request, take) {
            // Nobody is left to be told where all is over.
            let _ = sender.send(message(number, Event::Lost(why)));
        }
    });
}

/// Hands all lines to `take`, until that wants no more.
fn converse(server: &Server, request: &str, mut take: impl FnMut(Vec<Vec<u8>>) -> bool) -> Result<(), Failure> {
    let transport = server.connect()?.into_transport();
    let broken = |error: io::Error| server.broken(&error);
    transport.keep_alive().map_err(broken)?;
    transport.write_all(format!("{request}\n").as_bytes()).map_err(broken)?;
    let (mut unread, mut buffer, mut is_whole) = (Vec::new(), vec![0; 64 << 10], false);
    loop {
        let len = match transport.read(&mut buffer) {
            Ok(0) => return Err(broken(io::Error::other(CLOSED))),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Nothing has happened to any client. That nobody is there any more is TCP's to find out.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_whole => continue,
            Err(error) => return Err(broken(error)),
        };
        unread.extend_from_slice(&buffer[..len]);
        let Some(end) = unread.iter().rposition(|&byte| byte == b'\n') else {
            if unread.len() > LONGEST {
                return Err(broken(io::Error::other("its answer is not what a herd says")));
            }
            continue;
        };
        let lines: Vec<Vec<u8>> = unread[..end].split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        unread.drain(..=end);
        is_whole |= lines.iter().any(|line| line.starts_with(b"WATCHING "));
        if !take(lines) {
            return Ok(());
        }
    }
}
