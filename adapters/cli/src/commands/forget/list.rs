//! Which clients are to be forgotten, of those that are listed.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use herd::values::Pattern;

use super::counted;
use crate::data::DataFolder;
use crate::failure::Failure;
use crate::lines;
use crate::record::Record;
use crate::server::Server;
use herd_command::readable;

/// Whom to forget, and up to when, where that is known.
pub(super) type Listed = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Those of the list that match.
pub(super) fn of(pattern: &Pattern, from: Option<&Path>, data: &DataFolder) -> Result<Listed, Failure> {
    let mut listed = Listed::new();
    let mut add = |number: usize, line: &[u8]| {
        match Record::parse(line) {
            Some(record) if record.is_gone() || !pattern.covers(&record.client) => {}
            Some(record) => _ = listed.insert(record.client, Some(record.time)),
            None => {
                let id = line.trim_ascii();
                if id.iter().any(|byte| herd::wire::is_white_space(*byte)) {
                    return Err(Failure::Line(lines::fault(number, line, "invalid line, expected a record or an ID")));
                }
                if pattern.covers(id) {
                    listed.entry(id.to_vec()).or_default();
                }
            }
        }
        Ok(())
    };
    if let Some(folder) = data.of_server()? {
        let found = folder.read(|lines| {
            lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).try_for_each(|line| add(0, line))
        })?;
        for damage in &found.damage {
            let _ = writeln!(io::stderr(), "herd: warning: {damage}");
        }
        return Ok(listed);
    }
    if lines::are_typed(from) {
        let how = "pipe lines of `herd export` or IDs into this, or name --from FILE or --data DIR";
        return Err(Failure::Usage(format!("--match needs a list of clients: {how}")));
    }
    for line in lines::open(from)? {
        let (number, line) = line.map_err(Failure::Input)?;
        add(number, &line)?;
    }
    Ok(listed)
}

/// Says what would be done, and asks whether it may be, where there is somebody to ask.
pub(super) fn may_forget(server: &Server, listed: &Listed) -> Result<bool, Failure> {
    const SHOWN: usize = 5;
    let mut told = io::stderr().lock();
    let names: Vec<String> = listed.keys().take(SHOWN).map(|client| readable(client)).collect();
    let more = if listed.len() > SHOWN { ", ..." } else { "" };
    writeln!(told, "{} to be forgotten by {server}: {}{more}", counted(listed.len() as u64), names.join(", "))?;
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("not on a terminal: add --yes to forget them without being asked".into()));
    }
    write!(told, "Forget them? [y/N] ")?;
    told.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::Input)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
