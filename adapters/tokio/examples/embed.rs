//! A server of a herd inside a tokio program that does other things too.
//!
//! The program has a web page to serve and a job to do every second, say. Here these are a task that counts, so that
//! there is nothing to read but what is about the herd: start a server, tell it where somebody is, ask it as any client
//! would, and stop it so that nothing is lost.
//!
//! `cargo run -p herd-tokio --example embed`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use herd::{Herd, Member, ServerName, Sighting};
use herd_host::config::Settings;
use herd_tokio::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // What the program does besides.
    let beats = Arc::new(AtomicU64::new(0));
    let heart = beat(Arc::clone(&beats));

    // A herd of one, at a port that the system chooses. A program whose herd is in a file has its settings from
    // `Settings::find`; one that learns of more servers later gives the server new settings with `Server::reload`.
    let alford = Member { name: ServerName::new("Alford")?, address: "127.0.0.1:0".into(), links: Vec::new() };
    let settings = Settings::new(Arc::new(Herd::new(vec![alford])?));
    let server = Server::start(&settings, "Alford", settings.open_places()?).await?;
    println!("{} listens on {}", server.name(), server.address());

    // The program tells where somebody is, without a connection to itself...
    let sighting = Sighting::new(b"kiwi.cs.ucla.edu", b"+34.068930-118.445127", b"1479413884.392014450")
        .map_err(|refusal| format!("not a sighting: {refusal}"))?;
    let report = server.report_position(&sighting)?;

    // ... and anybody can ask.
    let reply = ask(&server, "WHATSAT kiwi.cs.ucla.edu 10 5\n").await?;
    print!("{reply}");
    assert!(reply.starts_with(&format!("AT {}\n", String::from_utf8_lossy(report.line()))));

    // On the way out: clients get what they are owed, and neighbours what is queued for them.
    server.stop().await?;
    heart.abort();
    println!("stopped after {} beats", beats.load(Ordering::Relaxed));
    Ok(())
}

/// Starts a task that counts ten times a second.
fn beat(beats: Arc<AtomicU64>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(Duration::from_millis(100));
        loop {
            interval.tick().await;
            beats.fetch_add(1, Ordering::Relaxed);
        }
    })
}

/// Sends one request on a connection of its own; the whole reply.
async fn ask(server: &Server, request: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(server.address()).await?;
    stream.write_all(request.as_bytes()).await?;
    stream.shutdown().await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    Ok(reply)
}

#[test]
fn it_runs() {
    main().expect("the example");
}
