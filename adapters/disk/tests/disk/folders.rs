//! Folders of the file system.

use std::fs;
use std::path::Path;

use herd_disk::{Disk, Folder, FolderError, OpenError, Options, inspect};

use crate::support::{Kept, line, options, take_in};

fn read(path: &Path, options: &Options) -> Result<(Disk<Folder>, Kept), OpenError> {
    let mut kept = Kept::new();
    let folder = Folder::lock(path).expect("nobody else has it");
    let (disk, _) = Disk::open(folder, options, &mut |lines| {
        take_in(&mut kept, lines);
        Ok(())
    })?;
    Ok((disk, kept))
}

/// A folder that holds a client.
fn written(path: &Path) {
    let (mut disk, _) = read(path, &options(false)).expect("a new folder");
    disk.append(line(1, 5).as_bytes()).expect("there is room");
    disk.sync().expect("there is room");
}

#[test]
fn what_was_written_is_read_with_and_without_a_snapshot() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("data/Alford");
    written(&path);
    let (mut disk, kept) = read(&path, &options(false)).expect("whole");
    assert_eq!(kept, Kept::from([(1, 5)]));
    disk.begin_snapshot(0).expect("there is room");
    disk.append(line(2, 9).as_bytes()).expect("there is room");
    disk.snapshot(line(1, 6).as_bytes()).expect("there is room");
    disk.end_snapshot().expect("there is room");
    disk.close().expect("there is room");
    assert_eq!(read(&path, &options(false)).expect("whole").1, Kept::from([(1, 6), (2, 9)]));
    let mut names: Vec<_> =
        fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    names.sort();
    assert_eq!(names, ["0000000003.log", "0000000004.snapshot", "0000000005.log", "LOCK", "MANIFEST"]);
}

#[test]
fn one_at_a_time_has_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::lock(dir.path()).expect("it is new");
    let again = Folder::lock(dir.path()).expect_err("it is in use").to_string();
    assert!(again.ends_with(&format!("is in use by process {}: one server at a time can have it", std::process::id())));
    drop(folder);
    Folder::lock(dir.path()).expect("it is free");
}

#[test]
fn a_folder_that_cannot_be_used_is_told_in_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("data")] {
        let error = Folder::lock(&path).expect_err("a file is no folder");
        assert!(matches!(error, FolderError::NotAFolder(_)), "{error}");
    }
    assert!(matches!(Folder::read(&dir.path().join("none")), Err(FolderError::NotThere(_))));

    let path = dir.path().join("data");
    written(&path);
    let of_another = read(&path, &Options { server: "Ball".into(), ..options(true) }).map(drop).expect_err("another's");
    assert!(
        of_another.to_string().ends_with("belongs to server Alford, not to Ball: give each server a folder of its own")
    );
}

#[test]
fn looking_at_a_folder_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path());
    let contents = || -> Vec<_> {
        let mut files: Vec<_> =
            fs::read_dir(dir.path()).expect("a folder").map(|entry| entry.expect("one").path()).collect();
        files.sort();
        files.into_iter().map(|path| (fs::read(&path).expect("a file"), path)).collect()
    };
    let before = contents();
    let folder = Folder::read(dir.path()).expect("it is there");
    let _in_use = Folder::lock(dir.path()).expect("looking takes no lock");
    let mut kept = Kept::new();
    let look = |kept: &mut Kept| {
        let mut sink = |lines: &[u8]| {
            take_in(kept, lines);
            Ok(())
        };
        inspect(&folder, "Alford", &mut sink, &mut || {}).expect("it can be read")
    };
    let inspected = look(&mut kept);
    assert_eq!((kept, inspected.files.len(), inspected.files[0].lines), (Kept::from([(1, 5)]), 1, 1));
    assert_eq!(contents(), before);

    let log = dir.path().join("0000000001.log");
    let mut bytes = fs::read(&log).expect("it is there");
    bytes[20] ^= 1;
    fs::write(&log, bytes).expect("it can be");
    let mut kept = Kept::new();
    let inspected = look(&mut kept);
    assert_eq!((inspected.damage.len(), kept), (1, Kept::from([(1, 5)])), "what is whole is found all the same");
}
