//! Clients within TLS, on the port that others use in plain text.

use std::io::{BufRead, BufReader};
use std::net::Shutdown;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use herd_tests::certs::{Authority, Certs, TlsClient};
use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::{Process, Signal};
use rustls::version::{TLS12, TLS13};

use crate::{assert_fails, binaries};

const WEEK: Duration = Duration::from_hours(7 * 24);

/// One server, `A`, which has a certificate, with these flags besides.
fn start(certs: &Certs, flags: &[&str]) -> Herd {
    let tls = certs.flags();
    let all: Vec<&str> = tls.iter().map(String::as_str).chain(flags.iter().copied()).collect();
    Plan::new(&binaries(), &single()).with(&all).start()
}

fn certs() -> Certs {
    Certs::of(&Authority::new("test"), &["A"])
}

fn connect(herd: &Herd, certs: &Certs) -> TlsClient {
    TlsClient::connect(herd.address("A"), &certs.client(None))
}

/// What `A` has logged with that message.
fn logged(herd: &Herd, message: &str) -> Vec<serde_json::Value> {
    herd.log("A").into_iter().filter(|entry| entry["message"] == message).collect()
}

/// Both versions of TLS and plain text get the same replies, side by side.
#[test]
fn beside_plain_text() {
    let certs = certs();
    let herd = start(&certs, &[]);
    for version in [&TLS13, &TLS12] {
        let mut client = TlsClient::connect(herd.address("A"), &certs.client_of_version(version));
        assert!(client.ask("IAMAT kiwi +1+1 1").ends_with(" kiwi +1+1 1"));
        assert_eq!(client.tls().protocol_version(), Some(version.version));
        let count = 1_000;
        let lines: Vec<String> = (0..count).map(|time| format!("IAMAT mango +1+1 {time}\n")).collect();
        client.send(lines.concat());
        for time in 0..count {
            assert!(client.line().ends_with(&format!(" mango +1+1 {time}")));
        }
        client.send("WHATSAT kiwi 10 5\n");
        client.finish();
        let rest = client.rest();
        assert!(rest.starts_with(b"AT A ") && rest.ends_with(b"}\n\n"), "{}", rest.escape_ascii());
    }
    assert!(herd.report("A", "kiwi", "2").starts_with("AT A "));
}

/// What waits for places, and more than the other end reads, comes whole.
#[test]
fn a_client_that_reads_late() {
    let certs = certs();
    let herd = start(&certs, &[]);
    let mut client = connect(&herd, &certs);
    client.ask("IAMAT kiwi +34.068930-118.445127 1");
    let count = 3_000;
    let mut writer = client.socket().try_clone().expect("a socket");
    let ciphertext = {
        use std::io::Write;
        let tls = client.tls();
        tls.set_buffer_limit(None);
        tls.writer().write_all("WHATSAT kiwi 50 20\n".repeat(count).as_bytes()).expect("room");
        let mut ciphertext = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut ciphertext).expect("a Vec takes every write");
        }
        ciphertext
    };
    // More replies than the system holds for a reader: the server must wait, and does not read on meanwhile.
    let writing = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &ciphertext));
    for _ in 0..count {
        while !client.line().is_empty() {}
    }
    writing.join().expect("no panic").expect("a server that reads");
}

/// Where TLS is demanded, plain text gets `? ` and the line.
#[test]
fn plain_text_where_tls_is_required() {
    let certs = certs();
    let herd = start(&certs, &["--tls-clients", "required"]);
    assert_eq!(herd.converse("A", "IAMAT kiwi +1+1 1\n"), b"? IAMAT kiwi +1+1 1\n");
    assert!(connect(&herd, &certs).ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
}

/// Where TLS is for neighbours alone, a client's connection is closed, and the log says why.
/// What `up` says to try works as it stands.
#[test]
fn up_where_tls_is_required() {
    let certs = certs();
    let herd = Plan::new(&binaries(), &single()).with_http().prepare();
    let mut command = binaries().command();
    command.args(["up", "--tls-clients", "required", "--config"]).arg(&herd.config).args(certs.flags());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a program to run");
    let mut told = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    let _process = Process::of(child);
    assert_eq!(told.find(|line| line.starts_with("Map: ")), Some(format!("Map: https://{}", herd.door("A"))));
    let iamat = told.find(|line| line.starts_with("  herd iamat ")).expect("what to try");
    let ca = certs.flags().last().expect("the authority's file").clone();
    assert!(iamat.contains(&format!(" --tls --ca {ca} --to A ")), "{iamat}");
}

#[test]
fn tls_where_clients_have_none() {
    let certs = certs();
    let herd = start(&certs, &["--tls-clients", "off"]);
    let mut client = connect(&herd, &certs);
    client.shake_hands();
    wait_for("the server to say why", || logged(&herd, "connection refused").into_iter().next());
    assert!(herd.report("A", "kiwi", "1").starts_with("AT A "));
}

/// TLS to a server without is closed at once, and the log says so.
#[test]
fn tls_to_a_server_without() {
    let herd = crate::start();
    let mut client = herd.client("A");
    client.send([0x16]);
    assert_eq!(client.rest_unless_reset().unwrap_or_default(), b"");
    let entry = wait_for("the server to say why", || logged(&herd, "connection refused").into_iter().next());
    assert!(entry["reason"].as_str().is_some_and(|why| why.contains("a server without TLS")), "{entry}");
}

/// A last line without an end is a request if TLS says that it is the last, and none if the connection was cut: then
/// whoever cut it may have left a part of it out.
#[test]
fn a_last_line_that_was_cut() {
    let certs = certs();
    let herd = start(&certs, &[]);
    let mut whole = connect(&herd, &certs);
    whole.send("IAMAT kiwi +1+1 12\nIAMAT mango +1+1 12");
    whole.finish();
    let rest = String::from_utf8(whole.rest()).expect("text");
    assert!(rest.lines().count() == 2 && rest.ends_with(" mango +1+1 12\n"), "{rest}");
    let mut cut = connect(&herd, &certs);
    cut.send("IAMAT kiwi +1+1 34\nIAMAT mango +1+1 34");
    cut.socket().shutdown(Shutdown::Write).expect("an open connection");
    let rest = String::from_utf8(cut.rest()).expect("text");
    assert!(rest.lines().count() == 1 && rest.ends_with(" kiwi +1+1 34\n"), "{rest}");
    let mut client = herd.client("A");
    client.send("WHATSAT mango 0 0\n");
    assert!(client.line().ends_with(" mango +1+1 12"));
}

/// At an orderly end the server says so within TLS: when it stops, and when it refuses.
#[test]
fn orderly_ends_are_announced() {
    let certs = certs();
    let mut herd = start(&certs, &[]);
    let mut refused = connect(&herd, &certs);
    refused.send("IAMAT kiwi\n");
    assert_eq!(refused.rest(), b"? IAMAT kiwi\n");
    let mut stopped = connect(&herd, &certs);
    stopped.ask("IAMAT kiwi +1+1 1");
    herd.process("A").signal(Signal::TERM);
    assert_eq!(stopped.rest(), b"");
    drop((stopped, refused));
    assert!(herd.process("A").end().success());
}

/// A certificate that is for no server of the herd is a client's like any other's.
#[test]
fn a_client_with_a_certificate() {
    let (authority, other) = (Authority::new("test"), Authority::new("other"));
    let certs = Certs::of(&authority, &["A", "kiwi"]);
    certs.make("mango", &other, |_| ());
    let herd = start(&certs, &[]);
    for shown in ["kiwi", "mango"] {
        let mut client = TlsClient::connect(herd.address("A"), &certs.client(Some(shown)));
        assert!(client.ask(format!("IAMAT {shown} +1+1 1")).starts_with("AT A "), "{shown}");
    }
    let entry = wait_for("the server to say why", || logged(&herd, "certificate is not valid").into_iter().next());
    assert_eq!(entry["reason"], "it is of another authority");
}

/// Files that cannot be used are one line with the place, before anything runs.
#[test]
fn files_that_cannot_be_used() {
    let (authority, certs) = (Authority::new("test"), certs());
    certs.make("B", &authority, |_| ());
    let path = |name: &str| certs.path(name).display().to_string();
    std::fs::write(certs.path("empty"), "").expect("a file");
    let herd = Plan::new(&binaries(), &pair()).prepare();
    let config = herd.config.display().to_string();
    let check = |cert: &str, key: &str, ca: &str| {
        let files = [("--tls-cert", cert), ("--tls-key", key), ("--tls-ca", ca)];
        let files: Vec<String> = files.iter().flat_map(|(flag, name)| [(*flag).to_owned(), path(name)]).collect();
        let mut arguments = vec!["serve", "A", "--config", &config];
        arguments.extend(files.iter().map(String::as_str));
        binaries().output(&arguments)
    };
    for (cert, key, ca, told) in [
        ("no.pem", "A.key", "ca.pem", "--tls-cert: the certificate file"),
        ("empty", "A.key", "ca.pem", "--tls-cert: "),
        ("A.key", "A.key", "ca.pem", "holds no certificate in PEM form"),
        ("A.pem", "A.pem", "ca.pem", "holds no private key in PEM form"),
        ("A.pem", "B.key", "ca.pem", "does not fit the certificate in"),
        ("A.pem", "A.key", "empty", "--tls-ca: "),
        ("A.pem", "A.key", "A.key", "--tls-ca: "),
    ] {
        assert_fails(&check(cert, key, ca), 2, &[told]);
    }
    let half = binaries().output(&["check", "--config", &config, "--tls-cert", &path("A.pem")]);
    assert_fails(&half, 2, &["--tls-cert: TLS needs three files"]);
}

/// A key or a name that is not the server's own, or a certificate that is about to expire, is told, and in `STATUS` too.
#[test]
fn what_is_wrong_with_its_own_certificate() {
    let (authority, other) = (Authority::new("test"), Authority::new("other"));
    let certs = Certs::of(&authority, &["A"]);
    let told = |make: &dyn Fn(), event: &str, remedy: &str| {
        make();
        let herd = start(&certs, &[]);
        let entry = wait_for(&format!("A to log {event:?}"), || logged(&herd, event).into_iter().next());
        assert!(entry["level"] == "WARN" && entry["remedy"].as_str().expect("text").contains(remedy), "{entry}");
        assert!(herd.wrong("A").iter().any(|sentence| sentence.contains(remedy)), "{:?}", herd.wrong("A"));
    };
    told(&|| certs.make("A", &other, |_| ()), "certificate is not valid", "is not of an authority in ca");
    told(&|| certs.make_for("A", "B", &authority, |_| ()), "certificate is not valid", "is not for A");
    let expire = |params: &mut rcgen::CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    told(&|| certs.make("A", &authority, expire), "certificate has expired", "expired at 2020-01-01T00:00:00Z");
    let soon = |params: &mut rcgen::CertificateParams| params.not_after = (SystemTime::now() + WEEK).into();
    told(&|| certs.make("A", &authority, soon), "certificate expires soon", "expires at ");
}
