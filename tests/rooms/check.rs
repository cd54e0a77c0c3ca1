//! The rooms in their order, and the arrows that go against it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arrows::{Arrow, arrows, room};
use crate::tree::{Tree, first_sentence};

/// The widest line that is printed.
const WIDTH: usize = 100;

/// How wide the column of the rooms' names is, with files and lines.
const INDENT: usize = 35;

/// A crate and the order of its rooms.
pub(crate) struct Plan<'a> {
    source: PathBuf,
    rooms: &'a [&'a str],
    tree: Tree,
    arrows: BTreeMap<Arrow, usize>,
}

impl<'a> Plan<'a> {
    /// Reads a folder with a `lib.rs` and these rooms, from the bottom to the top.
    pub(crate) fn read(source: &Path, rooms: &'a [&'a str]) -> Result<Plan<'a>, Box<dyn Error>> {
        let tree = Tree::read(source)?;
        let arrows = arrows(&tree);
        let plan = Plan { source: source.to_path_buf(), rooms, tree, arrows };
        match plan.out_of_place()?.as_slice() {
            [] => Ok(plan),
            wrong => Err(wrong.join("\n").into()),
        }
    }

    /// Folders without a place in the order, places without a folder, and files that are in no room.
    fn out_of_place(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut wrong = Vec::new();
        for entry in fs::read_dir(&self.source)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let shown = self.show(Path::new(&*name));
            if path.is_dir() && !self.rooms.contains(&&*name) {
                wrong.push(format!("{shown} has no place in the order: put it into ROOMS, above the rooms it uses"));
            } else if path.extension().is_some_and(|kind| kind == "rs") && name != "lib.rs" {
                wrong.push(format!("{shown} is in no room: move it into the folder of one"));
            }
        }
        let has_files = |name| (0..self.tree.files.len()).any(|file| room(&self.tree, file) == Some(name));
        for &name in self.rooms.iter().filter(|name| !has_files(name)) {
            let shown = self.show(Path::new(name));
            wrong.push(format!("{shown} is in ROOMS, but lib.rs has no such module: take it out, or add it to lib.rs"));
        }
        wrong.sort();
        Ok(wrong)
    }

    /// How high a file is. Nothing is higher than `lib.rs`, the one file that is in no room.
    fn height(&self, file: usize) -> usize {
        let own = room(&self.tree, file);
        self.rooms.iter().position(|&name| Some(name) == own).unwrap_or(self.rooms.len())
    }

    fn name_of(&self, height: usize) -> &str {
        self.rooms.get(height).copied().unwrap_or("lib.rs")
    }

    /// The path of a file, from the folder that `src` is in.
    fn show(&self, path: &Path) -> String {
        let folder = Path::new(self.source.file_name().unwrap_or_default());
        folder.join(path).display().to_string()
    }

    fn show_file(&self, file: usize) -> String {
        self.show(&self.tree.files[file].path)
    }

    /// Everything that is against the order, one on a line.
    pub(crate) fn faults(&self) -> Vec<String> {
        let upward = self.arrows.iter().filter(|(arrow, _)| self.height(arrow.to) > self.height(arrow.from));
        let mut faults: Vec<_> = upward.map(|(arrow, line)| self.fault(arrow, *line)).collect();
        for circle in self.circles() {
            let files: Vec<_> = circle.iter().map(|&file| self.show_file(file)).collect();
            faults.push(format!("a circle: {}", files.join(" -> ")));
        }
        faults
    }

    fn fault(&self, arrow: &Arrow, line: usize) -> String {
        let (file, what) = (self.show_file(arrow.from), &arrow.what);
        let (from, to) = (self.name_of(self.height(arrow.from)), self.name_of(self.height(arrow.to)));
        format!("{file}:{line}: uses {what}: an arrow from {from} up to {to}")
    }

    /// Circles of files of one room: through several rooms, there is none without an arrow that goes up.
    fn circles(&self) -> Vec<Vec<usize>> {
        let mut search = Search { plan: self, way: Vec::new(), done: BTreeSet::new(), circles: Vec::new() };
        (0..self.tree.files.len()).for_each(|file| search.visit(file));
        search.circles
    }

    /// The files that a file uses.
    fn used_by(&self, file: usize) -> BTreeSet<usize> {
        self.arrows.keys().filter(|arrow| arrow.from == file).map(|arrow| arrow.to).collect()
    }

    fn files_at(&self, height: usize) -> Vec<usize> {
        (0..self.tree.files.len()).filter(|&file| self.height(file) == height).collect()
    }

    /// The rooms from the bottom to the top: how large they are, what they are about, what they use.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for height in 0..=self.rooms.len() {
            let files = self.files_at(height);
            let door = files.iter().map(|&file| &self.tree.files[file]).min_by_key(|file| file.path.iter().count());
            let about = door.map(|door| first_sentence(&door.syntax)).unwrap_or_default();
            text += &(self.size(self.name_of(height), &files) + "  ");
            text += wrapped(&about).trim_start_matches(' ');
            let used = files.iter().flat_map(|&file| self.used_by(file)).map(|used| self.height(used));
            let used: BTreeSet<_> = used.filter(|&used| used != height).collect();
            let used: Vec<_> = used.into_iter().map(|used| self.name_of(used)).collect();
            text += &wrapped(&format!("uses: {}", if used.is_empty() { "nothing".into() } else { used.join(", ") }));
        }
        let all: Vec<_> = (0..self.tree.files.len()).collect();
        text + &self.size("total", &all) + "\n"
    }

    fn size(&self, name: &str, files: &[usize]) -> String {
        let lines: usize = files.iter().map(|&file| self.tree.files[file].lines).sum();
        let plural = if files.len() == 1 { "file, " } else { "files," };
        format!("{name:<10}{:>4} {plural}{lines:>6} lines", files.len())
    }

    /// Each file, and below it the files that it uses.
    pub(crate) fn file_list(&self) -> String {
        let mut text = String::new();
        for file in (0..=self.rooms.len()).flat_map(|height| self.files_at(height)) {
            _ = writeln!(text, "{}, {} lines", self.show_file(file), self.tree.files[file].lines);
            let mut used: Vec<_> = self.used_by(file).into_iter().collect();
            used.sort_by_key(|&used| (self.height(used), &self.tree.files[used].path));
            for used in used {
                _ = writeln!(text, "    {}", self.show_file(used));
            }
        }
        text
    }
}

/// A search for circles, along the arrows.
struct Search<'a> {
    plan: &'a Plan<'a>,
    /// The files from where it began to where it is.
    way: Vec<usize>,
    done: BTreeSet<usize>,
    circles: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, file: usize) {
        if let Some(start) = self.way.iter().position(|&before| before == file) {
            self.circles.push([&self.way[start..], &[file]].concat());
        } else if self.done.insert(file) {
            self.way.push(file);
            for used in self.plan.used_by(file) {
                if self.plan.height(used) == self.plan.height(file) {
                    self.visit(used);
                }
            }
            self.way.pop();
        }
    }
}

/// Text in the column beside the names of the rooms.
fn wrapped(text: &str) -> String {
    let mut lines = vec![" ".repeat(INDENT - 1)];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| line.chars().count() + 1 + word.chars().count() > WIDTH) {
            lines.push(" ".repeat(INDENT - 1));
        }
        if let Some(line) = lines.last_mut() {
            *line += " ";
            *line += word;
        }
    }
    lines.join("\n") + "\n"
}
