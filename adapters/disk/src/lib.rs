//! What a server of a herd keeps on disk: a log, snapshots, recovery. `docs/storage.md` has the format and the promises.
//!
//! It knows nothing of what it keeps but that it is lines, each with its LF, and that whoever gets them back knows which of
//! two is newer. No runtime, no thread and no clock is in it: it is called, and says when it wants to be called again.
//!
//! From the bottom to the top:
//!
//! - [`Storage`] is all that is needed of a file system. [`Folder`] is a folder of the real one, which only one process at a
//!   time can [lock](Folder::lock). [`memory::MemoryFolder`] is one in memory, whose machine crashes and whose disk fails.
//! - [`Disk`] is the engine. [`Disk::open`] reads a folder and hands over its lines; then lines are appended, synced, and
//!   replaced by a snapshot.
//! - [`Keeper`] says when: how often changes are written and synced, when a snapshot is worth it, and what is done about a
//!   disk that fails. It takes what is to be kept from a [`Source`].
//! - [`inspect`] tells what is in a folder, without changing it.
//!
//! # Driving it
//!
//! A server opens the disk before anybody can talk to it, gives each line to its node, and then has one thread that calls
//! [`Keeper::turn`]. A simulation does the same in one thread, at its own times, and can stop anywhere:
//!
//! ```
//! use std::time::Duration;
//! use herd_disk::memory::MemoryFolder;
//! use herd_disk::{Disk, Keeper, Now, Options, Pace, Source, SyncEvery, Taken};
//!
//! /// Stands for a node: the changes that nobody has taken, and all that it keeps.
//! #[derive(Default)]
//! struct Node {
//!     changes: Vec<u8>,
//!     taken: Vec<u8>,
//!     kept: Vec<u8>,
//! }
//!
//! impl Source for Node {
//!     fn take(&mut self) -> Taken<'_> {
//!         self.taken.clear();
//!         std::mem::swap(&mut self.changes, &mut self.taken);
//!         Taken { lines: &self.taken, missed: 0 }
//!     }
//!     fn begin_copy(&mut self) {}
//!     fn copy(&mut self, out: &mut Vec<u8>) -> bool {
//!         out.extend(&self.kept);
//!         false
//!     }
//! }
//!
//! let folder = MemoryFolder::default();
//! let options = Options { server: "Alford".into(), recover: false, salt: 7, now: 1_479_413_884 };
//! let (disk, _) = Disk::open(folder.clone(), &options, &mut |_lines| Ok(()))?;
//! let mut now = Now { instant: Duration::ZERO, wall: options.now };
//! let mut keeper = Keeper::new(disk, Pace::new(SyncEvery::Each), now);
//!
//! // A report comes, and its reply has to wait: for the next time that changes are taken.
//! let mut node = Node::default();
//! node.changes.extend(b"AT Alford +0.25 kiwi +34.07-118.44 1479413884\n");
//! let ticket = keeper.taken() + 1;
//! now.instant += Duration::from_millis(1);
//! keeper.turn(now, true, &mut node);
//! assert!(keeper.safe() >= ticket); // now it may be sent
//!
//! folder.crash(&mut || 0);
//! let mut lines: Vec<u8> = Vec::new();
//! Disk::open(folder.reopened(), &options, &mut |more| Ok(lines.extend(more)))?;
//! assert_eq!(lines, b"AT Alford +0.25 kiwi +34.07-118.44 1479413884\n");
//! # Ok::<(), herd_disk::OpenError>(())
//! ```
//!
//! With [`SyncEvery::Time`] nobody waits, and a crash may lose what came within that time. A slow sync is simulated by telling
//! whoever waits later, and calling the next turn later: within a call nothing else happens.
//!
//! Whoever waits while [the disk fails](Keeper::is_failing) waits until it works again, and may rather be told that nothing is
//! taken. What happened that people want to know is in [`Keeper::events`], and how it is now in [`Keeper::status`].

mod disk;
mod error;
mod folder;
mod format;
mod inspect;
mod keeper;
pub mod memory;
mod open;
mod reader;
mod recovery;
mod storage;
mod writer;

pub use self::disk::Disk;
pub use self::error::{Damage, OpenError};
pub use self::folder::{Folder, FolderError};
pub use self::format::Flaw;
pub use self::inspect::{Inspected, InspectedFile, inspect};
pub use self::keeper::{Event, Keeper, Next, Now, Pace, Source, Status, SyncEvery, Taken};
pub use self::open::{Options, Recovered, TornTail};
pub use self::storage::{File, Storage};
