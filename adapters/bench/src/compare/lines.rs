//! Lines of code: blank ones, comments and unit tests do not count.

use std::path::Path;

use super::group::{ASYNCIO, NODE};
use super::system::System;

/// How many lines a system is, where that can be known. A herd's are those of its runtime, of what both
/// runtimes share, and of the core.
pub(crate) fn of(system: System, sources: &Path) -> Option<usize> {
    let adapter = match system {
        System::Asyncio => return Some(count(ASYNCIO, "#")),
        System::Node => return Some(count(NODE, "//")),
        System::HerdTokio => "adapters/tokio/src",
        System::HerdAsyncStd => "adapters/async-std/src",
        _ => return None,
    };
    ["src", "adapters/host/src", adapter].iter().map(|folder| rust(&sources.join(folder))).sum()
}

/// The lines of all Rust files of a folder, but for files of tests.
fn rust(folder: &Path) -> Option<usize> {
    let mut lines = 0;
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            lines += rust(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).ok()?;
            lines += count(text.split("#[cfg(test)]").next().unwrap_or_default(), "//");
        }
    }
    Some(lines)
}

fn count(text: &str, comment: &str) -> usize {
    let mut in_docs = false;
    let is_code = |line: &&str| {
        // Python's documentation stands between triple quotes, which may open and close on one line.
        let quotes = line.matches("\"\"\"").count();
        let was_in_docs = in_docs;
        in_docs ^= quotes % 2 == 1;
        !(line.is_empty() || line.starts_with(comment) || was_in_docs || quotes > 0)
    };
    text.lines().map(str::trim).filter(is_code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_counted() {
        assert_eq!(
            count("\"\"\"What\n\nit is.\n\"\"\"\nimport sys\n\n# why\ndef f():\n    \"\"\"It.\"\"\"\n    g()\n", "#"),
            3
        );
        assert_eq!(count("/// What.\nfn f() {\n    // why\n    g();\n}\n", "//"), 3);
    }
}
