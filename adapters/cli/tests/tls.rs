//! `herd certs`, and the client within TLS, end to end, against servers with the certificates that it made.
//!
//! This program has no test harness, so that it can be the servers too: a test knows the path of its own package's
//! programs only.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitCode, Output};

use herd_tests::graphs::pair;
use herd_tests::herd::config_text;
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
use herd_tests::process::{Process, command};
use tempfile::TempDir;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return herd_host::main::<herd_tokio::Tokio>("herd-tokio");
    }
    let folder = Folder::new();
    certificates_are_made_once(&folder);
    herds_that_can_have_none(&folder);
    let addresses = [free_address(), free_address()];
    folder.write("herd.toml", &config_text(&pair(), &addresses));
    folder.succeeds(&["certs"]);
    let servers = ["A", "B"].map(|name| folder.serve(name, addresses, "clients = \"required\"\n"));
    each_command_speaks_tls(&folder);
    what_fails_is_told(&folder, addresses[0]);
    drop(servers);
    println!("herd certs made certificates, and the client speaks TLS");
    ExitCode::SUCCESS
}

/// A folder for a herd's file and its certificates.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the client in the folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut client = command(env!("CARGO_BIN_EXE_herd"));
        client.args(arguments).env("HERD_CONFIG", "herd.toml").current_dir(self.0.path());
        client.output().expect("the client starts")
    }

    /// What it prints, where all goes well.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), &*told), (Some(0), ""), "{arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// What it tells in one line, where it ends with that code.
    fn fails(&self, arguments: &[&str], code: i32, told: &str) {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), text.lines().count()), (Some(code), 1), "{arguments:?}: {text}");
        assert!(text.contains(told), "{arguments:?}: {text}");
    }

    /// A server with the files of the folder `certs`, and these lines in its `[tls]` besides.
    fn serve(&self, name: &str, addresses: [SocketAddr; 2], tls: &str) -> Process {
        let table = "[tls]\ncert = \"certs/{name}.pem\"\nkey = \"certs/{name}.key\"\nca = \"certs/ca.pem\"\n";
        let access = "[access]\nanonymous = [\"all\"]\n";
        self.write("servers.toml", &format!("{}{table}{tls}{access}", self.read("herd.toml")));
        let mut server = command(std::env::current_exe().expect("a program"));
        server.args(["serve", name, "--config", &self.path("servers.toml"), "--log-filter", "error"]);
        if name == "A" {
            // So that it is reached where its certificate is not for.
            server.args(["--listen", &format!("0.0.0.0:{}", addresses[0].port())]);
        }
        Process::listening(&mut server, addresses[usize::from(name == "B")])
    }
}

fn certificates_are_made_once(folder: &Folder) {
    let alone = "[[server]]\nname = \"A\"\nlisten = \"127.0.0.1:1\"\n";
    folder.write("herd.toml", alone);
    let told = folder.succeeds(&["certs"]);
    assert!(told.contains("certs/A.pem: for A, 127.0.0.1, localhost, ::1, until 2"), "{told}");
    assert!(told.contains("cert = \"certs/{name}.pem\""), "{told}");
    for secret in ["certs/ca.key", "certs/A.key"] {
        assert_eq!(mode(Path::new(&folder.path(secret))), 0o600, "{secret}");
    }
    let files = ["certs/ca.pem", "certs/ca.key", "certs/A.pem", "certs/A.key"];
    let first = files.map(|file| folder.read(file));
    // A server is added, whose name is no file's.
    folder
        .write("herd.toml", &format!("{alone}[[server]]\nname = \".b\"\nlisten = \"127.0.0.1:2\"\nlinks = [\"A\"]\n"));
    folder.fails(&["certs"], 2, "cannot stand in a certificate");
    folder
        .write("herd.toml", &format!("{alone}[[server]]\nname = \"b.c\"\nlisten = \"127.0.0.1:2\"\nlinks = [\"A\"]\n"));
    let told = folder.succeeds(&["certs"]);
    assert!(told.contains("certs/A.pem: kept") && told.contains("certs/b.c.pem: for b.c, 127.0.0.1"), "{told}");
    assert_eq!(files.map(|file| folder.read(file)), first);
    folder.succeeds(&["certs", "--force", "--days", "30"]);
    let again = files.map(|file| folder.read(file));
    assert_eq!(again[..2], first[..2], "the authority stays");
    assert!(again[2] != first[2] && again[3] != first[3]);
    fs::remove_file(folder.path("certs/ca.key")).expect("a file");
    folder.fails(&["certs"], 2, "an authority is a pair, ca.pem and ca.key");
    fs::remove_dir_all(folder.path("certs")).expect("a folder");
}

fn herds_that_can_have_none(folder: &Folder) {
    let server = |name: &str, listen: &str, links: &str| {
        format!("[[server]]\nname = \"{name}\"\nlisten = \"{listen}\"\nlinks = [{links}]\n")
    };
    for (one, other, told) in [
        (server("a_b c", "h:1", ""), String::new(), "invalid server name"),
        (server("é", "h:1", ""), String::new(), "cannot stand in a certificate"),
        (server("Ball", "h:1", ""), server("bALL", "h:2", "\"Ball\""), "are one name to certificates"),
        (server("a", "b:1", ""), server("b", "c:1", "\"a\""), "a is reached at a host named b"),
    ] {
        folder.write("herd.toml", &format!("{one}{other}"));
        folder.fails(&["certs"], 2, told);
    }
    assert!(!Path::new(&folder.path("certs")).exists(), "nothing is made for them");
}

fn each_command_speaks_tls(folder: &Folder) {
    let tls = ["--tls", "--ca", "certs/ca.pem"];
    let with = |arguments: &[&str]| folder.succeeds(&[arguments, &tls].concat());
    assert!(with(&["iamat", "kiwi", "34.06893", "-118.445127"]).starts_with("kiwi is at 34.068930° N"));
    assert!(with(&["whatsat", "kiwi", "--to", "A"]).contains("Westwood"));
    wait_for("B to know kiwi by way of TLS", || {
        let output = folder.run(&["send", "--to", "B", "WHATSAT kiwi 0 0", "--tls", "--ca", "certs/ca.pem"]);
        (output.status.code() == Some(0)).then_some(())
    });
    let requests: Vec<String> = (0..500).map(|number| format!("IAMAT client-{number} +1+1 1")).collect();
    let requests: Vec<&str> = ["send"].into_iter().chain(requests.iter().map(String::as_str)).collect();
    assert_eq!(with(&requests).lines().count(), 500);
    let status = with(&["status", "--json", "--to", "A"]);
    assert!(status.contains("\"proven\":\"certificate\""), "{status}");
    let load = ["bench", "--json", "--count", "2000", "--pipeline", "20", "--connections", "5"];
    assert!(with(&load).contains("\"replies\": 2000"));
    let each = ["bench", "--json", "--count", "50", "--connect-each", "--connections", "4"];
    assert!(with(&each).contains("\"replies\": 50"));
}

fn what_fails_is_told(folder: &Folder, everywhere: SocketAddr) {
    let ask = ["iamat", "kiwi", "1", "1"];
    let with = |arguments: &[&'static str]| [&ask[..], arguments].concat();
    folder.fails(
        &with(&["--tls"]),
        1,
        "its certificate is of an authority that is not trusted; name the herd's with --ca",
    );
    folder.fails(&with(&[]), 1, "it may demand TLS: try --tls");
    folder.fails(&with(&["--tls", "--ca", "no.pem"]), 2, "--ca no.pem: No such file");
    folder.fails(&with(&["--tls", "--ca", "certs/A.key"]), 2, "there is no certificate in PEM form in it");
    folder.fails(&with(&["--ca", "certs/ca.pem"]), 2, "--tls");
    // Another herd's server, which speaks none.
    let address = free_address();
    let mut plain = command(std::env::current_exe().expect("a program"));
    folder.write("plain.toml", &format!("[[server]]\nname = \"P\"\nlisten = \"{address}\"\n"));
    plain.args(["serve", "P", "--config", &folder.path("plain.toml"), "--log-filter", "error"]);
    let _plain = Process::listening(&mut plain, address);
    let to = address.to_string();
    folder.fails(&[&ask[..], &["--tls", "--ca", "certs/ca.pem", "--to", &to]].concat(), 1, "does not speak TLS");
    // A host that the certificate is not for: every address of 127.0.0.0/8 is this machine.
    if cfg!(target_os = "linux") {
        let elsewhere = format!("127.0.0.2:{}", everywhere.port());
        let to = [&ask[..], &["--tls", "--ca", "certs/ca.pem", "--to", &elsewhere]].concat();
        folder.fails(&to, 1, "its certificate is not for this host");
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}
