//! `herd share`, end to end, against doors that make a link for whoever asks them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Output;

use herd_tests::process::command;
use tempfile::TempDir;

/// A door that says in its link who it is, and what was asked of it; where it is.
fn door(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let head: Vec<String> =
                stream.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let length = |line: &String| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
            let mut body = vec![0; head.iter().find_map(length).expect("a length")];
            stream.read_exact(&mut body).expect("a body");
            let asked = head[0].split(' ').nth(1).expect("a target");
            let body =
                serde_json::json!({ "url": format!("{name} {asked} {}", String::from_utf8_lossy(&body)), "until": 60 });
            let body = body.to_string();
            let answer =
                format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            stream.get_mut().write_all(answer.as_bytes()).expect("a client that reads");
        }
    });
    address
}

/// A herd of three, of which the last two have doors; the latter is open to every interface.
fn herd() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let (ball, welsh) = (door("Ball"), door("Welsh").port());
    let file = format!(
        "[[server]]\nname = \"Alford\"\nlisten = \"127.0.0.1:12880\"\nlinks = [\"Ball\", \"Welsh\"]\n\
         [[server]]\nname = \"Ball\"\nlisten = \"127.0.0.1:12881\"\nhttp = \"{ball}\"\n\
         [[server]]\nname = \"Welsh\"\nlisten = \"127.0.0.1:12882\"\nhttp = \"0.0.0.0:{welsh}\"\n"
    );
    std::fs::write(folder.path().join("herd.toml"), file).expect("a file");
    folder
}

/// What it prints and what it complains of.
fn share(folder: &TempDir, arguments: &[&str], to: Option<&str>) -> (i32, String, String) {
    let mut command = command(env!("CARGO_BIN_EXE_herd"));
    command.args(["share", "user/kiwi", "--for", "2h"]).args(arguments).current_dir(folder.path());
    command.envs(to.map(|to| ("HERD_TO", to)));
    let Output { status, stdout, stderr } = command.output().expect("the client starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").trim_end().to_owned();
    (status.code().expect("it was not killed"), text(stdout), text(stderr))
}

#[test]
fn the_door_is_found_in_the_herds_file() {
    let folder = herd();
    let link = |name: &str| format!("{name} /v1/clients/user%2Fkiwi/share {{\"for\":\"2h\"}}");
    for (arguments, to, expected) in [
        (&["--config", "herd.toml"][..], None, "Ball"),
        (&["--config", "herd.toml", "--to", "Welsh"], None, "Welsh"),
        (&["--config", "herd.toml"], Some("Welsh"), "Welsh"),
        // As the other commands are told it.
        (&["--config", "herd.toml"], Some("127.0.0.1:12882"), "Welsh"),
    ] {
        let told = share(&folder, arguments, to);
        assert_eq!(told, (0, link(expected), "until 1970-01-01T00:01:00Z".into()), "{arguments:?} {to:?}");
    }
    let url = format!("http://{}/", door("one by its URL"));
    assert_eq!(share(&folder, &["--http", &url], Some("Ball")).1, link("one by its URL"));
}

#[test]
fn a_server_without_a_door_is_told_of() {
    let folder = herd();
    for (name, told) in
        [("Alford", "\"Alford\" is no server that has an HTTP door in the herd's file"), ("Holiday", "--http")]
    {
        let (code, out, error) = share(&folder, &["--config", "herd.toml", "--to", name], None);
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(error.contains(told), "{error}");
    }
    let (code, _, error) = share(&folder, &["--http", "http://127.0.0.1:1", "--to", "Ball"], None);
    assert!(code == 2 && error.contains("cannot be used with"), "{error}");
}
