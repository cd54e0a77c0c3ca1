//! `herd demo`, end to end, against servers that take everything.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, Sender, channel};

use herd_tests::process::{Process, command};

/// Who takes reports.
struct Fake {
    to: String,
    clients: Receiver<String>,
}

/// A server that takes so many reports on each connection.
fn start(most: usize) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    let (heard, clients) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, heard) = (stream.expect("a connection"), heard.clone());
            std::thread::spawn(move || take(&stream, most, &heard));
        }
    });
    Fake { to, clients }
}

fn take(mut stream: &TcpStream, most: usize, heard: &Sender<String>) {
    for line in BufReader::new(stream).lines().take(most).map_while(Result::ok) {
        let fields: Vec<&str> = line.split(' ').collect();
        let ["IAMAT", client, position, time] = fields[..] else { panic!("{line}") };
        let answered = writeln!(stream, "AT Fake +0.1 {client} {position} {time}");
        if answered.is_err() || heard.send(client.into()).is_err() {
            return;
        }
    }
}

fn demo(arguments: &[&str], servers: &[&Fake]) -> Process {
    let to = servers.iter().flat_map(|fake| ["--to", &fake.to]);
    let mut command = command(env!("CARGO_BIN_EXE_herd"));
    command.arg("demo").args(arguments).args(to).stdout(Stdio::null()).stderr(Stdio::null());
    Process::of(command.spawn().expect("the client starts"))
}

/// So many different clients that a server hears of.
fn hear(fake: &Fake, count: usize) -> BTreeSet<String> {
    let mut heard = BTreeSet::new();
    while heard.len() < count {
        heard.insert(fake.clients.recv().expect("the server runs"));
    }
    heard
}

#[test]
fn each_server_hears_of_its_part() {
    let (one, other) = (start(usize::MAX), start(usize::MAX));
    let _demo = demo(&["--count", "21", "--rate", "500"], &[&one, &other]);
    let (first, second) = (hear(&one, 11), hear(&other, 10));
    assert!(first.is_disjoint(&second), "{first:?}, {second:?}");
}

#[test]
fn another_server_hears_of_those_whose_server_is_lost() {
    let (one, other) = (start(3), start(usize::MAX));
    let _demo = demo(&["--count", "8", "--rate", "500"], &[&one, &other]);
    hear(&other, 8);
}

#[test]
fn it_ends_when_it_is_to() {
    let one = start(usize::MAX);
    let status = demo(&["--count", "5", "--rate", "100", "--for", "1s"], &[&one]).end();
    assert!(status.success(), "{status}");
    hear(&one, 5);
}
