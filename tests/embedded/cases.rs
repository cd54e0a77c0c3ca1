//! Servers inside a program, by their handles. `Adapter` is the runtime of the test program that these are part of.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use herd::wire::Target;
use herd::{Access, Certificates, Grant, Herd, Member, Refusal, ServerName, Sighting, Trust};
use herd_host::config::{DataSettings, PlacesSource, Settings, SyncEvery, TlsSettings, Unguarded};
use herd_host::{DrainError, ReloadError, ReportError, Runtime as _, StartError};
use herd_tests::certs::{Authority, Certs};
use herd_tests::client::Client;
use herd_tests::http::HttpClient;
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;

use crate::Adapter;
use crate::counting::{Counting, TOLD};

type Server = herd_host::Server<Adapter>;

/// Runs a case on the adapter's runtime. It may block: it is not on one of the runtime's threads.
fn run(case: impl Future<Output = ()>) {
    Adapter::block_on(NonZeroUsize::new(2).expect("two"), case).expect("a runtime");
}

/// A herd of these servers, each linked with the next.
fn herd_of(servers: &[(&str, SocketAddr)]) -> Arc<Herd> {
    let links = servers.iter().skip(1).map(|(name, _)| vec![(*name).to_owned()]).chain([Vec::new()]);
    let member = |(&(name, address), links): (&(&str, SocketAddr), Vec<String>)| Member {
        name: ServerName::new(name).expect("a name"),
        address: address.to_string(),
        links,
    };
    Arc::new(Herd::new(servers.iter().zip(links).map(member).collect()).expect("a herd"))
}

/// Settings of a herd of one, at a port that the system chooses.
fn alone(name: &str) -> Settings {
    Settings::new(herd_of(&[(name, SocketAddr::from(([127, 0, 0, 1], 0)))]))
}

async fn start(settings: &Settings, name: &str) -> Result<Server, StartError> {
    Server::start(settings, name, settings.open_places().expect("the embedded places")).await
}

async fn start_alone(name: &str) -> Server {
    start(&alone(name), name).await.expect("a server")
}

/// Reports that a client is somewhere, through the typed door; the AT line's fields.
fn report(server: &Server, client: &str) -> String {
    let sighting = Sighting::new(client.as_bytes(), b"+34.068930-118.445127", b"1479413884.392014450");
    let report = server.report_position(&sighting.expect("a sighting")).expect("a report");
    String::from_utf8(report.line().to_vec()).expect("text")
}

fn knows(server: &Server, client: &str) -> bool {
    server.node().record(client.as_bytes()).is_some()
}

fn wait_until_known(server: &Server, client: &str) {
    wait_for(&format!("{} to know {client}", server.name()), || knows(server, client).then_some(()));
}

/// A server inside a program may speak HTTP too, at a port of its own.
#[test]
fn an_http_door() {
    run(async {
        let mut settings = alone("A");
        settings.http.set_listen("127.0.0.1:0");
        let server = start(&settings, "A").await.expect("a server");
        report(&server, "kiwi");
        let mut http = HttpClient::connect(server.http_address().expect("a door"));
        assert_eq!(http.ask("GET", "/v1/clients/kiwi", &[], "").json()["properties"]["time"], "1479413884.392014450");
        server.stop().await.expect("an orderly stop, also for whoever keeps a connection open");
        assert_eq!(http.rest(), b"", "it was closed");
        assert_eq!(start_alone("B").await.http_address(), None);
    });
}

/// What goes in by one door comes out by the other.
#[test]
fn two_doors() {
    run(async {
        let server = start_alone("A").await;
        assert_eq!(server.name(), "A");
        let reported = report(&server, "kiwi");
        let mut client = Client::connect(server.address());
        assert_eq!(client.ask("WHATSAT kiwi 0 0"), format!("AT {reported}"));
        assert!(Client::connect(server.address()).ask("IAMAT moa +1+1 1").starts_with("AT A "));
        assert!(knows(&server, "moa"));
        drop(client);
        server.stop().await.expect("an orderly stop");
    });
}

/// What a server has kept on disk is there when another one is started with its name; one at a time has the folder.
#[test]
fn servers_with_data() {
    run(async {
        let dir = tempfile::tempdir().expect("a folder");
        for (client, sync) in [("kiwi", SyncEvery::Each), ("moa", SyncEvery::Time(Duration::from_secs(1)))] {
            let settings =
                Settings { data: Some(DataSettings { sync, ..DataSettings::new(dir.path()) }), ..alone("A") };
            let server = start(&settings, "A").await.expect("a server");
            report(&server, client);
            assert!(Client::connect(server.address()).ask("IAMAT emu +1+1 1").starts_with("AT A "));
            let again = start(&settings, "A").await.expect_err("the folder is in use");
            assert!(matches!(again, StartError::Data(_)), "{again}");
            server.stop().await.expect("an orderly stop");
        }
        let settings = Settings { data: Some(DataSettings::new(dir.path())), ..alone("A") };
        let server = start(&settings, "A").await.expect("a server");
        assert!(["kiwi", "moa", "emu"].iter().all(|client| knows(&server, client)));
        server.stop().await.expect("an orderly stop");
    });
}

/// A program watches clients as a connection does, and hears no more once the server is down.
#[test]
fn a_program_that_watches() {
    run(async {
        let server = start_alone("A").await;
        let kiwi = report(&server, "kiwi");
        let mut watch = server.watch(&Target::watch(&[b"kiwi"]).expect("a target")).expect("a watch");
        let (fields, told) = (kiwi.trim_end(), lines_until(&mut watch, "WATCHING kiwi\n").await);
        assert!(told.starts_with("SEEN ") && fields.split(' ').all(|field| told.contains(field)), "{told}");

        let moa = Target::watch(&[b"moa"]).expect("a target");
        watch.add(&moa).expect("one more");
        lines_until(&mut watch, "WATCHING moa\n").await;
        report(&server, "pear");
        report(&server, "moa");
        let told = lines_until(&mut watch, " moa\n").await;
        assert!(told.starts_with("SEEN A ") && told.lines().count() == 1, "nobody else: {told}");
        assert!(watch.remove(&moa) && !watch.remove(&moa));

        let circle = Target::fence(&[b"+34-118", b"1"]).expect("a target");
        let mut fence = server.watch(&circle).expect("a fence");
        lines_until(&mut fence, "WATCHING +34-118 1\n").await;
        server.stop().await.expect("an orderly stop, whoever watches");
        assert_eq!((watch.next().await, fence.next().await), (None, None));
    });
}

/// What a watch tells until a line ends so.
async fn lines_until(watch: &mut herd_host::Watch<Adapter>, end: &str) -> String {
    let mut told = String::new();
    while !told.ends_with(end) {
        let lines = watch.next().await.unwrap_or_else(|| panic!("no {end:?} behind {told:?}"));
        told.push_str(std::str::from_utf8(&lines).expect("text"));
    }
    told
}

/// Where replies wait for the disk, a program can wait for it too.
#[test]
fn a_report_that_is_safe() {
    run(async {
        let dir = tempfile::tempdir().expect("a folder");
        let data = DataSettings { sync: SyncEvery::Each, ..DataSettings::new(dir.path()) };
        let server = start(&Settings { data: Some(data), ..alone("A") }, "A").await.expect("a server");
        for number in 0..20 {
            let reported = report(&server, &format!("client-{number}"));
            server.safe().await.expect("a disk that works");
            assert!(is_written(&dir.path().join("A"), reported.trim_end().as_bytes()), "{reported}");
        }
        server.stop().await.expect("an orderly stop");
        let without = start_alone("B").await;
        report(&without, "kiwi");
        without.safe().await.expect("nothing to wait for");
        without.stop().await.expect("an orderly stop");
    });
}

/// Whether a file of that folder has these bytes.
fn is_written(dir: &Path, bytes: &[u8]) -> bool {
    let files = fs::read_dir(dir).expect("a folder").map(|file| file.expect("a file").path());
    files.map(|file| fs::read(file).expect("a file")).any(|file| file.windows(bytes.len()).any(|part| part == bytes))
}

/// Two servers with certificates talk within TLS, and one whose files cannot be used does not start.
#[test]
fn servers_within_tls() {
    run(async {
        let certs = Certs::of(&Authority::new("test"), &["A", "B"]);
        let path = |name: &str| certs.path(name);
        let herd = herd_of(&[("A", free_address()), ("B", free_address())]);
        let trust = Trust { certificates: Certificates::Required, ..Trust::default() };
        let herd = Arc::new(Herd::clone(&herd).with_trust(trust));
        let mut settings = Settings::new(herd);
        settings.tls = Some(TlsSettings::new(path("{name}.pem"), path("{name}.key"), path("ca.pem")));
        let (a, b) = (start(&settings, "A").await.expect("a server"), start(&settings, "B").await.expect("a server"));
        report(&a, "kiwi");
        wait_until_known(&b, "kiwi");
        settings.tls = Some(TlsSettings::new(path("{name}.pem"), path("no.key"), path("ca.pem")));
        let without_key = Settings { tls: settings.tls.clone(), ..alone("A") };
        let error = start(&without_key, "A").await.expect_err("no key");
        assert!(matches!(error, StartError::Tls(_)), "{error}");
        let error = a.reload(&settings).await.expect_err("no key");
        assert!(matches!(error, ReloadError::Tls(_)), "{error}");
        report(&a, "mango");
        wait_until_known(&b, "mango");
        a.stop().await.expect("an orderly stop");
        b.stop().await.expect("an orderly stop");
    });
}

/// Two servers that start alone become one herd, and a third joins while they run; then one leaves.
#[test]
fn a_herd_that_grows_and_shrinks() {
    run(async {
        let (a, b) = (start_alone("A").await, start_alone("B").await);
        report(&a, "before");
        let two = Settings::new(herd_of(&[("A", a.address()), ("B", b.address())]));
        for server in [&a, &b] {
            server.reload(&two).await.expect("a herd of two");
        }
        wait_until_known(&b, "before");

        let c = start_alone("C").await;
        let three = Settings::new(herd_of(&[("A", a.address()), ("B", b.address()), ("C", c.address())]));
        for server in [&a, &b, &c] {
            server.reload(&three).await.expect("a herd of three");
        }
        report(&a, "after");
        wait_until_known(&c, "after");
        wait_until_known(&c, "before");
        assert_eq!((a.node().links().len(), b.node().links().len()), (1, 2));

        for server in [&a, &b] {
            server.reload(&two).await.expect("a herd of two");
        }
        assert_eq!(b.node().links().len(), 1);
        report(&a, "meanwhile");
        wait_until_known(&b, "meanwhile");
        // The way to it is gone, and it comes back when the link does.
        assert!(!knows(&c, "meanwhile"));
        b.reload(&three).await.expect("a herd of three");
        wait_until_known(&c, "meanwhile");
        for server in [a, b, c] {
            server.stop().await.expect("an orderly stop");
        }
    });
}

/// Limits are other ones for the connections that there are, and places come from another source.
#[test]
fn settings_that_change() {
    run(async {
        let mut settings = alone("A");
        settings.limits.clients = 1;
        let server = start(&settings, "A").await.expect("a server");
        let mut client = Client::connect(server.address());
        assert!(client.ask("IAMAT kiwi +34.068930-118.445127 1").starts_with("AT A "));
        settings.limits.clients = 2;
        settings.limits.drain = Duration::from_millis(100);
        server.reload(&settings).await.expect("other limits");
        assert!(client.ask("IAMAT moa +1+1 1").starts_with("AT A "));
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let point = r#"{"type": "Point", "coordinates": [-118.4451, 34.0689]}"#;
        let ours = format!(r#"{{"type": "Feature", "geometry": {point}, "properties": {{"name": "Ours"}}}}"#);
        write!(file, r#"{{"type": "FeatureCollection", "features": [{ours}]}}"#).expect("a file");
        settings.places.source = PlacesSource::File;
        settings.places.file = Some(file.path().into());
        server.replace_places(&settings, settings.open_places().expect("a file of one point"));
        client.send("WHATSAT kiwi 10 1\n");
        assert_eq!(client.whatsat().names(), ["Ours"]);
        assert!(client.ask("STATUS").contains(r#""places":{"source":"file","#));
        // The client does not close, so this would take as long as `drain` was at the start.
        server.stop().await.expect_err("a stop that is cut short");
    });
}

/// What was reported a moment before a stop is known to the neighbour when the stop is over.
#[test]
fn a_stop_gives_what_is_queued() {
    run(async {
        let (a, b) = (start_alone("A").await, start_alone("B").await);
        let both = Settings::new(herd_of(&[("A", a.address()), ("B", b.address())]));
        for server in [&a, &b] {
            server.reload(&both).await.expect("a herd of two");
        }
        let clients: Vec<String> = (0..10_000).map(|number| format!("client{number}")).collect();
        for client in &clients {
            report(&a, client);
        }
        a.stop().await.expect("an orderly stop");
        assert!(clients.iter().all(|client| knows(&b, client)));
        b.stop().await.expect("an orderly stop");
    });
}

/// A server that stops takes nothing in, and whoever asks is told so.
#[test]
fn after_a_stop() {
    run(async {
        let server = start_alone("A").await;
        let (address, again) = (server.address(), server.clone());
        report(&server, "kiwi");
        Adapter::spawn(async move { server.stop().await.expect("an orderly stop") });
        again.stopped().await.expect("the same stop");
        again.stop().await.expect("the same stop");
        let refused = TcpStream::connect(address).map_err(|error| error.kind());
        assert_eq!(refused.map(drop), Err(ErrorKind::ConnectionRefused));
        let sighting = Sighting::new(b"kiwi", b"+1+1", b"1").expect("a sighting");
        assert_eq!(again.report_position(&sighting).map(drop), Err(ReportError::Stopping));
        assert_eq!(again.reload(&Settings::new(again.node().herd())).await, Err(ReloadError::Stopping));
        assert!(knows(&again, "kiwi"), "it can still be looked at");
        let settings = Settings { listen: vec![address.to_string()], ..alone("A") };
        let next = start(&settings, "A").await.expect("the port is free");
        assert!(!knows(&next, "kiwi"));
        next.stop().await.expect("an orderly stop");
    });
}

/// Where the time runs out, the stop says what it had to leave.
#[test]
fn a_stop_that_is_cut_short() {
    run(async {
        let mut settings = alone("A");
        settings.limits.drain = Duration::from_millis(100);
        let server = start(&settings, "A").await.expect("a server");
        let mut client = Client::connect(server.address());
        assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
        let undone = server.stop().await.expect_err("a client that does not close");
        assert_eq!(undone, DrainError { connections: 1, neighbours: Vec::new() }.into());
        assert_eq!(undone.to_string(), "stopped with work left: 1 connection cut off");
    });
}

/// A server goes on when its handles are dropped.
#[test]
fn without_a_handle() {
    run(async {
        let server = start_alone("A").await;
        let address = server.address();
        drop(server);
        assert!(Client::connect(address).ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    });
}

/// What cannot be done is said, and nothing has changed.
#[test]
fn refusals() {
    run(async {
        let unknown = start(&alone("A"), "Z").await.expect_err("no such server");
        assert_eq!(unknown.to_string(), "\"Z\" is not a server of this herd");
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = taken.local_addr().expect("bound");
        let settings = Settings { listen: vec![address.to_string()], ..alone("A") };
        let bound = start(&settings, "A").await.expect_err("a port that is taken");
        assert!(bound.to_string().starts_with(&format!("A cannot listen on {address}: ")), "{bound}");

        // Where others can reach it, somebody has to have said what they may do.
        let everywhere = Settings { listen: vec!["0.0.0.0:0".into()], ..alone("A") };
        let unguarded = start(&everywhere, "A").await.expect_err("a server that all can reach");
        assert!(matches!(unguarded, StartError::Unguarded(Unguarded::Clients { .. })), "{unguarded}");

        let server = start_alone("A").await;
        let beyond = Settings::new(herd_of(&[("A", address), ("B", SocketAddr::from(([10, 0, 0, 1], 1)))]));
        let unguarded = server.reload(&beyond).await.expect_err("a neighbour that nothing proves");
        assert!(matches!(unguarded, ReloadError::Unguarded(Unguarded::Neighbours { .. })), "{unguarded}");
        let other = Settings::new(herd_of(&[("B", address)]));
        let name = ServerName::new("A").expect("a name");
        assert_eq!(server.reload(&other).await, Err(ReloadError::NotAMember { name }));
        let long = vec![b'x'; 5_000];
        let sighting = Sighting::new(&long, b"+1+1", b"1").expect("a sighting");
        assert_eq!(server.report_position(&sighting).map(drop), Err(ReportError::Refused(Refusal::TooLong)));
        server.stop().await.expect("an orderly stop");
    });
}

/// Rights that a program gives count from then on, and end at once what they do not cover.
#[test]
fn rights_that_change() {
    run(async {
        let server = start_alone("A").await;
        let mut client = Client::connect(server.address());
        assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
        let herd = herd_of(&[("A", server.address())]);
        let rights = ["ask:*".parse().expect("a right")].into_iter().collect();
        let access = Access::new(Grant { rights, ..Grant::default() }, [], false).expect("no tokens");
        let changed = Settings::new(Arc::new(Herd::clone(&herd).with_access(access)));
        server.reload(&changed).await.expect("other rights");
        assert_eq!(client.rest(), b"", "it could report until then");
        drop(client);
        let mut client = Client::connect(server.address());
        client.send("WHATSAT kiwi 0 0\n");
        assert!(client.whatsat().at.ends_with(" kiwi +1+1 1"));
        assert_eq!(client.ask("IAMAT kiwi +1+1 2"), "? IAMAT kiwi +1+1 2");
        drop(client);
        server.stop().await.expect("an orderly stop");
    });
}

/// What comes in one write is told to each watcher in one, or in two where it was read in parts, though the more watch the
/// less of it is taken in at once.
#[test]
fn watchers_are_told_together_of_what_comes_together() {
    const WATCHERS: u64 = 200;
    run(async {
        let settings = alone("A");
        let places = settings.open_places().expect("the embedded places");
        let server = herd_host::Server::<Counting<Adapter>>::start(&settings, "A", places).await.expect("a server");
        let mut watchers: Vec<_> = (0..WATCHERS).map(|_| Client::connect(server.address())).collect();
        for watcher in &mut watchers {
            assert_eq!(watcher.ask("WATCH *"), "WATCHING *");
        }
        let mut speaker = Client::connect(server.address());
        // The first rounds show the server how many each report is told to.
        for round in 0..10 {
            let told = TOLD.load(Ordering::Relaxed);
            let reports = (0..100).map(|client| format!("IAMAT client-{client} +1+1 {round}\n"));
            speaker.send(reports.collect::<String>());
            for watcher in &mut watchers {
                let last = (0..100).map(|_| watcher.line()).last();
                assert!(last.is_some_and(|line| line.ends_with(&format!("client-99 +1+1 {round} *"))));
            }
            let writes = TOLD.load(Ordering::Relaxed) - told;
            assert!(writes <= 2 * WATCHERS, "round {round}: {writes} writes to {WATCHERS} watchers");
        }
        drop((watchers, speaker));
        server.stop().await.expect("an orderly stop");
    });
}
