//! From a folder to a disk, and what is found on the way.

use std::io;

use crate::disk::{AtRest, Disk};
use crate::error::{Damage, OpenError};
use crate::format::{ClosedLog, FileHeader, FileName, MANIFEST, Manifest, aside};
use crate::recovery::{Found, Inventory, Reading, Role};
use crate::storage::{File, Storage};
use crate::writer::FrameWriter;

/// What a disk has to be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server that the folder belongs to: 1 to 64 bytes, no white space.
    pub server: String,
    /// Whether to start with what is whole where there is damage.
    pub recover: bool,
    /// A number that nobody can foresee: with it no line that somebody else has written is taken for a frame. For a
    /// simulation any number will do.
    pub salt: u64,
    /// The wall clock's seconds.
    pub now: u64,
}

/// What was found in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Lines that were read: more than there are clients, since logs hold what was superseded too.
    pub lines: u64,
    /// A torn tail that was cut off: bytes that were never known to be synced.
    pub torn: Option<TornTail>,
    /// What was damaged, and under which name the file is kept.
    pub aside: Vec<(Damage, String)>,
}

/// The end of a log that a crash has left in the middle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub file: String,
    /// Where the last whole frame ends: in bytes from the start.
    pub offset: u64,
    /// How many bytes there are behind it.
    pub bytes: u64,
}

/// A folder on its way to a disk.
struct Opening<'a, S: Storage> {
    disk: Disk<S>,
    /// A log for what has to be written anew.
    log: FrameWriter<S::File>,
    recovered: Recovered,
    sink: &'a mut dyn FnMut(&[u8]) -> Result<(), String>,
}

impl<S: Storage> Disk<S> {
    /// Reads the folder, and opens it to be written. All lines that it holds are handed to `sink`, in chunks of whole ones:
    /// the snapshot's first, then those of the logs in their order. Some may be there twice.
    ///
    /// What was not known to be synced, and is whole, is written anew, since it may have been in the system's memory only.
    ///
    /// # Errors
    /// An [`OpenError`], also where `sink` fails, whose text is passed on. Nothing that counted has changed.
    pub fn open(
        storage: S,
        options: &Options,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(Self, Recovered), OpenError> {
        let inventory = Inventory::read(&storage, &options.server)?;
        if let Some(damage) = inventory.damage.as_ref().filter(|_| !options.recover) {
            return Err(damage.clone().into());
        }
        let mut disk = Self::unopened(storage, options, &inventory);
        let log = disk.new_log().map_err(|error| disk.io(error))?;
        let mut opening = Opening { disk, log, recovered: Recovered::default(), sink };
        opening.recovered.aside.extend(inventory.damage.map(|damage| (damage, MANIFEST.to_owned())));
        for found in inventory.files {
            opening.read(found, options.recover)?;
        }
        opening.finish()
    }

    fn unopened(storage: S, options: &Options, inventory: &Inventory) -> Self {
        let begun = match &inventory.manifest {
            Some(manifest) => manifest.begun,
            None if inventory.files.is_empty() => options.now,
            None => 0,
        };
        let manifest =
            Manifest { server: options.server.clone(), begun, snapshot: None, closed: Vec::new(), log: None };
        Self {
            storage,
            server: options.server.clone(),
            salt: options.salt,
            manifest,
            log: None,
            snapshot: None,
            next_number: inventory.next_number,
            is_whole: true,
            at_rest: AtRest::default(),
        }
    }

    fn io(&self, error: io::Error) -> OpenError {
        OpenError::Io { file: self.storage.name(), error }
    }
}

impl<S: Storage> Opening<'_, S> {
    /// Reads a file, and notes what counts of it.
    fn read(&mut self, Found { name, role }: Found, recover: bool) -> Result<(), OpenError> {
        let Self { disk, log, recovered, sink } = self;
        let Disk { storage, server, manifest, at_rest, .. } = disk;
        let reading = Reading { storage, server, name, role };
        let end = match reading.run(sink)? {
            Ok(end) => end,
            Err(damage) if recover => {
                recovered.lines += reading.salvage(&mut |lines| {
                    sink(lines)?;
                    log.lines(lines).map_err(|error| format!("{}: {error}", storage.name()))
                })?;
                recovered.aside.push((damage, name.to_string()));
                return Ok(());
            }
            Err(damage) => return Err(damage.into()),
        };
        recovered.lines += end.lines;
        if end.torn > 0 {
            let file = format!("{}/{name}", storage.name());
            recovered.torn = Some(TornTail { file, offset: end.end, bytes: end.torn });
        }
        if end.synced < end.end {
            reading.run_from(end.synced, &mut |lines| {
                log.lines(lines).map_err(|error| format!("{}: {error}", storage.name()))
            })?;
        }
        match name {
            FileName::Snapshot(number) => (manifest.snapshot, at_rest.snapshot) = (Some(number), end.bytes),
            FileName::Log(number) if end.synced > FileHeader::len(server) as u64 => {
                let len = if let Role::Closed(len) = role { len } else { end.synced };
                manifest.closed.push(ClosedLog { number, len });
                at_rest.logs += end.bytes;
            }
            FileName::Log(_) => {}
        }
        Ok(())
    }

    /// Has the folder say what was found. Only then does anything change that counted before.
    fn finish(self) -> Result<(Disk<S>, Recovered), OpenError> {
        let Self { mut disk, mut log, mut recovered, .. } = self;
        disk.manifest.log = Some(log.name.number());
        let manifest = disk.manifest.clone();
        log.sync().and_then(|()| disk.set_aside_manifest(&mut recovered)).map_err(|error| disk.io(error))?;
        disk.replace_manifest(&manifest).map_err(|error| disk.io(error))?;
        disk.log = Some(log);
        disk.set_aside(&mut recovered).map_err(|error| disk.io(error))?;
        disk.remove_others();
        Ok((disk, recovered))
    }
}

impl<S: Storage> Disk<S> {
    /// Keeps a copy of a manifest that is damaged, before another one takes its place.
    fn set_aside_manifest(&mut self, recovered: &mut Recovered) -> io::Result<()> {
        let taken = self.storage.list()?;
        for (_, name) in recovered.aside.iter_mut().filter(|(_, name)| name == MANIFEST && taken.contains(name)) {
            let aside = aside(name, &taken);
            copy(&mut self.storage, name, &aside)?;
            *name = aside;
        }
        Ok(())
    }

    /// Gives damaged files other names.
    fn set_aside(&mut self, recovered: &mut Recovered) -> io::Result<()> {
        for (_, name) in &mut recovered.aside {
            let taken = self.storage.list()?;
            if FileName::parse(name).is_some() && taken.contains(name) {
                let aside = aside(name, &taken);
                self.storage.rename(name, &aside)?;
                *name = aside;
            }
        }
        self.storage.sync_names()
    }
}

fn copy<S: Storage>(storage: &mut S, from: &str, to: &str) -> io::Result<()> {
    let (mut reader, _) = storage.open(from)?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut reader, &mut bytes)?;
    let mut file = storage.create(to)?;
    file.append(&bytes)?;
    file.sync()
}
