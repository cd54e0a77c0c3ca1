//! Clients that report all the time.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use herd_tests::herd::Herd;
use herd_tests::patience::PATIENCE;

/// A client, and its AT line.
pub(in super::super) type Told = (String, String);

/// How long a server's clients rest between two reports.
const PAUSE: Duration = Duration::from_millis(100);

/// Clients that report at each server all the time, also while it is restarted.
#[derive(Default)]
pub(in super::super) struct Load {
    of: BTreeMap<String, Clients>,
}

/// Those of one server.
struct Clients {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// What was acknowledged.
    told: Mutex<Vec<Told>>,
    /// Replies that say something else.
    refused: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl Load {
    pub(in super::super) fn start(&mut self, herd: &Herd, name: &str) {
        let shared = Arc::new(Shared::default());
        let (running, server, address) = (Arc::clone(&shared), name.to_owned(), herd.address(name));
        let thread = thread::spawn(move || running.report(&server, address));
        self.of.insert(name.into(), Clients { shared, thread: Some(thread) });
    }

    /// Clients of one server that go to another one of the herd when theirs does not answer, and report again there until
    /// they are answered.
    pub(super) fn start_roaming(&mut self, herd: &Herd, name: &str) {
        let shared = Arc::new(Shared::default());
        let (running, server) = (Arc::clone(&shared), name.to_owned());
        let others = herd.graph().names.iter().filter(|other| *other != name);
        let addresses: Vec<_> = [&server].into_iter().chain(others).map(|name| herd.address(name)).collect();
        let thread = thread::spawn(move || running.roam(&server, &addresses));
        self.of.insert(name.into(), Clients { shared, thread: Some(thread) });
    }

    /// Replies that were none to a report.
    pub(super) fn refused(&self) -> Vec<String> {
        self.of.values().flat_map(|clients| lock(&clients.shared.refused).clone()).collect()
    }

    /// Everything that one server has acknowledged until now, whoever's client it was.
    pub(super) fn told_by(&self, name: &str) -> Vec<Told> {
        let by = format!("AT {name} ");
        self.told().into_iter().filter(|(_, at)| at.starts_with(&by)).collect()
    }

    /// How many reports one server has acknowledged until now.
    pub(in super::super) fn count(&self, name: &str) -> usize {
        lock(&self.of[name].shared.told).len()
    }

    /// Everything that was acknowledged until now.
    pub(in super::super) fn told(&self) -> Vec<Told> {
        self.of.values().flat_map(|clients| lock(&clients.shared.told).clone()).collect()
    }

    /// Ends the clients of one server.
    pub(in super::super) fn stop(&mut self, name: &str) {
        self.of.get_mut(name).expect("clients").stop();
    }
}

impl Clients {
    fn stop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("clients that do not panic");
        }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
    }
}

impl Shared {
    /// Reports at the server, again and again, where it listens. Each client reports once, also where that fails: the
    /// server may have passed on what it could not acknowledge any more.
    fn report(&self, server: &str, address: SocketAddr) {
        let mut connection = None;
        for number in 0.. {
            if self.stopped.load(Ordering::Acquire) {
                break;
            }
            let client = format!("of-{server}-{number}");
            match ask(&mut connection, address, &format!("IAMAT {client} +34.068930-118.445127 1")) {
                Ok(at) => lock(&self.told).push((client, at)),
                Err(_) => connection = None,
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Shared {
    /// Each client reports until it is answered, at its own server if that is there. Its reports have times of their own: of
    /// one that was not answered nobody knows whether it was taken in.
    fn roam(&self, server: &str, addresses: &[SocketAddr]) {
        let (mut connection, mut addresses) = (None, addresses.iter().cycle().copied());
        let mut address = addresses.next().expect("its own");
        for number in 0.. {
            let client = format!("of-{server}-{number}");
            for time in 0.. {
                if self.stopped.load(Ordering::Acquire) {
                    return;
                }
                match ask(&mut connection, address, &format!("IAMAT {client} +34.068930-118.445127 {time}")) {
                    Ok(at) if at.starts_with("AT ") => {
                        lock(&self.told).push((client, at));
                        break;
                    }
                    Ok(other) => lock(&self.refused).push(other),
                    Err(_) => {}
                }
                connection = None;
                address = addresses.next().expect("it goes around");
            }
            thread::sleep(PAUSE / 4);
        }
    }
}

/// Asks on a connection that is made where there is none. One that is down, or ends before it has answered, is no fault.
fn ask(connection: &mut Option<BufReader<TcpStream>>, address: SocketAddr, request: &str) -> io::Result<String> {
    let stream = match connection {
        Some(stream) => stream,
        None => connection.insert(BufReader::new(TcpStream::connect(address)?)),
    };
    stream.get_ref().set_read_timeout(Some(PATIENCE))?;
    stream.get_mut().write_all(format!("{request}\n").as_bytes())?;
    let mut reply = String::new();
    stream.read_line(&mut reply)?;
    reply.strip_suffix('\n').map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
