//! What Redis is told before it is measured.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::dialect::redis::{command, value_len};

/// How long Redis may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gives it the places that a herd has embedded.
pub(super) fn load_places(address: SocketAddr) -> io::Result<()> {
    let embedded = herd_places::Embedded::new();
    let mut stream = connect(address)?;
    let places: Vec<_> = embedded.places().enumerate().collect();
    for batch in places.chunks(1_000) {
        let mut words = vec!["GEOADD".to_owned(), "places".into()];
        for (index, place) in batch {
            let degrees = |value: i32| (f64::from(value) / 100_000.0).to_string();
            // Names are not unique, and members of a set are.
            let name = format!("{}, {index}", place.name);
            words.extend([degrees(place.longitude), degrees(place.latitude), name]);
        }
        let reply = ask(&mut stream, &words.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !reply.starts_with(':') {
            return Err(io::Error::other(reply));
        }
    }
    Ok(())
}

/// Waits until so many replicas take what it is told.
pub(super) fn wait_for_replicas(address: SocketAddr, count: usize) -> io::Result<()> {
    let mut stream = connect(address)?;
    let start = Instant::now();
    while ask(&mut stream, &["INFO", "replication"])?.matches("state=online").count() < count {
        if start.elapsed() > PATIENCE {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the replicas of Redis do not come up"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Ends the connections of all replicas.
pub(super) fn drop_replicas(address: SocketAddr) -> io::Result<()> {
    let reply = ask(&mut connect(address)?, &["CLIENT", "KILL", "TYPE", "replica"])?;
    if reply.starts_with(':') { Ok(()) } else { Err(io::Error::other(reply)) }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn ask(stream: &mut TcpStream, words: &[&str]) -> io::Result<String> {
    stream.write_all(&command(words))?;
    let (mut reply, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => reply.extend_from_slice(&buffer[..len]),
        }
        match value_len(&reply) {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(String::from_utf8_lossy(&reply).into_owned()),
            Err(_) => return Err(io::Error::other("this is not how Redis speaks")),
        }
    }
}
