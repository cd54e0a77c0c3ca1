//! Loads a server that runs with WHATSATs, and prints what it measured. See `docs/notebook.md`.
//!
//! `whatsat waiting ADDR:PORT` measures IAMATs one at a time, first alone, then beside 200 WHATSATs that
//! wait for a slow source. `whatsat rate ADDR:PORT` sends 10,000 WHATSATs of 1,000 places over 50
//! connections.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["waiting", address] => waiting(address),
        ["rate", address] => rate(address),
        _ => Err("usage: whatsat waiting|rate ADDR:PORT".into()),
    }
}

fn waiting(address: &str) -> Outcome {
    let alone = iamats(address)?;
    let mut waiting = Vec::new();
    for place in 0..200 {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "IAMAT waits-{place} +{}.5+1 1\nWHATSAT waits-{place} 10 5\n", place % 80)?;
        // The AT line of the IAMAT says that the server has read what stands behind it too, or will at once.
        BufReader::new(&stream).read_line(&mut String::new())?;
        waiting.push(stream);
    }
    let beside = iamats(address)?;
    println!("IAMAT p50 {:?}, p99 {:?} alone", alone.0, alone.1);
    println!("IAMAT p50 {:?}, p99 {:?} beside {} WHATSATs that wait", beside.0, beside.1, waiting.len());
    println!("p99 beside / alone: {:.2}", beside.1.as_secs_f64() / alone.1.as_secs_f64());
    Ok(())
}

/// The median and the 99th percentile of 20,000 IAMATs, one at a time.
fn iamats(address: &str) -> Result<(Duration, Duration), Box<dyn Error>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(&stream);
    let mut times = Vec::new();
    for number in 0..20_000 {
        let start = Instant::now();
        (&stream).write_all(format!("IAMAT client-{} +34.068930-118.445127 {number}\n", number % 100).as_bytes())?;
        reader.read_line(&mut String::new())?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}

fn rate(address: &str) -> Outcome {
    let mut reports = TcpStream::connect(address)?;
    for place in 0..1000 {
        // From France to Poland, where there are places enough.
        writeln!(reports, "IAMAT place-{place} +{}.{place:03}+{}.5 1", 45 + place % 7, 2 + place % 20)?;
    }
    reports.shutdown(Shutdown::Write)?;
    reports.read_to_end(&mut Vec::new())?;
    let start = Instant::now();
    let connections: Vec<_> = (0..50)
        .map(|connection| {
            let address = address.to_owned();
            std::thread::spawn(move || -> std::io::Result<usize> {
                let mut stream = TcpStream::connect(address)?;
                let ask = |number| format!("WHATSAT place-{} 50 20\n", (connection * 200 + number) % 1000);
                stream.write_all((0..200).map(ask).collect::<String>().as_bytes())?;
                stream.shutdown(Shutdown::Write)?;
                stream.read_to_end(&mut Vec::new())
            })
        })
        .collect();
    let mut bytes = 0;
    for connection in connections {
        bytes += connection.join().map_err(|_| "a connection's thread failed")??;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("10,000 WHATSATs, 50 km, 20 places: {:.0} a second, {} MiB of replies", 10_000.0 / seconds, bytes >> 20);
    Ok(())
}
