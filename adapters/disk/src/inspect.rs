//! What is in a folder, without changing it.

use crate::error::{Damage, OpenError};
use crate::open::TornTail;
use crate::recovery::{Inventory, Reading, read_manifest};
use crate::storage::Storage;

/// How often a folder is looked at again that changes meanwhile.
const MOST_LOOKS: usize = 8;

/// What is in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// The files that count, in the order in which they are read.
    pub files: Vec<InspectedFile>,
    /// What is damaged: with it the folder is opened in recovery only.
    pub damage: Vec<Damage>,
    /// The end of a log that a crash has left in the middle, or that is being written now.
    pub torn: Option<TornTail>,
}

/// A file that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedFile {
    /// Its name in the folder.
    pub name: String,
    /// How many bytes of it are whole.
    pub bytes: u64,
    /// How many lines it holds.
    pub lines: u64,
}

/// Reads a folder, and hands all whole lines to `sink`, as [`Disk::open`](crate::Disk::open) does. Nothing is changed, so
/// the folder may be in use; `again` is called where a snapshot has taken the place of files that were being read, before
/// all is handed over anew.
///
/// # Errors
/// An [`OpenError`], which is not [`Damaged`](OpenError::Damaged): damage is a part of what is in a folder.
pub fn inspect<S: Storage>(
    storage: &S,
    server: &str,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    again: &mut dyn FnMut(),
) -> Result<Inspected, OpenError> {
    let mut looks = 0;
    loop {
        let inventory = Inventory::read(storage, server)?;
        let before = inventory.manifest.clone();
        let inspected = look(storage, server, inventory, sink)?;
        looks += 1;
        let is_sound = inspected.damage.is_empty() || looks == MOST_LOOKS;
        if is_sound || read_manifest(storage)?.is_ok_and(|now| now == before) {
            return Ok(inspected);
        }
        again();
    }
}

fn look<S: Storage>(
    storage: &S,
    server: &str,
    inventory: Inventory,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<Inspected, OpenError> {
    let mut inspected = Inspected { damage: inventory.damage.into_iter().collect(), ..Inspected::default() };
    for found in inventory.files {
        let reading = Reading { storage, server, name: found.name, role: found.role };
        let name = found.name.to_string();
        match reading.run(sink)? {
            Ok(end) => {
                if end.torn > 0 {
                    let file = format!("{}/{name}", storage.name());
                    inspected.torn = Some(TornTail { file, offset: end.end, bytes: end.torn });
                }
                inspected.files.push(InspectedFile { name, bytes: end.end, lines: end.lines });
            }
            Err(damage) => {
                let lines = reading.salvage(sink)?;
                inspected.files.push(InspectedFile { name, bytes: damage.len, lines });
                // Of a manifest that is damaged every file would be said to be.
                if inspected.damage.is_empty() || inventory.manifest.is_some() {
                    inspected.damage.push(damage);
                }
            }
        }
    }
    Ok(inspected)
}
