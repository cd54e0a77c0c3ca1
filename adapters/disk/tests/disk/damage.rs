//! Bytes flipped and files cut at every place of a small folder: a start either recovers what it says, or stops with one
//! clear line.
use std::io::read_to_string;
use std::time::Duration;

use herd_disk::memory::{Faults, MemoryFolder};
use herd_disk::{Keeper, Now, OpenError, Pace, Storage, SyncEvery};

use crate::support::{Kept, Node, open};

/// A folder with a snapshot, a log that has failed, one that was closed, and one that is being written.
struct Sample {
    folder: MemoryFolder,
    kept: Kept,
    /// The log that is being written, and how much of it is known to have been synced by what is behind.
    current: String,
    attested: usize,
}

fn sample() -> Sample {
    let folder = MemoryFolder::default();
    let mut now = Now { instant: Duration::ZERO, wall: 1_479_413_884 };
    let pace = Pace { least_log: 700, ..Pace::new(SyncEvery::Each) };
    let (disk, ..) = open(&folder, false).expect("a new folder");
    let (mut keeper, mut node) = (Keeper::new(disk, pace, now), Node::of(Kept::new(), 9000));
    let mut number = 0;
    let mut report =
        |keeper: &mut Keeper<MemoryFolder>, node: &mut Node, now: &mut Now, clients: std::ops::Range<u32>| {
            for client in clients {
                number += 1;
                node.report(client, number);
            }
            now.instant += Duration::from_millis(1);
            keeper.turn(*now, true, node);
        };
    report(&mut keeper, &mut node, &mut now, 0..8);
    // A snapshot is made, in steps.
    for _ in 0..6 {
        report(&mut keeper, &mut node, &mut now, 3..4);
    }
    assert!(folder.files().iter().any(|(name, _)| name.ends_with(".snapshot")), "{:?}", folder.files());
    folder.kill();
    // Starts make logs.
    let mut attested = None;
    for clients in [2..5, 5..7, 0..2] {
        let (disk, _, kept) = open(&folder, false).expect("whole");
        (keeper, node) = (Keeper::new(disk, Pace::new(SyncEvery::Each), now), Node::of(kept, 9000));
        report(&mut keeper, &mut node, &mut now, clients.clone());
        // What comes next says that this was synced.
        attested = folder.files().into_iter().filter(|(name, _)| name.split_once(".log").is_some()).max();
        report(&mut keeper, &mut node, &mut now, clients);
        folder.kill();
    }
    folder.set_faults(Faults::default());
    let (current, attested) = attested.expect("there is a log");
    Sample { folder, kept: node.kept, current, attested }
}

/// What may become of a start in a folder that holds less than it did: what it says, and nothing else.
fn check(sample: &Sample, damaged: &MemoryFolder, (file, at): (&str, usize), what: &str) {
    let what = format!("{file}, {what} {at}");
    match open(&damaged.copy(), false) {
        Ok((_, _, kept)) if file != sample.current => {
            assert!(at >= counted(&sample.folder, file), "{what}: it counts");
            assert_eq!(kept, sample.kept, "{what}: it did not count");
        }
        Ok((_, recovered, kept)) => {
            let is_flip = what.contains("flipped");
            assert!(!is_flip || at >= sample.attested, "{what}: it was synced");
            for (client, number) in &kept {
                assert!(*number <= sample.kept[client], "{what}: {number} was never reported");
            }
            // Where it ends between two frames nothing is torn, and nobody can tell.
            let is_cut = damaged.files().iter().any(|(name, len)| name == file && *len < len_of(&sample.folder, file));
            assert!(
                recovered.torn.is_some() || kept == sample.kept || is_cut,
                "{what}: something is missing, and it does not say so"
            );
        }
        Err(OpenError::Damaged(damage)) => {
            let line = damage.to_string();
            assert!(line.contains("--data-recover") && !line.contains('\n'), "{what}: {line}");
            recover(sample, damaged, file, &what);
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

/// What is whole is found all the same, and nothing is thrown away.
fn recover(sample: &Sample, damaged: &MemoryFolder, file: &str, what: &str) {
    let folder = damaged.copy();
    let before: Vec<_> = damaged.files().into_iter().filter(|(name, _)| name == file).collect();
    let (_, recovered, kept) = open(&folder, true).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(!recovered.aside.is_empty(), "{what}");
    for (client, number) in &kept {
        assert!(*number <= sample.kept[client], "{what}: {number} was never reported");
    }
    for (name, len) in before {
        let aside = folder.files().into_iter().filter(|(aside, _)| aside.starts_with(&format!("{name}.damaged")));
        assert_eq!(aside.map(|(_, len)| len).collect::<Vec<_>>(), [len], "{what}: kept aside");
    }
    folder.kill();
    let (_, recovered, again) = open(&folder, false).unwrap_or_else(|error| panic!("{what}, once more: {error}"));
    assert_eq!((recovered.aside.len(), again), (0, kept), "{what}: the next start needs no recovery");
}

/// How much of a file counts: less than all of it of a log that was not closed in order.
fn counted(folder: &MemoryFolder, file: &str) -> usize {
    let (manifest, _) = folder.reopened().open("MANIFEST").expect("it is there");
    let manifest = read_to_string(manifest).expect("text");
    let number = file.split('.').next().and_then(|number| number.parse::<u64>().ok());
    let closed = manifest.lines().filter_map(|line| line.strip_prefix("log ")?.split_once(' '));
    let len = closed.into_iter().find(|(log, _)| log.parse().ok() == number && file.ends_with("log"));
    len.map_or(usize::MAX, |(_, len)| len.parse().expect("a length"))
}

fn len_of(folder: &MemoryFolder, file: &str) -> usize {
    folder.files().into_iter().find(|(name, _)| name == file).expect("it is there").1
}

#[test]
fn whatever_is_flipped_is_found() {
    let sample = sample();
    assert_eq!(open(&sample.folder.copy(), false).expect("whole").2, sample.kept);
    let mut cases = 0;
    for (file, len) in sample.folder.files() {
        for at in 0..len {
            for bits in [1 << (at % 8), 0xff] {
                let damaged = sample.folder.copy();
                damaged.damage(&file, |bytes| bytes[at] ^= bits);
                check(&sample, &damaged, (&file, at), "flipped at");
                cases += 1;
            }
        }
    }
    assert!(cases > 5000, "{cases}");
}

#[test]
fn wherever_a_file_is_cut_it_is_found() {
    let sample = sample();
    for (file, len) in sample.folder.files() {
        for at in 0..len {
            let damaged = sample.folder.copy();
            damaged.damage(&file, |bytes| bytes.truncate(at));
            check(&sample, &damaged, (&file, at), "cut at");
        }
        let damaged = sample.folder.copy();
        damaged.lose(&file);
        assert!(matches!(open(&damaged.copy(), false), Err(OpenError::Damaged(_))), "{file} lost");
        recover(&sample, &damaged, &file, "lost");
    }
}

#[test]
fn after_an_orderly_stop_every_cut_is_found() {
    let sample = sample();
    let (disk, ..) = open(&sample.folder, false).expect("whole");
    disk.close().expect("nothing fails");
    sample.folder.kill();
    for (file, len) in sample.folder.files() {
        for at in 0..len {
            for flip in [false, true] {
                let damaged = sample.folder.copy();
                damaged.damage(&file, |bytes| if flip { bytes[at] ^= 1 } else { bytes.truncate(at) });
                match open(&damaged, false) {
                    Err(OpenError::Damaged(_)) => assert!(at < counted(&sample.folder, &file), "{file} at {at}"),
                    Err(error) => panic!("{file} at {at}: {error}"),
                    Ok((.., kept)) => {
                        assert!(at >= counted(&sample.folder, &file), "{file} at {at}");
                        assert_eq!(kept, sample.kept);
                    }
                }
            }
        }
    }
}

/// What a crash leaves behind the last sync is no damage, whatever it is.
#[test]
fn a_torn_tail_is_cut_off_and_told() {
    let sample = sample();
    let len = len_of(&sample.folder, &sample.current);
    for garbage in [&b"x"[..], &[0; 31], &[0; 5000], b"AT Alford +0.25 client-1 +34.068930-118.445127 999.392014450\n"]
    {
        let torn = sample.folder.copy();
        torn.damage(&sample.current, |bytes| bytes.extend(garbage));
        let (_, recovered, kept) = open(&torn, false).expect("a torn tail");
        let tail = recovered.torn.expect("it is told");
        assert_eq!((tail.offset, tail.bytes, kept), (len as u64, garbage.len() as u64, sample.kept.clone()));
        torn.kill();
        let (_, recovered, kept) = open(&torn, false).expect("it was cut off");
        assert_eq!((recovered.torn, kept), (None, sample.kept.clone()), "told once");
    }
}
