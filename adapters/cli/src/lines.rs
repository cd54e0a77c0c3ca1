//! Lines that are read from a file, or from standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::Path;

use herd::wire::Message;

use crate::failure::Failure;
use crate::terminal::cut;
use herd_command::readable;

/// Whether a file of that name stands for standard input.
fn is_stdin(path: Option<&Path>) -> bool {
    path.is_none_or(|path| path == Path::new("-"))
}

/// Whether a person would have to type the lines.
pub(crate) fn are_typed(path: Option<&Path>) -> bool {
    is_stdin(path) && io::stdin().is_terminal()
}

/// The lines of a file, or of standard input where it is `-` or none: each with its number, without its LF. Lines of white
/// space are left out.
///
/// # Errors
/// Where the file cannot be opened.
pub(crate) fn open(
    path: Option<&Path>,
) -> Result<impl Iterator<Item = io::Result<(usize, Vec<u8>)>> + Send + 'static, Failure> {
    let input: Box<dyn BufRead + Send> = match path.filter(|_| !is_stdin(path)) {
        None => Box::new(BufReader::new(io::stdin())),
        Some(path) => Box::new(BufReader::new(
            File::open(path)
                .map_err(|why| Failure::Usage(format!("{} cannot be read: {why}; check the path", path.display())))?,
        )),
    };
    let lines = input.split(b'\n').enumerate().map(|(index, line)| Ok((index + 1, line?)));
    Ok(lines.filter(|line| !line.as_ref().is_ok_and(|(_, line)| line.trim_ascii().is_empty())))
}

/// What is wrong with a line, in one line.
pub(crate) fn fault(number: usize, line: &[u8], what: &str) -> String {
    format!("line {number}: {what}: {}", excerpt(line))
}

/// A line, or its beginning, for people. A token is not shown.
pub(crate) fn excerpt(line: &[u8]) -> String {
    const SHOWN: usize = 80;
    cut(&readable(Message::shown(line)), SHOWN)
}
