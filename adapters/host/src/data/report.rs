//! What is in the data folders of a herd, told to people.

use std::io::{self, Write};

use herd::{Node, Seed, ServerId, Timestamp};
use herd_disk::{FolderError, Inspected};

use super::error::DataError;
use super::restore::{folder_of, inspect};
use crate::config::{DataSettings, Settings};

/// Tells what each server of the herd has in its data folder, without its lock and without changing it; whether all of it
/// can be read.
pub(crate) fn report(settings: &Settings, data: &DataSettings, out: &mut impl Write) -> io::Result<bool> {
    let mut is_sound = true;
    for server in settings.herd.ids() {
        is_sound &= one(settings, data, server, out)?;
    }
    Ok(is_sound)
}

fn one(settings: &Settings, data: &DataSettings, server: ServerId, out: &mut impl Write) -> io::Result<bool> {
    let (name, path) = (settings.herd.name(server), folder_of(data, settings.herd.name(server)));
    // Nobody asks it anything: any seed will do.
    let node = Node::new(settings.herd.clone(), server, settings.limits.clone(), Seed::from(0));
    match inspect(&path, name, &node) {
        Ok(inspected) => {
            write!(out, "  {name}: ")?;
            kept(&node, out)?;
            files(&inspected, out)?;
            Ok(inspected.damage.is_empty())
        }
        Err(DataError::Folder(FolderError::NotThere(_))) => writeln!(out, "  {name}: no data yet").map(|()| true),
        Err(error) => writeln!(out, "  {name}: {error}").map(|()| false),
    }
}

/// What would be kept after a start.
fn kept(node: &Node, out: &mut impl Write) -> io::Result<()> {
    let (mut reports, mut tombstones) = (0_u64, 0_u64);
    let mut heard: Option<(Timestamp, Timestamp)> = None;
    for record in node.records() {
        let record = record.record();
        *(if record.position().is_some() { &mut reports } else { &mut tombstones }) += 1;
        let at = record.heard_at();
        heard = Some(heard.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }
    write!(out, "clients: {reports}, forgotten: {tombstones}")?;
    match heard {
        Some((first, last)) => writeln!(out, ", heard from {first} to {last}"),
        None => writeln!(out),
    }
}

fn files(inspected: &Inspected, out: &mut impl Write) -> io::Result<()> {
    for file in &inspected.files {
        writeln!(out, "    {}: {} bytes, {} lines", file.name, file.bytes, file.lines)?;
    }
    if let Some(tail) = &inspected.torn {
        writeln!(out, "    torn tail: {} bytes behind byte {} of {}", tail.bytes, tail.offset, tail.file)?;
    }
    inspected.damage.iter().try_for_each(|damage| writeln!(out, "    damaged: {damage}"))
}
