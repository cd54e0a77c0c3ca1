//! Plants the bugs of `list.toml`, one at a time, in a copy of the repository, and sees who catches them.
//!
//! ```sh
//! cargo run -p herd-tests --example mutations              # all of them
//! cargo run -p herd-tests --example mutations -- dedup skew  # those with one of these in their names
//! ```
//!
//! The table goes to standard output. It fails if one is caught by nobody.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::{env, fs};

use serde::Deserialize;

/// Seeds that the simulator plays, of herds and of regions: enough for each of these bugs to meet its trouble.
const SEEDS: &str = "400";
const SEEDS_OF_REGIONS: &str = "100";

#[derive(Deserialize)]
struct List {
    mutation: Vec<Mutation>,
}

impl List {
    /// That of a repository.
    fn of(root: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(toml::from_str(&fs::read_to_string(root.join("tests/mutations/list.toml"))?)?)
    }
}

/// A small bug.
#[derive(Deserialize)]
struct Mutation {
    name: String,
    /// In which file, from the root of the repository.
    file: PathBuf,
    /// What stands there, once.
    before: String,
    /// What is put in its place.
    after: String,
}

impl Mutation {
    /// The file below `root`, and its text.
    fn read(&self, root: &Path) -> Result<(PathBuf, String), Box<dyn Error>> {
        let path = root.join(&self.file);
        let text = fs::read_to_string(&path)?;
        if text.matches(&self.before).count() != 1 {
            return Err(format!("{}: its text does not stand once in {}", self.name, path.display()).into());
        }
        Ok((path, text))
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("this crate is in a folder of the repository")?;
    let only: Vec<String> = env::args().skip(1).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|part| name.contains(part));
    let list = List::of(root)?;
    let bench = Bench { copy: root.join("target/mutations/copy"), target: root.join("target/mutations/target") };
    bench.copy(root)?;
    if let Some(broken) = bench.catch()? {
        return Err(format!("without any bug: {broken}").into());
    }
    println!("| bug | caught by |\n| --- | --- |");
    let mut survivors = 0;
    for mutation in list.mutation.iter().filter(|mutation| wanted(&mutation.name)) {
        let caught = bench.with(mutation)?;
        survivors += usize::from(caught.is_none());
        println!("| {} | {} |", mutation.name, caught.as_deref().unwrap_or("**nobody**"));
    }
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A copy of the repository, and what is built from it.
struct Bench {
    copy: PathBuf,
    target: PathBuf,
}

impl Bench {
    /// Copies what git knows, and what it would.
    fn copy(&self, root: &Path) -> Result<(), Box<dyn Error>> {
        let listed = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root).output()?;
        for file in String::from_utf8(listed.stdout)?.lines() {
            let (from, to) = (root.join(file), self.copy.join(file));
            let text = fs::read(&from)?;
            // Cargo goes by the time of a file, so one that is the same is left alone.
            if fs::read(&to).ok().as_ref() != Some(&text) {
                fs::create_dir_all(to.parent().ok_or("a file is in a folder")?)?;
                fs::write(to, text)?;
            }
        }
        Ok(())
    }

    /// Plants a bug, and takes it out again.
    fn with(&self, mutation: &Mutation) -> Result<Option<String>, Box<dyn Error>> {
        let (path, text) = mutation.read(&self.copy)?;
        fs::write(&path, text.replace(&mutation.before, &mutation.after))?;
        let caught = self.catch();
        fs::write(&path, text)?;
        caught
    }

    /// Who says that something is wrong; nobody if all is well.
    fn catch(&self) -> Result<Option<String>, Box<dyn Error>> {
        let built = self.cargo(&["build", "-p", "herd-sim"])?;
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).into());
        }
        let simulate = |arguments: &[&str]| Command::new(self.target.join("debug/herd-sim")).args(arguments).output();
        let simulated = simulate(&["--servers", "5..9", "--seeds", SEEDS, "--faults", "all", "--no-shrink"])?;
        let mut caught = invariants(&String::from_utf8_lossy(&simulated.stdout));
        if caught.is_empty() && !simulate(&["--regions", "2..4", "--seeds", SEEDS_OF_REGIONS])?.status.success() {
            caught.push("simulator: regions".into());
        }
        if caught.is_empty() {
            let tests = ["test", "--no-fail-fast", "-p", "herd", "-p", "herd-tests", "--lib", "--test", "properties"];
            let tested = self.cargo(&tests)?;
            caught = failures(&String::from_utf8_lossy(&tested.stdout));
            if caught.is_empty() && !tested.status.success() {
                return Err(String::from_utf8_lossy(&tested.stderr).into());
            }
        }
        Ok((!caught.is_empty()).then(|| caught.join(", ")))
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(arguments).current_dir(&self.copy).env("CARGO_TARGET_DIR", &self.target);
        // Quick to run, and with every check that a debug build has.
        command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("RUSTFLAGS", "--cap-lints warn");
        // The core is what is compiled anew for each.
        command.args(["--config", "profile.dev.package.herd.opt-level=1"]);
        // What fails is not kept as a case for the next time.
        command.env("PROPTEST_FAILURE_PERSISTENCE", "off");
        Ok(command.output()?)
    }
}

/// The invariants that a simulator's report names, each once.
fn invariants(report: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in report.lines().filter(|line| line.starts_with("seed ")) {
        let name = line.split(' ').nth(2).map(|name| format!("simulator: {name}"));
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

/// The tests that failed.
fn failures(report: &str) -> Vec<String> {
    let failed = report.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    failed.map(|name| format!("`{name}`")).collect()
}

/// A bug that cannot be planted any more ends a run that takes hours.
#[test]
fn each_can_be_planted() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("this crate is in a folder of the repository")?;
    List::of(root)?.mutation.iter().try_for_each(|mutation| mutation.read(root).map(|_| ()))
}
