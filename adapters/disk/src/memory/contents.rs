//! What is in a folder in memory, and what of it would be there after a crash.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::faults::Faults;

/// What a disk writes at once: of a write that a crash has cut off, some may be there, in any order.
const SECTOR: usize = 512;

#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) run: u64,
    pub(super) faults: Faults,
    names: BTreeMap<String, u64>,
    /// The names that would be there after a crash, and the changes that may be.
    lasting: BTreeMap<String, u64>,
    changes: Vec<NameChange>,
    files: BTreeMap<u64, Inode>,
    next: u64,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    bytes: Vec<u8>,
    /// How much of it lasts.
    synced: usize,
    /// A sync has failed: the system has forgotten what was to be written.
    is_lost: bool,
}

#[derive(Clone, Debug)]
enum NameChange {
    Create(String, u64),
    Rename(String, String),
    Remove(String),
}

impl Contents {
    pub(super) fn crash(&mut self, random: &mut dyn FnMut() -> u64) {
        self.run += 1;
        let mut below = |most: usize| usize::try_from(random() % (most as u64 + 1)).expect("it is less");
        let kept = below(self.changes.len());
        for change in self.changes.drain(..).take(kept) {
            change.apply(&mut self.lasting);
        }
        self.names = self.lasting.clone();
        let names = &self.names;
        self.files.retain(|number, _| names.values().any(|named| named == number));
        for file in self.files.values_mut() {
            file.bytes.truncate(file.synced + below(file.bytes.len() - file.synced));
            let unsynced = &mut file.bytes[file.synced..];
            if !unsynced.is_empty() && below(3) == 0 {
                let sector = below(unsynced.len() / SECTOR) * SECTOR;
                let end = unsynced.len().min(sector + SECTOR);
                unsynced[sector..end].fill(0);
            }
            file.synced = file.bytes.len();
            file.is_lost = false;
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.names.values().map(|number| self.files[number].bytes.len() as u64).sum()
    }

    pub(super) fn files(&self) -> Vec<(String, usize)> {
        self.names.iter().map(|(name, number)| (name.clone(), self.files[number].bytes.len())).collect()
    }

    pub(super) fn damage(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let file = self.names.get(name).and_then(|number| self.files.get_mut(number));
        if let Some(file) = file {
            change(&mut file.bytes);
            file.synced = file.bytes.len();
            return true;
        }
        false
    }

    pub(super) fn lose(&mut self, name: &str) {
        self.names.remove(name);
        self.lasting.remove(name);
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<u64> {
        self.faults.change()?;
        if self.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let number = self.next;
        self.next += 1;
        self.files.insert(number, Inode::default());
        self.change(NameChange::Create(name.into(), number));
        Ok(number)
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let number = self.names.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(self.files[number].bytes.clone())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.faults.change()?;
        self.names.get(from).ok_or(ErrorKind::NotFound)?;
        self.change(NameChange::Rename(from.into(), to.into()));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.names.get(name).ok_or(ErrorKind::NotFound)?;
        self.faults.change()?;
        self.change(NameChange::Remove(name.into()));
        Ok(())
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    pub(super) fn sync_names(&mut self) -> io::Result<()> {
        self.faults.change()?;
        if self.faults.syncs {
            return Err(io::Error::other("cannot sync"));
        }
        for change in self.changes.drain(..) {
            change.apply(&mut self.lasting);
        }
        Ok(())
    }

    pub(super) fn append(&mut self, number: u64, bytes: &[u8]) -> io::Result<()> {
        self.faults.change()?;
        if self.faults.writes {
            return Err(io::Error::other("cannot write"));
        }
        let room = self.faults.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(self.bytes()));
        let fits = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        let file = self.files.get_mut(&number).ok_or(ErrorKind::NotFound)?;
        file.bytes.extend(&bytes[..fits]);
        if fits < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    pub(super) fn sync(&mut self, number: u64) -> io::Result<()> {
        let failed = self.faults.change().is_err() || self.faults.syncs;
        let file = self.files.get_mut(&number).ok_or(ErrorKind::NotFound)?;
        file.is_lost |= failed;
        if !file.is_lost {
            file.synced = file.bytes.len();
        }
        if failed { Err(io::Error::other("cannot sync")) } else { Ok(()) }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Create(name, number) => drop(names.insert(name.clone(), *number)),
            Self::Rename(from, to) => {
                if let Some(number) = names.remove(from) {
                    names.insert(to.clone(), number);
                }
            }
            Self::Remove(name) => drop(names.remove(name)),
        }
    }
}
