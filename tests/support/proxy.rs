//! A middlebox: a TCP proxy before a server, which fails when it is told to, as firewalls and load balancers do.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::{fs, thread};

use crate::herd::Herd;
use crate::lock::lock;

/// What a box does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes on whatever either end says.
    Pass,
    /// Breaks the connections that there are, accepts new ones and closes them at once.
    Close,
    /// Breaks the connections that there are, accepts new ones and reads them. They lead nowhere, also when the box
    /// works again.
    Hold,
    /// Goes on reading both ends of each connection that there is, and drops what they say, also when the box works
    /// again. New connections are held.
    Swallow,
}

/// A box before one server. It stops, and breaks all of its connections, when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    stopped: bool,
    pipes: Vec<Weak<Pipe>>,
    /// What those who opened connections have said on each, as far as [`MOST_RECORDED`].
    said: Vec<Arc<Mutex<Vec<u8>>>>,
    /// How many bytes both ends have said, on all connections.
    bytes: Arc<AtomicU64>,
}

/// How much of what is said on a connection is kept.
const MOST_RECORDED: usize = 64 << 10;

/// One connection through the box.
#[derive(Debug)]
struct Pipe {
    opener: TcpStream,
    /// There is none where the connection was held.
    server: Option<TcpStream>,
    /// Whether what is said on it gets lost.
    leaks: AtomicBool,
    /// What its opener has said.
    said: Arc<Mutex<Vec<u8>>>,
    /// How many bytes both ends have said, on all connections of the box.
    bytes: Arc<AtomicU64>,
}

impl Proxy {
    /// A box that passes everything on to the server that listens, or will, at `server`.
    #[must_use]
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (said, bytes) = (Vec::new(), Arc::default());
        let state = State { mode: Mode::Pass, stopped: false, pipes: Vec::new(), said, bytes };
        let shared = Arc::new(Shared { server, state: Mutex::new(state) });
        let running = Arc::clone(&shared);
        thread::spawn(move || {
            for opener in listener.incoming().map_while(Result::ok) {
                if lock(&running.state).stopped {
                    break;
                }
                running.accept(opener);
            }
        });
        Self { address, shared }
    }

    /// Puts a box before one of a herd's servers, in the config file of the herd: from the next start of a server on
    /// that one reaches the other through it.
    #[must_use]
    pub fn put_before(herd: &Herd, name: &str) -> Self {
        let proxy = Self::before(herd.address(name));
        let listen = format!("listen = \"{}\"", herd.address(name));
        let config = fs::read_to_string(&herd.config).expect("a config file");
        assert!(config.contains(&listen), "{name} is not in {config}");
        let config = config.replace(&listen, &format!("{listen}\naddress = \"{}\"", proxy.address));
        fs::write(&herd.config, config).expect("a file");
        proxy
    }

    /// Where others reach the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What those who opened connections have said, connection by connection.
    #[must_use]
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        lock(&self.shared.state).said.iter().map(|said| lock(said).clone()).collect()
    }

    /// How many bytes went through it, both ways.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        lock(&self.shared.state).bytes.load(Ordering::Relaxed)
    }

    /// Works, or fails in that way, from now on.
    pub fn set(&self, mode: Mode) {
        lock(&self.shared.state).enter(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.stopped = true;
        state.enter(Mode::Close);
        drop(state);
        // For the thread that accepts, so that it sees that.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(&self, opener: TcpStream) {
        // Outside the lock. Where it cannot be reached, or the box has failed since, nobody will have heard of it.
        let server = TcpStream::connect(self.server).ok();
        let mut state = lock(&self.state);
        let server = match state.mode {
            Mode::Close => return,
            Mode::Pass if server.is_none() => return,
            Mode::Pass => server,
            Mode::Hold | Mode::Swallow => None,
        };
        let leaks = AtomicBool::new(server.is_none());
        for stream in [Some(&opener), server.as_ref()].into_iter().flatten() {
            let _ = stream.set_nodelay(true);
        }
        let said = Arc::default();
        state.said.push(Arc::clone(&said));
        let pipe = Arc::new(Pipe { opener, server, leaks, said, bytes: Arc::clone(&state.bytes) });
        state.pipes.retain(|pipe| pipe.strong_count() > 0);
        state.pipes.push(Arc::downgrade(&pipe));
        drop(state);
        if pipe.server.is_some() {
            let back = Arc::clone(&pipe);
            thread::spawn(move || back.pass(back.server.as_ref(), Some(&back.opener), |_| ()));
        }
        thread::spawn(move || pipe.pass(Some(&pipe.opener), pipe.server.as_ref(), |bytes| pipe.record(bytes)));
    }
}

impl State {
    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        for pipe in self.pipes.iter().filter_map(Weak::upgrade) {
            match mode {
                Mode::Pass => {}
                Mode::Hold if pipe.leaks() => {}
                Mode::Close | Mode::Hold => pipe.cut(),
                Mode::Swallow => pipe.leaks.store(true, Ordering::Release),
            }
        }
    }
}

impl Pipe {
    fn leaks(&self) -> bool {
        self.leaks.load(Ordering::Acquire)
    }

    /// Ends it at both ends.
    fn cut(&self) {
        for stream in [Some(&self.opener), self.server.as_ref()].into_iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn record(&self, bytes: &[u8]) {
        let mut said = lock(&self.said);
        let room = MOST_RECORDED.saturating_sub(said.len());
        said.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Passes on what one end says, to its end. Where that gets lost, the end does too.
    fn pass(&self, from: Option<&TcpStream>, to: Option<&TcpStream>, record: impl Fn(&[u8])) {
        let Some(mut from) = from else { return };
        let mut bytes = vec![0; 16 << 10];
        while let Ok(len @ 1..) = from.read(&mut bytes) {
            self.bytes.fetch_add(len as u64, Ordering::Relaxed);
            record(&bytes[..len]);
            if let Some(mut to) = to
                && !self.leaks()
                && to.write_all(&bytes[..len]).is_err()
            {
                return self.cut();
            }
        }
        if let Some(to) = to
            && !self.leaks()
        {
            let _ = to.shutdown(Shutdown::Write);
        }
    }
}
