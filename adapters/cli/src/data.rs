//! The folder in which a server keeps its clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use herd::{Cursor, Herd, Limits, Member, Node, Seed, ServerName};
use herd_disk::{Disk, Folder, Inspected, Options, inspect};
use herd_host::file_name;

use crate::failure::Failure;

/// The options that say which.
#[derive(Args)]
pub(crate) struct DataFolder {
    /// The data folder, as `dir` in the config file
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The server whose data it is [default: the only one that has data there]
    #[arg(long, value_name = "SERVER", requires = "data")]
    of: Option<String>,
}

/// One server's folder.
pub(crate) struct OfServer {
    path: PathBuf,
    server: ServerName,
}

impl DataFolder {
    /// The folder of one server, if one is named at all.
    ///
    /// # Errors
    /// Where it cannot be told whose.
    pub(crate) fn of_server(&self) -> Result<Option<OfServer>, Failure> {
        let Some(data) = &self.data else { return Ok(None) };
        let name = match &self.of {
            Some(name) => name.clone(),
            None => Self::only_one(data)?,
        };
        let server = ServerName::new(&name).map_err(|why| Failure::Usage(format!("--of {name:?}: {why}")))?;
        Ok(Some(OfServer { path: data.join(file_name(&name)), server }))
    }

    /// The only server that has a folder there whose name is the server's own.
    fn only_one(data: &Path) -> Result<String, Failure> {
        let unreadable = |why| Failure::Usage(format!("--data {}: {why}; check the path", data.display()));
        let mut names = Vec::new();
        for entry in std::fs::read_dir(data).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_type().map_err(unreadable)?.is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        match &names[..] {
            [name] if file_name(name) == *name => Ok(name.clone()),
            [] => Err(Failure::Usage(format!("--data {}: no server has data there", data.display()))),
            _ => Err(Failure::Usage(format!("--data {}: say whose data with --of SERVER", data.display()))),
        }
    }
}

/// How many bytes are handed to a disk at once.
const CHUNK: usize = 256 << 10;

impl OfServer {
    /// Hands what the folder keeps to `take`, many whole lines at a time, of each client the newest; what was found besides.
    /// The folder may be in use.
    pub(crate) fn read(&self, mut take: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<Inspected, Failure> {
        let folder = Folder::read(&self.path).map_err(unusable)?;
        let node = std::cell::RefCell::new(self.node()?);
        let mut restore = |lines: &[u8]| {
            let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            lines
                .map(|line| node.borrow().restore(line))
                .try_for_each(|restored| restored.map_err(|why| why.to_string()))
        };
        let fresh = self.node()?;
        let mut again = || *node.borrow_mut() = fresh.clone();
        let found = inspect(&folder, self.server.as_str(), &mut restore, &mut again).map_err(unusable)?;
        let (node, mut cursor, mut lines) = (node.into_inner(), Cursor::default(), Vec::new());
        let mut is_more = true;
        while is_more {
            lines.clear();
            is_more = node.copy_next(&mut cursor, &mut lines);
            take(&lines)?;
        }
        Ok(found)
    }

    /// Adds lines to the folder, which no server has in use: of each client, the newest counts there.
    pub(crate) fn write(&self, lines: impl Iterator<Item = Result<Vec<u8>, Failure>>) -> Result<u64, Failure> {
        let folder = Folder::lock(&self.path).map_err(unusable)?;
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|why| Failure::Usage(format!("the system gives no random numbers: {why}")))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (server, salt) = (self.server.to_string(), u64::from_ne_bytes(random));
        let options = Options { server, recover: false, salt, now };
        let (mut disk, _) = Disk::open(folder, &options, &mut |_| Ok(())).map_err(unusable)?;
        let (mut chunk, mut count) = (Vec::new(), 0);
        for line in lines {
            chunk.extend(line?);
            chunk.push(b'\n');
            count += 1;
            if chunk.len() >= CHUNK {
                disk.append(&chunk)?;
                chunk.clear();
            }
        }
        disk.append(&chunk)?;
        disk.close()?;
        Ok(count)
    }

    /// A node that knows of two records which is newer, and keeps as many as there are.
    fn node(&self) -> Result<Node, Failure> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|why| Failure::Usage(format!("the system gives no random numbers: {why}")))?;
        let alone = Member { name: self.server.clone(), address: "127.0.0.1:1".into(), links: Vec::new() };
        let herd = Arc::new(Herd::new(vec![alone]).expect("a herd of one"));
        let me = herd.find(self.server.as_bytes()).expect("its only one");
        let limits = Limits { clients: usize::MAX, client_bytes: usize::MAX, ..Limits::default() };
        Ok(Node::new(herd, me, limits, Seed::from(seed)))
    }
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}
