//! `check`: whether servers of the herd could be started on this machine, with nothing started and nothing changed.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use herd::ServerId;
use rustix::fs::{Access, access};

use crate::address;
use crate::command::UsageError;
use crate::config::{ClientTls, Description, Settings};
use crate::data;
use crate::exit_code;
use crate::server::{BindError, try_to_listen};

/// Tells what the settings say, or what was `printed` of them, and what would keep the herd from starting; the code to exit
/// with.
pub(crate) fn run(program: &str, settings: &Settings, printed: Option<&str>) -> ExitCode {
    let source = match settings.open_places() {
        Ok(source) => source,
        Err(error) => return UsageError::from(error).report(program),
    };
    let tried = Tried::of(settings);
    // Nobody is left to tell where the terminal itself is gone.
    let is_readable = describe(settings, printed, &tried).unwrap_or(false);
    // A description has them in it.
    let of_settings = settings.warnings.iter().filter(|_| printed.is_some()).map(ToString::to_string);
    let warnings = of_settings.chain(source.warning()).map(|warning| format!("warning: {warning}"));
    let wrong = tried.wrong.iter().map(|wrong| format!("error: {wrong}"));
    for line in warnings.chain(wrong) {
        let _ = writeln!(io::stderr(), "{program}: {line}");
    }
    if is_readable && tried.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit_code::FAILURE) }
}

/// Whether the data can be read, too.
fn describe(settings: &Settings, printed: Option<&str>, tried: &Tried) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    if let Some(printed) = printed {
        return out.write_all(printed.as_bytes()).map(|()| true);
    }
    write!(out, "{}", Description(settings))?;
    let is_readable = settings.data.as_ref().map_or(Ok(true), |data| data::report(settings, data, &mut out))?;
    let names = |servers: &[ServerId]| {
        let names: Vec<&str> = servers.iter().map(|&server| settings.herd.name(server).as_str()).collect();
        names.join(", ")
    };
    if !tried.running.is_empty() {
        writeln!(out, "running already: {}", names(&tried.running))?;
    }
    if !tried.elsewhere.is_empty() {
        writeln!(out, "not of this machine, and not tried: {}", names(&tried.elsewhere))?;
    }
    if is_readable && tried.wrong.is_empty() && !tried.here.is_empty() {
        writeln!(out, "ready: addresses, files and folders can be used")?;
    }
    Ok(is_readable)
}

/// What came of a try.
#[derive(Debug, Default)]
struct Tried {
    here: Vec<ServerId>,
    /// Those of these that answer already.
    running: Vec<ServerId>,
    elsewhere: Vec<ServerId>,
    wrong: Vec<String>,
}

/// What can be said of an address.
enum Listening {
    Free,
    /// A server of a herd listens there.
    Served,
    Elsewhere,
    Wrong(io::Error),
}

impl Tried {
    fn of(settings: &Settings) -> Self {
        let mut tried = Self::default();
        settings.herd.ids().for_each(|server| tried.addresses(settings, server));
        tried.folders(settings);
        tried.log(settings);
        tried
    }

    fn addresses(&mut self, settings: &Settings, server: ServerId) {
        let listen = settings.listen(server);
        match listening(listen, settings) {
            Listening::Elsewhere => return self.elsewhere.push(server),
            Listening::Wrong(why) => self.wrong.push(BindError::new(settings, server, listen, why).to_string()),
            Listening::Served => self.running.push(server),
            Listening::Free => {}
        }
        self.here.push(server);
        let is_running = self.running.last() == Some(&server);
        // Of a server that runs its own door is taken, too.
        if let Some(http) = settings.http.listen(server, self.here.len() == 1).filter(|_| !is_running)
            && let Err(why) = try_to_listen(http)
        {
            self.wrong.push(BindError::new(settings, server, http, why).to_string());
        }
    }

    fn folders(&mut self, settings: &Settings) {
        let Some(data) = &settings.data else { return };
        for &server in &self.here {
            let folder = data::folder_of(data, settings.herd.name(server));
            if let Err(why) = can_be_written(&folder) {
                self.wrong.push(format!("data folder {}: it cannot be written: {why}", folder.display()));
            }
        }
    }

    fn log(&mut self, settings: &Settings) {
        let Some(file) = &settings.log.file else { return };
        let tried = if file.exists() {
            OpenOptions::new().append(true).open(file).map(drop)
        } else {
            // Nobody makes the folder of a log.
            is_writable(file.parent().unwrap_or(Path::new("")))
        };
        if let Err(why) = tried {
            self.wrong.push(format!("the log {} cannot be written: {why}", file.display()));
        }
    }
}

fn listening(listen: &str, settings: &Settings) -> Listening {
    let Err(why) = try_to_listen(listen) else { return Listening::Free };
    // With TLS alone, who listens there cannot be asked in plain text.
    let is_encrypted = settings.tls.as_ref().is_some_and(|tls| tls.clients == ClientTls::Required);
    match why.kind() {
        io::ErrorKind::AddrInUse if is_encrypted || is_served(listen) => Listening::Served,
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Listening::Wrong(why),
        // An address of another machine, or a name that is known there.
        _ => Listening::Elsewhere,
    }
}

/// Whether a server of a herd answers there: it says how it is, or refuses to.
fn is_served(listen: &str) -> bool {
    let answers = |address: &SocketAddr| -> io::Result<bool> {
        const PATIENCE: Duration = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"STATUS\n")?;
        let mut first = [0; 2];
        stream.read_exact(&mut first)?;
        Ok(first[0] == b'{' || &first == b"? ")
    };
    let addresses = address::look_up(listen).unwrap_or_default();
    addresses.iter().any(|address| answers(address).unwrap_or(false))
}

/// Whether this user may write in a folder, or make it where it is not there.
fn can_be_written(folder: &Path) -> io::Result<()> {
    match folder.parent() {
        Some(parent) if !folder.exists() => can_be_written(parent),
        _ => is_writable(folder),
    }
}

fn is_writable(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if folder.exists() && !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is not a folder", folder.display())));
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(io::Error::from)
}
