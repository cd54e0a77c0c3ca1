//! Reading what an earlier run has kept.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::SystemTime;

use herd::{Node, Refusal, Seed, ServerId, ServerName};
use herd_command::one_line;
use herd_disk::{Disk, Folder, Inspected, OpenError, Options, Recovered};

use super::timed::TimedFolder;
use super::{Data, DataError};
use crate::config::{DataSettings, Settings};
use crate::lock::lock;
use crate::server::StartError;
use crate::tls::file_name;

/// How many threads take in what is read, and how many chunks may wait for them.
const TAKERS: usize = 2;

/// A node, with what its server has kept.
pub(crate) struct Stored {
    pub(crate) node: Node,
    pub(crate) opened: Option<Opened>,
}

/// A folder that was read, and can be written.
pub(crate) struct Opened {
    pub(super) data: Arc<Data>,
    pub(super) disk: Disk<TimedFolder>,
    pub(super) recovered: Recovered,
    pub(super) settings: DataSettings,
}

impl Opened {
    pub(crate) fn data(&self) -> Arc<Data> {
        Arc::clone(&self.data)
    }
}

impl Stored {
    /// Makes the node of a server, and reads its data. It blocks for as long as that takes.
    pub(crate) fn read(settings: &Settings, server: ServerId) -> Result<Self, StartError> {
        let node = Node::new(Arc::clone(&settings.herd), server, settings.limits.clone(), seed()?);
        let data = settings.data.as_ref();
        let opened = data.map(|data| open(data, settings.herd.name(server), &node)).transpose()?;
        Ok(Self { node, opened })
    }
}

/// Where the data of that server is.
pub(crate) fn folder_of(data: &DataSettings, server: &ServerName) -> PathBuf {
    data.dir.join(file_name(server.as_str()))
}

fn open(settings: &DataSettings, server: &ServerName, node: &Node) -> Result<Opened, DataError> {
    let path = folder_of(settings, server);
    let timed = Arc::<herd_web::Timed>::default();
    let folder = TimedFolder::new(Folder::lock(&path)?, Arc::clone(&timed));
    let mut salt = [0; 8];
    getrandom::fill(&mut salt).map_err(|error| DataError::Random(error.into()))?;
    let options = Options {
        server: server.to_string(),
        recover: settings.recover,
        salt: u64::from_le_bytes(salt),
        now: wall_seconds(),
    };
    let (disk, recovered) = taking_in(&path, node, |sink| Disk::open(folder, &options, sink))?;
    let data = Arc::new(Data::new(settings, path.display().to_string(), timed));
    Ok(Opened { data, disk, recovered, settings: settings.clone() })
}

/// Looks at a folder, without its lock and without changing it, and takes what is in it into a node.
pub(super) fn inspect(path: &Path, server: &ServerName, node: &Node) -> Result<Inspected, DataError> {
    let folder = Folder::read(path)?;
    taking_in(path, node, |sink| herd_disk::inspect(&folder, server.as_str(), sink, &mut || {}))
}

/// Reads on this thread, and takes in what is read on others.
fn taking_in<T>(
    path: &Path,
    node: &Node,
    read: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), String>) -> Result<T, OpenError>,
) -> Result<T, DataError> {
    let fault = OnceLock::new();
    let (chunks, to_take) = sync_channel::<Vec<u8>>(2 * TAKERS);
    let (spent, to_fill) = sync_channel::<Vec<u8>>(4 * TAKERS);
    let to_take = Mutex::new(to_take);
    let read = thread::scope(|scope| {
        for _ in 0..TAKERS {
            scope.spawn(|| take_in(node, &to_take, &spent, &fault));
        }
        let read = read(&mut |lines| {
            let mut chunk = to_fill.try_recv().unwrap_or_default();
            chunk.clear();
            chunk.extend(lines);
            // Whoever takes them is there until the end.
            let _ = chunks.send(chunk);
            fault.get().cloned().map_or(Ok(()), Err)
        });
        drop(chunks);
        read
    });
    match fault.into_inner() {
        Some(what) => Err(DataError::NotTaken { folder: path.display().to_string(), what }),
        None => Ok(read?),
    }
}

fn take_in(node: &Node, chunks: &Mutex<Receiver<Vec<u8>>>, spent: &SyncSender<Vec<u8>>, fault: &OnceLock<String>) {
    let next = || lock(chunks).recv();
    while let Ok(chunk) = next() {
        for line in chunk.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            if let Err(why) = node.restore(line) {
                let _ = fault.set(not_taken(line, why));
            }
        }
        let _ = spent.try_send(chunk);
    }
}

fn not_taken(line: &[u8], why: Refusal) -> String {
    match why {
        Refusal::Full => "it holds more clients than the limits clients and client-bytes allow: raise them".into(),
        why => {
            format!("a line of it is not one of this version's: {why}: {}", one_line(&line.escape_ascii().to_string()))
        }
    }
}

/// The wall clock's seconds.
pub(super) fn wall_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What nobody can guess: whoever could would know the nonces of the proofs to come.
fn seed() -> Result<Seed, StartError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| StartError::Random(error.into()))?;
    Ok(Seed::from(bytes))
}
