//! Which files of a folder are to be read, and as what.

use std::io::{self, ErrorKind, Read};

use super::file::Role;
use crate::error::{Damage, OpenError};
use crate::format::{FileHeader, FileName, Flaw, MANIFEST, Manifest, Unread};
use crate::storage::Storage;

/// No manifest is longer: it names a few files.
const MOST_OF_A_MANIFEST: u64 = 1 << 20;

/// What a folder holds, before any of it is read.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// The files that count, in the order in which they are read.
    pub(crate) files: Vec<Found>,
    /// The manifest; none in a new folder, and where it is damaged.
    pub(crate) manifest: Option<Manifest>,
    /// What is wrong with the manifest.
    pub(crate) damage: Option<Damage>,
    /// No file has a number as great as this.
    pub(crate) next_number: u64,
}

/// A file that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) name: FileName,
    pub(crate) role: Role,
}

impl Inventory {
    /// Looks at the manifest and at the names of files.
    pub(crate) fn read<S: Storage>(storage: &S, server: &str) -> Result<Self, OpenError> {
        let folder = storage.name();
        let names = storage.list().map_err(|error| OpenError::Io { file: folder.clone(), error })?;
        let mut numbered: Vec<FileName> = names.iter().filter_map(|name| FileName::parse(name)).collect();
        numbered.sort();
        let (manifest, flaw) = match read_manifest(storage)? {
            Ok(Some(manifest)) if manifest.server != server => {
                return Err(OpenError::OfAnother { folder, owner: manifest.server, server: server.into() });
            }
            Ok(Some(manifest)) => (Some(manifest), None),
            // A crash while the folder was made leaves a log that holds nothing.
            Ok(None) if all_empty(storage, server, &numbered)? => (None, None),
            Ok(None) => (None, Some(Flaw::Missing)),
            Err(Unread::Version(version)) => return Err(OpenError::OfAnotherVersion { folder, version }),
            Err(Unread::Flawed(flaw)) => (None, Some(flaw)),
        };
        let damage = flaw.map(|flaw| Damage { file: format!("{folder}/{MANIFEST}"), flaw, offset: 0, len: 0 });
        let last = numbered.iter().map(|name| name.number()).fold(0, u64::max);
        let next_number = manifest.as_ref().map_or(last, |manifest| last.max(manifest.greatest())) + 1;
        let files = match &manifest {
            Some(manifest) => named(manifest),
            // Nobody can say how they should end: as torn as they are, what is whole in them counts.
            None if damage.is_some() => numbered.iter().map(|&name| Found { name, role: Role::Unknown }).collect(),
            None => Vec::new(),
        };
        Ok(Self { files, manifest, damage, next_number })
    }
}

/// The files that a manifest names. What it does not name was replaced, or did not come to count.
fn named(manifest: &Manifest) -> Vec<Found> {
    let snapshot = manifest.snapshot.map(|number| Found { name: FileName::Snapshot(number), role: Role::Snapshot });
    let closed =
        manifest.closed.iter().map(|log| Found { name: FileName::Log(log.number), role: Role::Closed(log.len) });
    let current = manifest.log.map(|number| Found { name: FileName::Log(number), role: Role::Current });
    snapshot.into_iter().chain(closed).chain(current).collect()
}

/// Whether these are logs that hold nothing yet.
fn all_empty<S: Storage>(storage: &S, server: &str, numbered: &[FileName]) -> Result<bool, OpenError> {
    for name in numbered {
        let (_, len) = storage.open(&name.to_string()).map_err(|error| io_error(storage, &name.to_string(), error))?;
        if !matches!(name, FileName::Log(_)) || len > FileHeader::len(server) as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The manifest, if there is one.
pub(crate) fn read_manifest<S: Storage>(storage: &S) -> Result<Result<Option<Manifest>, Unread>, OpenError> {
    let io = |error| io_error(storage, MANIFEST, error);
    let file = match storage.open(MANIFEST) {
        Ok((file, _)) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ok(None)),
        Err(error) => return Err(io(error)),
    };
    let mut bytes = Vec::new();
    file.take(MOST_OF_A_MANIFEST).read_to_end(&mut bytes).map_err(io)?;
    Ok(Manifest::parse(&bytes).map(Some))
}

fn io_error<S: Storage>(storage: &S, file: &str, error: io::Error) -> OpenError {
    OpenError::Io { file: format!("{}/{file}", storage.name()), error }
}
