//! The files of the repository, as far as they are pages or name one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files by their paths from the top, with `/`.
pub(crate) struct Repository {
    top: PathBuf,
    texts: BTreeMap<String, String>,
}

/// Folders with files of other people's, or of nobody's.
const SKIPPED: [&str; 5] = ["target", "vendor", "corpus", "node_modules", "artifacts"];

/// What a file that may name a page ends in.
const READ: [&str; 6] = ["md", "rs", "toml", "json", "py", "js"];

impl Repository {
    /// All that there is in the one that this test belongs to.
    pub(crate) fn read() -> Self {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the top");
        let mut texts = BTreeMap::new();
        read_folder(&top, "", &mut texts);
        Self { top, texts }
    }

    /// Each file with its text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Those that people read.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "md"))
    }

    /// The text of one of them.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether there is such a file or folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.top.join(path).exists()
    }
}

fn read_folder(folder: &Path, path: &str, texts: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let Some(name) = entry.file_name().and_then(|name| name.to_str()) else { continue };
        let within = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        if entry.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name) {
                read_folder(&entry, &within, texts);
            }
        } else if entry.extension().is_some_and(|end| READ.iter().any(|read| end == *read)) {
            texts.insert(within, std::fs::read_to_string(&entry).expect("a text"));
        }
    }
}
