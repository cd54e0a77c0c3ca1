//! Prints the rooms of the core's source, from the bottom to the top, and fails where one uses a room above it.
//!
//! ```sh
//! cargo run -p herd-tests --example rooms             # the rooms, and what each of them uses
//! cargo run -p herd-tests --example rooms -- --files  # also each file, and the files that it uses
//! cargo run -p herd-tests --example rooms -- ../src   # another folder than this repository's `src`
//! ```
//!
//! A room is a folder of `src`. A file may use files of its own room and of rooms below it, and the files
//! of a room may not use each other in a circle. It goes by names: what is used only through a method or a
//! field of a value, whose type the file does not name, is not seen.

mod arrows;
mod check;
mod tree;

#[cfg(test)]
mod tests;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::check::Plan;

/// The rooms, from the bottom to the top. `src/lib.rs` is above them all.
const ROOMS: [&str; 16] = [
    "bytes", "values", "spatial", "wire", "access", "report", "herd", "places", "fast", "pass", "store", "watch",
    "homes", "peers", "session", "node",
];

fn main() -> ExitCode {
    match run() {
        Ok(faults) if faults.is_empty() => {
            println!("\nno arrow goes up, and no files use each other in a circle");
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            eprintln!("{}", faults.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the rooms. What comes back is against their order.
fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let (options, folders): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if folders.len() > 1 || options.iter().any(|option| option != "--files") {
        return Err("usage: rooms [--files] [folder]".into());
    }
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join("src"));
    let source =
        folders.first().map(PathBuf::from).or_else(own).ok_or("this crate is in a folder of the repository")?;

    let plan = Plan::read(&source, &ROOMS)?;
    print!("{}", plan.summary());
    if !options.is_empty() {
        print!("\n{}", plan.file_list());
    }
    Ok(plan.faults())
}
