//! Tiles of somebody else's.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use herd_tests::patience::PATIENCE;

use crate::driver::DESKTOP;
use crate::{open, plan, url, wait_until_live};

/// What a request for a tile says: its target and its `Referer`.
type Asked = (String, Option<String>);

const TILE: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"/>"#;

/// A server that gives an empty tile to whoever asks; where it is, and what it is asked.
fn giver() -> (SocketAddr, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Each by itself: a browser also connects without asking for anything.
            let sender = sender.clone();
            std::thread::spawn(move || give(BufReader::new(stream), &sender));
        }
    });
    (address, asked)
}

fn give(mut stream: BufReader<TcpStream>, asked: &Sender<Asked>) {
    let Some(request) = request(&mut stream) else { return };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: image/svg+xml\r\nConnection: close\r\n";
    let answer = format!("{head}Content-Length: {}\r\n\r\n{TILE}", TILE.len());
    // The browser and the test may have seen enough.
    let _ = (stream.get_mut().write_all(answer.as_bytes()), asked.send(request));
}

fn request(stream: &mut impl BufRead) -> Option<Asked> {
    let head: Vec<String> = stream.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let target = head.first()?.split(' ').nth(1)?.to_owned();
    let mut headers = head.iter().filter_map(|line| line.split_once(": "));
    let referer = headers.find(|(name, _)| name.eq_ignore_ascii_case("referer"));
    Some((target, referer.map(|(_, value)| value.to_owned())))
}

/// Who gives tiles is told of the page's origin, as OpenStreetMap wants it, and of nothing more.
#[test]
fn who_gives_tiles_is_told_for_which_page() {
    let (address, asked) = giver();
    let herd = plan().with_config(&format!("[http]\ntiles = \"http://{address}/{{z}}/{{x}}/{{y}}.png\"\n")).start();
    let browser = open(&herd, DESKTOP);
    wait_until_live(&browser);
    let (target, referer) = asked.recv_timeout(PATIENCE).expect("a tile that is asked for");
    assert!(
        target.rsplit_once('.').is_some_and(|(_, kind)| kind == "png") && target.split('/').count() == 4,
        "{target}"
    );
    assert_eq!(referer, Some(url(&herd)));
    assert_eq!(browser.console(), Vec::<String>::new());
}
