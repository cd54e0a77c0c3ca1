//! A file system for one case, which is unmounted when the case ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub(crate) struct Mounted {
    /// The file that an ext4 is in, and where it is mounted.
    dir: TempDir,
}

impl Mounted {
    /// One in memory, of 512 KiB.
    pub(crate) fn small() -> Self {
        let mounted = Self::folders();
        run(
            "mount",
            [OsStr::new("-t"), "tmpfs".as_ref(), "-osize=512k".as_ref(), "tmpfs".as_ref(), mounted.path().as_ref()],
        );
        mounted
    }

    /// An ext4 in a file.
    pub(crate) fn ext4() -> Self {
        let mounted = Self::folders();
        File::create(mounted.image()).and_then(|file| file.set_len(8 << 20)).expect("a file");
        run("mkfs.ext4", [OsStr::new("-q"), mounted.image().as_ref()]);
        mounted.mount();
        mounted
    }

    fn folders() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("disk")).expect("a folder");
        Self { dir }
    }

    /// The folder of it that a server may have.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn mount(&self) {
        run("mount", [OsStr::new("-oloop"), self.image().as_ref(), self.path().as_ref()]);
    }

    /// Fills it to the last byte, by a file that is to be removed.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).expect("a file");
        while file.write_all(&[0; 512]).is_ok() {}
        path
    }

    /// What the kernel does with an ext4 whose journal cannot be written: from now on it is read-only.
    pub(crate) fn abort(&mut self) {
        // It does so, and then says that it cannot, because files are open.
        let _ = Command::new("mount").arg("-oremount,abort").arg(self.path()).output().expect("mount");
    }

    /// Mounts it again, as a person would who has found the cause. Nobody may have files of it open.
    pub(crate) fn mount_anew(&mut self) {
        run("umount", [self.path().as_path()]);
        self.mount();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Also where a server of the case still runs.
        run("umount", [Path::new("-l"), &self.path()]);
    }
}

fn run<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}
